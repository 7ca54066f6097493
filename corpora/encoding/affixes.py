"""Sub-word features of a word: hashed prefixes, suffixes, shape and the lower-cased form.

A neural stand-in for the suffix guesser of classic taggers (Brants 2000, TnT; the hashed embeddings follow
Svenstrup et al. 2017). Each feature string is hashed once; a hash that at least ``min_types`` training words
share owns a row of an embedding table; every other hash shares the "unknown" row of its feature, which the rare
affixes of the training words train. Unlike with plain hashing, an unseen suffix never gets the vector of an unrelated
one.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np

_SHAPES = {"Lu": "X", "Lt": "X", "Ll": "x", "Lo": "o", "Lm": "m", "Nd": "d", "Nl": "n", "No": "n"}
_LONGEST = 64


def shape(word: str) -> str:
    """Return the shape of a word by Unicode category, runs longer than two cut to two.

    Upper case ``X``, lower case ``x``, other letters (Hangul, Han, Arabic ...) ``o``, digits ``d``; punctuation
    and symbols stand for themselves.

    >>> shape("McDonald's"), shape("B-52"), shape("한국어")
    ("XxXxx'x", 'X-dd', 'oo')
    """
    kinds = word[:_LONGEST].translate(_KINDS)
    return _RUN.sub(r"\1\1", kinds)


class _Kinds(dict[int, str]):
    """The shape of each character by its code point, computed on first use."""

    def __missing__(self, code: int) -> str:
        self[code] = kind = _SHAPES.get(unicodedata.category(chr(code)), chr(code))
        return kind


_KINDS = _Kinds()
_RUN = re.compile(r"(.)\1{2,}", re.DOTALL)


@dataclass(frozen=True)
class AffixFeatures:
    """Features of words as rows of the embedding table of affixes.

    Args:
        prefixes: longest prefix, in characters.
        suffixes: longest suffix, in characters.
        jamo: longest suffix over jamo (decomposed Hangul), 0 for none.
        hashes: the hashes that own a row; row ``size + i`` belongs to ``hashes[i]``.
        jamo_prefixes: longest prefix over jamo, 0 for none.
    """

    prefixes: int
    suffixes: int
    jamo: int
    hashes: tuple[int, ...] = ()
    jamo_prefixes: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "_rows", {h: self.size + i for i, h in enumerate(self.hashes)})

    @classmethod
    def fit(
        cls,
        counts: Mapping[str, int],
        *,
        prefixes: int = 4,
        suffixes: int = 5,
        jamo: int = 0,
        jamo_prefixes: int = 0,
        min_types: int = 2,
    ) -> AffixFeatures:
        """Find the features that own a row by the counts of the training words.

        They are affixes and shapes of at least `min_types` words, and lower-cased forms that occur as often.
        """
        empty = cls(prefixes, suffixes, jamo, jamo_prefixes=jamo_prefixes)
        number: Counter[int] = Counter()
        for word, count in counts.items():
            *shared, form = empty.hash(word)
            number.update(shared)
            number[form] += count
        return replace(empty, hashes=tuple(sorted(h for h, n in number.items() if n >= min_types)))

    @property
    def size(self) -> int:
        """F, the number of features of a word."""
        return self.prefixes + self.suffixes + self.jamo + self.jamo_prefixes + 2

    @property
    def num_rows(self) -> int:
        """Rows of the embedding table: one "unknown" row for each feature, one row for each known hash."""
        return self.size + len(self.hashes)

    def hash(self, word: str) -> list[int]:
        """Hash the F features of a word, salted by feature (40 bits: the feature above a CRC-32)."""
        lower = word[:_LONGEST].lower() if len(word) <= _LONGEST else word[:32].lower() + word[-32:].lower()
        texts = [lower[:n] for n in range(1, self.prefixes + 1)]
        texts += [lower[-n:] for n in range(1, self.suffixes + 1)]
        if self.jamo or self.jamo_prefixes:
            parts = unicodedata.normalize("NFD", lower)
            texts += [parts[-n:] for n in range(1, self.jamo + 1)]
            texts += [parts[:n] for n in range(1, self.jamo_prefixes + 1)]
        texts += [shape(word), lower]
        return [(i << 32) | crc32(text.encode("utf-8", "surrogatepass")) for i, text in enumerate(texts)]

    def encode(self, words: Sequence[str]) -> np.ndarray:
        """Return the rows of the embedding table for each word, (N, F) int64."""
        rows: dict[int, int] = self._rows  # type: ignore[attr-defined]
        flat = [rows.get(h, i) for word in words for i, h in enumerate(self.hash(word))]
        return np.array(flat, dtype=np.int64).reshape(len(words), self.size)
