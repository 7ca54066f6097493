"""Whether a file of weights can be what a configuration says, found out before any memory is taken for it.

Only the header is read: eight bytes with its length, then JSON with type, shape and place of each tensor
(https://github.com/huggingface/safetensors, "Format").
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import nn

from tagger.errors import ModelError
from tagger.serialization.manifest import clipped

Model = TypeVar("Model", bound=nn.Module)

LARGEST_HEADER = 100_000_000  # bytes
BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}
FLOATS = ("F16", "F32", "BF16")
"""In which weights may be stored."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A tensor as the header describes it.

    Args:
        kind: "F16", "I64" and so on.
        shape: of it.
    """

    kind: str
    shape: tuple[int, ...]


def read_header(path: Path) -> dict[str, Stored]:
    """What a safetensors file says that it holds.

    Raises:
        ModelError: the file cannot hold that.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > min(LARGEST_HEADER, size - 8):
            raise ModelError(f"{path}: damaged: a header of {length:,} bytes in a file of {size:,}")
        try:
            header = json.loads(file.read(length))
        except (ValueError, RecursionError) as error:
            raise ModelError(f"{path}: damaged: its header is no JSON") from error
    if not isinstance(header, dict):
        raise ModelError(f"{path}: damaged: its header is no table of tensors")
    header.pop("__metadata__", None)
    room, end = size - 8 - length, 0
    found = {}
    for name, entry in header.items():
        found[name], last = _entry(path, name, entry, room)
        end = max(end, last)
    if end != room:
        raise ModelError(f"{path}: damaged: its tensors take {end:,} bytes, the file has {room:,} for them")
    return found


def _entry(path: Path, name: str, entry: Any, room: int) -> tuple[Stored, int]:
    """One tensor of a header, and where it ends."""
    try:
        kind, shape, (start, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
        sound = all(type(number) is int and number >= 0 for number in (*shape, start, end)) and len(shape) <= 8
    except (TypeError, KeyError, ValueError):
        sound = False
    if not sound or kind not in BYTES:
        raise ModelError(f"{path}: damaged: no type, shape and place of the tensor {clipped(name)}")
    if end > room or end - start != BYTES[kind] * math.prod(shape):
        claimed = BYTES[kind] * math.prod(shape)
        raise ModelError(
            f"{path}: damaged: the tensor {clipped(name)} claims {_figure(claimed)} bytes, "
            f"its place has {_figure(max(0, end - start))} of {room:,}"
        )
    return Stored(kind, tuple(shape)), int(end)


def check_weights(
    path: Path,
    header: Mapping[str, Stored],
    build: Callable[[], Model],
    *,
    largest: int,
    beside: Mapping[str, Stored],
) -> Model:
    """Compare a header with the network that the configuration describes.

    Args:
        path: of the weights, for messages.
        header: of the file.
        build: makes the network; it is made without memory for its weights.
        largest: the greatest number of layers that the configuration asks for.
        beside: tensors that are not the network's, as they must be.

    Returns:
        The network, on the meta device.

    Raises:
        ModelError: other tensors, or other shapes.
    """
    if largest > len(header):
        raise ModelError(f"{path}: {len(header):,} tensors, but the configuration asks for {largest:,} layers")
    with torch.device("meta"):
        network = build()
    expected = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    expected |= {name: stored.shape for name, stored in beside.items()}
    for name, shape in expected.items():
        if name not in header:
            raise ModelError(f"{path}: the tensor {clipped(name)} is missing, which the configuration asks for")
        if header[name].shape != shape:
            raise ModelError(
                f"{path}: the tensor {clipped(name)} has the shape {_shape(header[name].shape)}, the configuration "
                f"asks for {_shape(shape)}"
            )
        kinds = (beside[name].kind,) if name in beside else FLOATS
        if header[name].kind not in kinds:
            raise ModelError(
                f"{path}: the tensor {clipped(name)} is {header[name].kind}, expected {' or '.join(kinds)}"
            )
    if further := [name for name in header if name not in expected]:
        raise ModelError(f"{path}: the configuration knows no tensor {clipped(further[0])}")
    return network


def _shape(shape: tuple[int, ...]) -> str:
    return "(" + ", ".join(map(_figure, shape)) + ")"


def _figure(number: int) -> str:
    """A number of any size in few digits."""
    return f"{number:,}" if number < 10**24 else "over 10**24"
