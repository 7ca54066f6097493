"""Nested plain values with tensors among them, as one JSON value and a table of tensors, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

MARK = "tensor:"
"""Stands before the name of a tensor in the JSON value; no other string of a state begins so."""


def pack(value: Any, name: str = "state") -> tuple[Any, dict[str, Tensor]]:
    """Take the tensors out.

    Args:
        value: dictionaries with string keys, lists, tuples, numbers, strings, None and tensors, nested in any way.
        name: prefix of the names that tensors get.

    Returns:
        What JSON can hold, with the name of a tensor in place of each; and the tensors by name, on the CPU, copied.
    """
    if isinstance(value, Tensor):
        return MARK + name, {name: value.detach().cpu().clone().contiguous()}
    tensors: dict[str, Tensor] = {}
    if isinstance(value, Mapping):
        packed: Any = {}
        for key, inner in value.items():
            packed[key], found = pack(inner, f"{name}.{key}")
            tensors |= found
        return packed, tensors
    if isinstance(value, list | tuple):
        packed = []
        for place, inner in enumerate(value):
            part, found = pack(inner, f"{name}.{place}")
            packed.append(part)
            tensors |= found
        return packed, tensors
    return value, tensors


def unpack(value: Any, tensors: Mapping[str, Tensor]) -> Any:
    """Put the tensors back, each a copy of its own; tuples have become lists.

    Raises:
        KeyError: a tensor is missing.
    """
    if isinstance(value, str) and value.startswith(MARK):
        return tensors[value.removeprefix(MARK)].clone(memory_format=torch.contiguous_format)
    if isinstance(value, dict):
        return {key: unpack(inner, tensors) for key, inner in value.items()}
    if isinstance(value, list):
        return [unpack(inner, tensors) for inner in value]
    return value
