"""A store of the last two states of a run, each whole, with checksums."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from tagger.errors import OutputError
from tagger.runtime.filesystem import room, sync, write_synced
from tagger.serialization.manifest import describe_file

MARK = "tensor:"
"""Prefix of the name of a tensor in the JSON value; no other string of a state has it."""
DTYPES = {
    torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64",
    torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL",
}  # fmt: skip
"""Names of types in a safetensors file."""


def pack(value: Any, name: str = "state") -> tuple[Any, dict[str, Tensor]]:
    """Separate the tensors from the plain values of dictionaries with string keys, lists and tuples.

    Args:
        value: nested in any way.
        name: prefix of the names that tensors get.

    Returns:
        What JSON can hold, with the name of a tensor in place of each; and the tensors by name, on the CPU.
    """
    if isinstance(value, Tensor):
        return MARK + name, {name: value.detach().cpu().contiguous()}
    if not isinstance(value, Mapping | list | tuple):
        return value, {}
    tensors: dict[str, Tensor] = {}
    packed: dict[Any, Any] = {}
    for key, inner in value.items() if isinstance(value, Mapping) else enumerate(value):
        packed[key], inner_tensors = pack(inner, f"{name}.{key}")
        tensors |= inner_tensors
    return packed if isinstance(value, Mapping) else list(packed.values()), tensors


def unpack(value: Any, tensors: Mapping[str, Tensor]) -> Any:
    """Put copies of the tensors back; tuples have become lists.

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
    """Return the content of a safetensors file in pieces; nothing is copied.

    The tensors are on the CPU, contiguous, and may share memory; https://github.com/huggingface/safetensors#format.
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


VALUES = "state.json"
TENSORS = "state.safetensors"
MANIFEST = "manifest.json"
ASIDE = "next"
NOTES = "interruptions.jsonl"
KEPT = 2


class CheckpointStore:
    """Holds the states of one run in numbered folders; the highest number is the newest.

    Args:
        folder: holds them; created with the first state.

    Attributes:
        damaged: states that ``load`` skipped, one line each.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.damaged: list[str] = []

    def save(self, state: Mapping[str, Any]) -> None:
        """Write a state to disk beside the last one, then remove the one before that.

        Raises:
            OutputError: it cannot be written; the states that are there stay.
        """
        values, tensors = pack(state)
        content = {VALUES: [memoryview(json.dumps(values).encode())], TENSORS: as_safetensors(tensors)}
        try:
            self._write(content)
        except OSError as error:
            with suppress(OSError):
                shutil.rmtree(self.folder / ASIDE, ignore_errors=True)
            needed = room(self.folder, sum(piece.nbytes for pieces in content.values() for piece in pieces))
            kept = "the one before it stays" if self.numbers() else "there is none before it"
            raise OutputError(
                f"{self.folder}: cannot write the state of the run: {error.strerror or error}; {needed}; "
                f"{kept}. Fix that, and the same command with --resume goes on"
            ) from error

    def _write(self, content: Mapping[str, Sequence[memoryview]]) -> None:
        aside = self.folder / ASIDE
        if aside.exists():
            shutil.rmtree(aside)
        aside.mkdir(parents=True)
        for name, pieces in content.items():
            write_synced(aside / name, pieces)
        files = {name: describe_file(aside / name) for name in content}
        write_synced(aside / MANIFEST, [json.dumps({"files": files}).encode()])
        sync(aside)
        numbers = self.numbers()
        aside.rename(self.folder / f"{max(numbers, default=0) + 1:06}")
        sync(self.folder)
        for old in numbers[: -KEPT + 1]:
            shutil.rmtree(self.folder / f"{old:06}", ignore_errors=True)

    def numbers(self) -> list[int]:
        """Return the numbers of all states, whole or not, in order."""
        if not self.folder.is_dir():
            return []
        return sorted(int(path.name) for path in self.folder.iterdir() if path.name.isdecimal())

    def note(self, entry: Mapping[str, Any]) -> None:
        """Note an interruption of the run; a failure to write is ignored."""
        with suppress(OSError), (self.folder / NOTES).open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")

    def notes(self) -> list[dict[str, Any]]:
        """Return the interruptions noted; an incomplete line is left out."""
        notes = []
        with suppress(OSError, ValueError):
            for line in (self.folder / NOTES).read_text(encoding="utf-8").splitlines():
                notes.append(json.loads(line))
        return notes

    def load(self) -> dict[str, Any] | None:
        """Load the newest state that is whole; None if there is none."""
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        self.damaged = []
        for number in reversed(self.numbers()):
            folder = self.folder / f"{number:06}"
            try:
                _check(folder)
                values = json.loads((folder / VALUES).read_text(encoding="utf-8"))
                state: dict[str, Any] = unpack(values, load_file(folder / TENSORS))
            except (OSError, ValueError, KeyError, TypeError, AttributeError, SafetensorError) as error:
                self.damaged.append(f"the state {folder} is damaged and skipped: {error}")
                continue
            return state
        return None


def _check(folder: Path) -> None:
    """Compare the files of a state with its manifest; raise ``ValueError`` where one has changed."""
    files = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
    for name in (VALUES, TENSORS):
        if files[name] != describe_file(folder / name):
            raise ValueError(f"the content of {name} is not the one that was saved")
