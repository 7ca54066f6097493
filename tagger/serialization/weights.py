"""Read the weights of a model folder and check them against its configuration.

safetensors checks that the header of the file is sound; what a tensor takes is never more than the file holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor, nn

from tagger.errors import ConfigError, ModelError
from tagger.serialization.manifest import clipped, one_line

Model = TypeVar("Model", bound=nn.Module)

FLOATS = (torch.float16, torch.float32, torch.bfloat16)
"""Types in which weights may be stored."""
FORMER_PREFIXES = {
    "words.words.": "words.embedding.",
    "encoder.ahead.": "encoder.forward_rnn.",
    "encoder.behind.": "encoder.backward_rnn.",
    "language.ahead.": "lm_heads.forward_rnn.",
    "language.behind.": "lm_heads.backward_rnn.",
}
"""Beginnings of the names of weights in formats 1 and 2, and in format 3."""
FORMER_NAMES_UNTIL = 2


@contextmanager
def report_damage(folder: Path) -> Iterator[None]:
    """Report any error that the content of a folder causes in one line.

    Raises:
        ModelError: the folder does not hold what it should.
    """
    try:
        yield
    except ModelError:
        raise
    except (ConfigError, LookupError, TypeError, ValueError, RuntimeError, AttributeError, ArithmeticError) as error:
        raise ModelError(f"{folder}: damaged or not a model: {one_line(error)}") from error


def read_tensors(path: Path, format_version: int) -> dict[str, Tensor]:
    """Read a file of weights; its tensors are mapped into memory.

    Args:
        path: the file.
        format_version: of the folder; former names of weights become those of today.

    Raises:
        ModelError: the file is damaged.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        tensors = load_file(path)
    except (SafetensorError, LookupError, RuntimeError, OverflowError, TypeError) as error:
        raise ModelError(f"{path}: damaged: {one_line(error)}") from error
    if format_version > FORMER_NAMES_UNTIL:
        return tensors
    return {_current_name(name): tensor for name, tensor in tensors.items()}


def _current_name(name: str) -> str:
    """Map the name of a tensor in a folder of format 1 or 2 to that of today."""
    former = next((prefix for prefix in FORMER_PREFIXES if name.startswith(prefix)), "")
    return FORMER_PREFIXES.get(former, "") + name.removeprefix(former)


def placeholder(dtype: torch.dtype, *shape: int) -> Tensor:
    """Make a tensor without memory, to compare with."""
    return torch.empty(shape, dtype=dtype, device="meta")


def load_network(
    path: Path,
    tensors: Mapping[str, Tensor],
    build: Callable[[], Model],
    *,
    layers: int,
    beside: Mapping[str, Tensor] | None = None,
) -> Model:
    """Build the network and load its weights; it takes no memory before they are known to fit.

    Args:
        path: of the weights, for messages.
        tensors: of the file.
        build: makes the network, which is then put into evaluation mode.
        layers: of the encoder, by the configuration.
        beside: placeholders of the tensors in the file that are not the network's.

    Raises:
        ModelError: other tensors, or other shapes, than those of the network.
    """
    if layers > len(tensors):
        raise ModelError(f"{path}: {len(tensors):,} tensors, but the configuration asks for {layers:,} layers")
    with torch.device("meta"):
        network = build()
    beside = beside or {}
    _compare(path, tensors, network.state_dict(), beside)
    own = {name: tensor for name, tensor in tensors.items() if name not in beside}
    network.load_state_dict({n: t.float() if t.is_floating_point() else t for n, t in own.items()}, assign=True)
    return network.eval().requires_grad_(False)


def _compare(
    path: Path, tensors: Mapping[str, Tensor], weights: Mapping[str, Tensor], beside: Mapping[str, Tensor]
) -> None:
    for name, expected in [*weights.items(), *beside.items()]:
        if name not in tensors:
            raise ModelError(f"{path}: the tensor {clipped(name)} is missing, which the configuration asks for")
        stored = tensors[name]
        if stored.shape != expected.shape:
            raise ModelError(
                f"{path}: the tensor {clipped(name)} has the shape {_shape(stored)}, the configuration "
                f"asks for {_shape(expected)}"
            )
        allowed = (expected.dtype,) if name in beside else FLOATS
        if stored.dtype not in allowed:
            names = " or ".join(map(_type, allowed))
            raise ModelError(f"{path}: the tensor {clipped(name)} is {_type(stored.dtype)}, expected {names}")
    if further := [name for name in tensors if name not in weights and name not in beside]:
        raise ModelError(f"{path}: the configuration knows no tensor {clipped(further[0])}")


def _shape(tensor: Tensor) -> str:
    return "(" + ", ".join(f"{size:,}" for size in tensor.shape) + ")"


def _type(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
