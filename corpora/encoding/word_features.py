"""Features of a word's form as arrays of numbers, computed once for each distinct word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tagger.corpora.encoding.affixes import AffixFeatures
from tagger.corpora.encoding.characters import Characters
from tagger.corpora.encoding.vocabulary import UNKNOWN_ID, Vocabulary


@dataclass(frozen=True, slots=True)
class WordArrays:
    """N words as int64 arrays.

    Args:
        word_ids: (N,) rows of the word embedding, 0 for the unknown word.
        affix_ids: (N, F) rows of the affix embedding, or None.
        char_ids: (N, C) characters, or None.
        vector_ids: (N,) rows of the pre-trained vectors, or None.
    """

    word_ids: np.ndarray
    affix_ids: np.ndarray | None = None
    char_ids: np.ndarray | None = None
    vector_ids: np.ndarray | None = None


@dataclass(frozen=True)
class WordFeatures:
    """Vocabulary, affixes and characters of a training corpus, to encode words as arrays.

    Args:
        vocabulary: the words.
        affixes: the affix features, or None.
        characters: the alphabet of a character encoder, or None.
        has_vectors: whether the words have pre-trained vectors; a word without one uses that of its lower-cased form.
    """

    vocabulary: Vocabulary
    affixes: AffixFeatures | None = None
    characters: Characters | None = None
    has_vectors: bool = False

    def encode(self, words: Sequence[str]) -> WordArrays:
        """Encode N words (types, usually: each distinct word once)."""
        ids = self.vocabulary.encode(words)
        return WordArrays(
            np.where(ids < self.vocabulary.embedded, ids, UNKNOWN_ID),
            None if self.affixes is None else self.affixes.encode(words),
            None if self.characters is None else self.characters.encode(words),
            self._vector_ids(words, ids) if self.has_vectors else None,
        )

    def _vector_ids(self, words: Sequence[str], ids: np.ndarray) -> np.ndarray:
        lower = self.vocabulary.encode([word.lower() for word in words])
        return np.where(ids == UNKNOWN_ID, lower, ids)
