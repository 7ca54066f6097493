"""Cache of word vectors: each word type is computed once, then looked up."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat

import numpy as np
import torch
from torch import Tensor

from tagger.corpora.encoding.word_features import WordFeatures
from tagger.models.layers.word_representation import WordRepresentation
from tagger.training.objective import word_tensors

LARGEST = 100_000
"""Types kept; a full cache is emptied, so that memory stays constant."""
CHUNK = 4096
FEWEST = 16
"""Fewest words computed at a time: products of very few rows are rounded differently, and a vector would depend on the
words beside it."""


class WordVectorCache:
    """Vectors of recent words, bounded in number.

    Tables that were returned stay valid: a full or growing cache moves to a new table.

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
        self.rows: dict[str, int] = {}
        self.table = torch.zeros((1024, words.output_size), dtype=dtype, device=device)

    def look_up(self, tokens: Sequence[str]) -> tuple[np.ndarray, Tensor]:
        """Look up tokens; vectors of new ones are computed.

        Args:
            tokens: N words.

        Returns:
            (N,) int64 row numbers, and the (types, D) table.
        """
        rows = np.fromiter(map(self.rows.get, tokens, repeat(-1)), dtype=np.int64, count=len(tokens))
        missing = np.flatnonzero(rows < 0)
        if len(missing):
            new = dict.fromkeys(tokens[i] for i in missing.tolist())
            if len(self.rows) + len(new) > self.largest:
                self._restart(tokens)
                rows = np.fromiter(map(self.rows.__getitem__, tokens), dtype=np.int64, count=len(tokens))
            else:
                self._add(list(new))
                rows[missing] = [self.rows[tokens[i]] for i in missing.tolist()]
        return rows, self.table

    def _restart(self, tokens: Sequence[str]) -> None:
        self.rows = {}
        self.table = torch.zeros((1024, *self.table.shape[1:]), dtype=self.table.dtype, device=self.table.device)
        self._add(list(dict.fromkeys(tokens)))

    def _add(self, words: list[str]) -> None:
        """Compute vectors of words and put them into free rows, never into rows in use."""
        first = len(self.rows)
        needed = first + len(words)
        if needed > len(self.table):
            grown = torch.zeros(
                (max(needed, min(2 * len(self.table), self.largest)), *self.table.shape[1:]),
                dtype=self.table.dtype,
                device=self.table.device,
            )
            grown[:first] = self.table[:first]
            self.table = grown
        for start in range(0, len(words), CHUNK):
            chunk = words[start : start + CHUNK]
            columns = word_tensors(self.features.encode(chunk), self.table.device)
            several = torch.arange(max(FEWEST, len(chunk)), device=self.table.device).clamp(max=len(chunk) - 1)
            vectors = self.words(*(None if column is None else column[several] for column in columns))
            self.table[first + start : first + start + len(chunk)] = vectors[: len(chunk)]
        self.rows.update(zip(words, range(first, needed), strict=True))
