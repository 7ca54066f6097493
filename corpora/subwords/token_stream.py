"""Encodes a split as one long array of token ids, in memory or, where it is large, in a memory-mapped file."""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO

import numpy as np

from tagger.corpora.encoding.vocabulary import UNKNOWN_ID
from tagger.corpora.subwords.base import SubwordTokenizer, TokenStream
from tagger.corpora.tokenization.passages import TextSegment
from tagger.errors import OutputError

PASSAGES_AT_A_TIME = 2000
TOKENS_AT_A_TIME = 1 << 20
IN_MEMORY = 1 << 26  # tokens: 256 MB; longer streams go to a file


def encode_stream(
    split: Iterable[TextSegment], subwords: SubwordTokenizer, folder: Path, *, in_memory: int = IN_MEMORY
) -> TokenStream:
    """Encode a split from beginning to end, in bounded memory.

    Args:
        split: the text.
        subwords: encodes it.
        folder: holds the file of a large text; it must exist, and stay while the stream is used.
        in_memory: largest number of tokens held without a file.

    Raises:
        CorpusError: the text cannot be read.
        OutputError: the file cannot be written.
    """
    if (recorded := subwords.recorded(split)) is not None:
        return recorded
    store = _Store(folder, in_memory)
    total = TokenStream(np.zeros(0, np.int32), 0, 0, 0)
    try:
        for part in token_chunks(split, subwords, TOKENS_AT_A_TIME):
            store.add(part.ids)
            total.words += part.words
            total.characters += part.characters
            total.unknown += part.unknown
            total.passages += part.passages
        total.ids = store.ids()
    finally:
        store.close()
    return total


def token_chunks(
    split: Iterable[TextSegment], subwords: SubwordTokenizer, size: int = TOKENS_AT_A_TIME
) -> Iterator[TokenStream]:
    """Encode a split chunk by chunk, for a text too large to hold.

    Args:
        split: the text.
        subwords: encodes it.
        size: tokens of a chunk, about; passages are not cut.

    Yields:
        Consecutive chunks of the stream.
    """
    ids, part = array("i"), TokenStream(np.zeros(0, np.int32), 0, 0, 0)
    passages = iter(split)
    while batch := list(islice(passages, PASSAGES_AT_A_TIME)):
        for passage, encoded in zip(batch, subwords.encode_batch(batch), strict=True):
            ids.extend(encoded)
            ids.append(subwords.end)
            part.words += len(passage.words)
            part.characters += len(passage.text) + 1
            part.passages += 1
            if len(ids) >= size:
                yield _counted(part, ids)
                ids, part = array("i"), TokenStream(np.zeros(0, np.int32), 0, 0, 0)
    if ids:
        yield _counted(part, ids)


def _counted(part: TokenStream, ids: array[int]) -> TokenStream:
    part.ids = np.frombuffer(ids, dtype=np.int32)
    part.unknown = int(np.count_nonzero(part.ids == UNKNOWN_ID))
    return part


@dataclass(slots=True)
class _Store:
    """Collects ids in memory; beyond a limit it writes them to a file."""

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
