"""The last two states of a run on disk: each whole or absent, with sizes and checksums, written aside and renamed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tagger.errors import OutputError
from tagger.runtime.filesystem import room, sync, write_synced
from tagger.serialization.manifest import describe_file
from tagger.training.state_values import as_safetensors, pack, unpack

VALUES = "state.json"
TENSORS = "state.safetensors"
MANIFEST = "manifest.json"
ASIDE = "next"
NOTES = "interruptions.jsonl"
KEPT = 2


class Checkpoints:
    """Numbered folders of one run; the highest number is the newest.

    Args:
        folder: where they are; made with the first one.

    Attributes:
        damaged: what ``load`` passed over, one line each.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.damaged: list[str] = []

    def save(self, state: Mapping[str, Any], progress: Mapping[str, Any]) -> None:
        """Write a state beside the last one, force it to disk, and only then drop the one before that.

        Args:
            state: plain values and tensors, see ``tagger.training.state_values``.
            progress: a few figures that can be read without reading the state.

        Raises:
            OutputError: it cannot be written; the states that are there stay.
        """
        values, tensors = pack(state)
        content = {VALUES: [memoryview(json.dumps(values).encode())], TENSORS: as_safetensors(tensors)}
        try:
            self._write(content, progress)
        except OSError as error:
            with suppress(OSError):
                shutil.rmtree(self.folder / ASIDE, ignore_errors=True)
            needed = room(self.folder, sum(piece.nbytes for pieces in content.values() for piece in pieces))
            kept = "the one before it stays" if self.numbers() else "there is none before it"
            raise OutputError(
                f"{self.folder}: cannot write the state of the run: {error.strerror or error}; {needed}; "
                f"{kept}. Mend that, and the same command with --resume goes on"
            ) from error

    def _write(self, content: Mapping[str, Sequence[memoryview]], progress: Mapping[str, Any]) -> None:
        aside = self.folder / ASIDE
        if aside.exists():
            shutil.rmtree(aside)
        aside.mkdir(parents=True)
        for name, pieces in content.items():
            write_synced(aside / name, pieces)
        files = {name: describe_file(aside / name) for name in content}
        write_synced(aside / MANIFEST, [json.dumps({"progress": dict(progress), "files": files}).encode()])
        sync(aside)
        numbers = self.numbers()
        aside.rename(self.folder / f"{max(numbers, default=0) + 1:06}")
        sync(self.folder)
        for old in numbers[: -KEPT + 1]:
            shutil.rmtree(self.folder / f"{old:06}", ignore_errors=True)

    def numbers(self) -> list[int]:
        """Of the states that are there, whole or not, in order."""
        if not self.folder.is_dir():
            return []
        return sorted(int(path.name) for path in self.folder.iterdir() if path.name.isdecimal())

    def note(self, entry: Mapping[str, Any]) -> None:
        """Add an entry to what is known of the interruptions of the run; it is no harm if there is no room for it."""
        with suppress(OSError), (self.folder / NOTES).open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")

    def notes(self) -> list[dict[str, Any]]:
        """The entries; one that was cut off is left out."""
        found = []
        with suppress(OSError, ValueError):
            for line in (self.folder / NOTES).read_text(encoding="utf-8").splitlines():
                found.append(json.loads(line))
        return found

    def load(self) -> dict[str, Any] | None:
        """The newest state that is whole; None if there is none."""
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        self.damaged = []
        for number in reversed(self.numbers()):
            place = self.folder / f"{number:06}"
            try:
                _check(place)
                values = json.loads((place / VALUES).read_text(encoding="utf-8"))
                found: dict[str, Any] = unpack(values, load_file(place / TENSORS))
            except (OSError, ValueError, KeyError, TypeError, AttributeError, SafetensorError) as error:
                self.damaged.append(f"the state {place} is damaged and passed over: {error}")
                continue
            return found
        return None

    def progress(self) -> dict[str, Any] | None:
        """The figures of the newest state that is whole; None if there is none."""
        for number in reversed(self.numbers()):
            with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
                return dict(_check(self.folder / f"{number:06}")["progress"])
        return None


def _check(place: Path) -> dict[str, Any]:
    """The manifest of a state, compared with its files."""
    manifest: dict[str, Any] = json.loads((place / MANIFEST).read_text(encoding="utf-8"))
    for name in (VALUES, TENSORS):
        if manifest["files"][name] != describe_file(place / name):
            raise ValueError(f"the content of {name} is not the one that was saved")
    return manifest
