"""Sentences whose words have numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np


@dataclass(slots=True)
class NumberSplit:
    """One part of a corpus: B sentences.

    Args:
        name: ``train``, ``dev`` or ``test``.
        tokens: B lists of T words.
        values: B arrays (T, K) float32, NaN where a word has no number.
        texts: the raw sentences, None where the corpus does not hold them.
    """

    name: str
    tokens: list[list[str]] = field(default_factory=list)
    values: list[np.ndarray] = field(default_factory=list)
    texts: list[str | None] = field(default_factory=list)

    @property
    def words(self) -> int:
        """In all sentences."""
        return sum(map(len, self.tokens))

    def take(self, name: str, places: Iterable[int]) -> NumberSplit:
        """Some of the sentences."""
        chosen = list(places)
        return NumberSplit(
            name,
            [self.tokens[i] for i in chosen],
            [self.values[i] for i in chosen],
            [self.texts[i] for i in chosen],
        )
