"""Nested plain values with tensors among them, as one JSON value and a table of tensors, and back; and on disk."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

MARK = "tensor:"
"""Stands before the name of a tensor in the JSON value; no other string of a state begins so."""
DTYPES = {
    torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64",
    torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL",
}  # fmt: skip
"""Names of types in a safetensors file."""


def pack(value: Any, name: str = "state") -> tuple[Any, dict[str, Tensor]]:
    """Take the tensors out.

    Args:
        value: dictionaries with string keys, lists, tuples, numbers, strings, None and tensors, nested in any way.
        name: prefix of the names that tensors get.

    Returns:
        What JSON can hold, with the name of a tensor in place of each; and the tensors by name, on the CPU.
    """
    if isinstance(value, Tensor):
        return MARK + name, {name: value.detach().cpu().contiguous()}
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


def as_safetensors(tensors: Mapping[str, Tensor]) -> list[memoryview]:
    """The content of a safetensors file, in pieces that are the memory of the tensors themselves: nothing is copied.

    (The format: https://github.com/huggingface/safetensors#format)

    Args:
        tensors: on the CPU, contiguous; they may share memory.
    """
    head: dict[str, Any] = {}
    pieces: list[memoryview] = []
    end = 0
    for name, tensor in tensors.items():
        pieces.append(tensor.reshape(-1).view(torch.uint8).numpy().data)
        start, end = end, end + pieces[-1].nbytes
        head[name] = {"dtype": DTYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [start, end]}
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    return [memoryview(len(text).to_bytes(8, "little") + text), *pieces]
