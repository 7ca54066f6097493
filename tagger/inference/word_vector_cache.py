"""Cache of word vectors: each word type is computed once, then looked up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tagger.corpora.encoding.word_features import WordFeatures
from tagger.models.layers.word_representation import WordRepresentation
from tagger.runtime.forking import ForkSafeLock
from tagger.training.objective import word_tensors

LARGEST = 100_000
"""Types kept; a full cache is emptied, so that memory stays constant."""
CHUNK = 4096
FEWEST = 16
"""Fewest words computed at a time: products of very few rows are rounded differently, and a vector would depend on the
words beside it."""


@dataclass(slots=True)
class _Vectors:
    """Rows of words in a table. Rows are never moved: words are added, and the table is replaced by a longer one.

    Args:
        table: (types, D).
        rows: number of the row of each word; a word appears once its vector is in the table.
    """

    table: Tensor
    rows: dict[str, int] = field(default_factory=dict)


class WordVectorCache:
    """Vectors of recent words, bounded in number; several threads may share it.

    Tables that were returned stay valid: a full or growing cache moves to a new table. Copies and pickles are empty.

    Args:
        words: the word representation, in evaluation mode.
        features: how words become numbers.
        dtype: of the vectors.
        device: of the vectors.
        largest: types kept.
    """

    def __init__(
        self,
        words: WordRepresentation,
        features: WordFeatures,
        *,
        dtype: torch.dtype,
        device: torch.device,
        largest: int = LARGEST,
    ) -> None:
        self.words = words
        self.features = features
        self.largest = largest
        self.dtype, self.device = dtype, device
        self._adding = ForkSafeLock()
        self._held = self._empty()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_held": self._empty()}

    @property
    def rows(self) -> dict[str, int]:
        """Row number of each word that is kept."""
        return self._held.rows

    def look_up(self, tokens: Sequence[str]) -> tuple[np.ndarray, Tensor]:
        """Look up tokens; vectors of new ones are computed.

        Args:
            tokens: N words.

        Returns:
            (N,) int64 row numbers, and the (types, D) table.
        """
        held = self._held  # another thread may replace it
        rows = np.fromiter(map(held.rows.get, tokens, repeat(-1)), dtype=np.int64, count=len(tokens))
        missing = np.flatnonzero(rows < 0)
        if len(missing):
            with self._adding:
                held = self._with([tokens[i] for i in missing.tolist()] if held is self._held else tokens, tokens)
            rows = np.fromiter(map(held.rows.__getitem__, tokens), dtype=np.int64, count=len(tokens))
        return rows, held.table

    def _with(self, missing: Sequence[str], tokens: Sequence[str]) -> _Vectors:
        """Return vectors that hold all tokens, of which those that may be missing are given."""
        held = self._held
        rows = held.rows
        new = [word for word in dict.fromkeys(missing) if word not in rows]
        if len(rows) + len(new) > self.largest:
            held, new = self._empty(), list(dict.fromkeys(tokens))
        self._add(held, new)
        self._held = held
        return held

    def _empty(self) -> _Vectors:
        return _Vectors(torch.zeros((1024, self.words.output_size), dtype=self.dtype, device=self.device))

    def _add(self, held: _Vectors, words: list[str]) -> None:
        """Compute vectors of words and put them into free rows, never into rows in use."""
        first = len(held.rows)
        needed = first + len(words)
        table = held.table
        if needed > len(table):
            length = max(needed, min(2 * len(table), self.largest))
            table = torch.zeros((length, self.words.output_size), dtype=self.dtype, device=self.device)
            table[:first] = held.table[:first]
        for start in range(0, len(words), CHUNK):
            chunk = words[start : start + CHUNK]
            columns = word_tensors(self.features.encode(chunk), self.device)
            several = torch.arange(max(FEWEST, len(chunk)), device=self.device).clamp(max=len(chunk) - 1)
            vectors = self.words(*(None if column is None else column[several] for column in columns))
            table[first + start : first + start + len(chunk)] = vectors[: len(chunk)]
        held.table = table
        held.rows.update(zip(words, range(first, needed), strict=True))
