"""A split as one long row of unit ids, in memory or, where it is large, in a file mapped into memory."""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np

from tagger.corpora.encoding.vocabulary import UNKNOWN_ID
from tagger.corpora.tokenization.passages import TextSegment
from tagger.errors import OutputError

if TYPE_CHECKING:
    from tagger.corpora.subwords.base import Units

PASSAGES_AT_A_TIME = 2000
UNITS_AT_A_TIME = 1 << 20
IN_MEMORY = 1 << 26  # units: 256 MB; what is longer goes to a file


@dataclass(slots=True)
class UnitStream:
    """A text of N units, every passage followed by ``<eos>``.

    Args:
        ids: (N,) int32; a memory-mapped file when large.
        words: in it, whatever the unit.
        characters: in its text; every passage counts one more for its end.
        unknown: units that are ``<unk>``; for words, those outside the vocabulary.
        passages: sentences or lines.
    """

    ids: np.ndarray
    words: int
    characters: int
    unknown: int
    passages: int = 0

    def __len__(self) -> int:
        return len(self.ids)


def encode_stream(
    split: Iterable[TextSegment],
    units: Units,
    folder: Path,
    *,
    max_units: int | None = None,
    in_memory: int = IN_MEMORY,
) -> UnitStream:
    """Encodes a split from beginning to end, in bounded memory.

    Args:
        split: the text.
        units: what it becomes.
        folder: where a file is made for a large text; it must exist, and stay while the stream is used.
        max_units: stop after the passage in which so many units are reached (for a stream without end).
        in_memory: units up to which no file is made.

    Raises:
        CorpusError: the text cannot be read.
        OutputError: the file cannot be written.
    """
    if max_units is None and (recorded := units.recorded(split)) is not None:
        return recorded
    store = _Store(folder, in_memory)
    total = UnitStream(np.zeros(0, np.int32), 0, 0, 0)
    try:
        for part in unit_chunks(split, units, min(UNITS_AT_A_TIME, max_units or UNITS_AT_A_TIME)):
            store.add(part.ids)
            total.words += part.words
            total.characters += part.characters
            total.unknown += part.unknown
            total.passages += part.passages
            if max_units is not None and store.length >= max_units:
                break
        total.ids = store.ids()
    finally:
        store.close()
    return total


def unit_chunks(split: Iterable[TextSegment], units: Units, size: int = UNITS_AT_A_TIME) -> Iterator[UnitStream]:
    """A split piece by piece, for a text that is not to be held.

    Args:
        split: the text.
        units: what it becomes.
        size: units in a piece, about; passages are not parted.

    Yields:
        Pieces of the stream that follow each other.
    """
    ids, part = array("i"), UnitStream(np.zeros(0, np.int32), 0, 0, 0)
    passages = iter(split)
    while batch := list(islice(passages, PASSAGES_AT_A_TIME)):
        for passage, found in zip(batch, units.encode_ids(batch), strict=True):
            ids.extend(found)
            ids.append(units.end)
            part.words += len(passage.words)
            part.characters += len(passage.text) + 1
            part.passages += 1
            if len(ids) >= size:
                yield _counted(part, ids)
                ids, part = array("i"), UnitStream(np.zeros(0, np.int32), 0, 0, 0)
    if ids:
        yield _counted(part, ids)


def _counted(part: UnitStream, ids: array[int]) -> UnitStream:
    part.ids = np.frombuffer(ids, dtype=np.int32)
    part.unknown = int(np.count_nonzero(part.ids == UNKNOWN_ID))
    return part


@dataclass(slots=True)
class _Store:
    """Ids that come piece by piece, held until they are too many, then written to a file."""

    folder: Path
    in_memory: int
    length: int = 0
    _held: list[np.ndarray] = field(default_factory=list)
    _file: IO[bytes] | None = None
    _name: Path = Path()

    def add(self, ids: np.ndarray) -> None:
        self.length += len(ids)
        self._held.append(ids)
        if self.length > self.in_memory or self._file is not None:
            self._spill()

    def ids(self) -> np.ndarray:
        if self._file is None:
            return np.concatenate(self._held) if self._held else np.zeros(0, np.int32)
        self._file.flush()
        return np.memmap(self._name, dtype=np.int32, mode="r")

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _spill(self) -> None:
        try:
            if self._file is None:
                number, name = tempfile.mkstemp(suffix=".ids", dir=self.folder)
                self._name = Path(name)
                self._file = open(number, "wb")  # noqa: SIM115 - closed by close()
            for ids in self._held:
                self._file.write(ids.tobytes())
        except OSError as error:
            raise OutputError(f"{self.folder}: the encoded text cannot be written: {error.strerror}") from error
        self._held.clear()
