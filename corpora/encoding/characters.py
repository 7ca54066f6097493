"""Words as character ids, for the character LSTM and CNN."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

PADDING, UNKNOWN, START, END = range(4)
_SPECIALS = 4


@dataclass(frozen=True)
class Characters:
    """The characters of a corpus by id; 0 to 3 are padding, unknown, start and end of a word.

    Args:
        alphabet: the known characters, from id 4 on.
        longest: longer words keep their first and last characters, half of this number each.
        jamo: decompose Hangul syllables into jamo first.
    """

    alphabet: str
    longest: int = 32
    jamo: bool = False
    ids: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ids", {c: i for i, c in enumerate(self.alphabet, _SPECIALS)})

    @classmethod
    def fit(cls, words: Iterable[str], *, min_types: int = 2, longest: int = 32, jamo: bool = False) -> Characters:
        """Collect the characters that occur in at least ``min_types`` words."""
        counts = Counter(c for word in words for c in set(_normalised(word, jamo)))
        return cls("".join(sorted(c for c, n in counts.items() if n >= min_types)), longest, jamo)

    def __len__(self) -> int:
        return len(self.alphabet) + _SPECIALS

    def spell(self, word: str) -> list[int]:
        """Return the ids of one word between start and end marks."""
        text = _normalised(word[: self.longest], self.jamo)
        if len(word) > self.longest or len(text) > self.longest:
            half = self.longest // 2
            text = text[:half] + _normalised(word[-half:], self.jamo)[-half:]
        return [START, *(self.ids.get(c, UNKNOWN) for c in text), END]

    def encode(self, words: Sequence[str]) -> np.ndarray:
        """Return the character ids of words, (N, C) int64, padded on the right."""
        spelled = [self.spell(word) for word in words]
        out = np.zeros((len(words), max(map(len, spelled), default=2)), dtype=np.int64)
        for row, ids in zip(out, spelled, strict=True):
            row[: len(ids)] = ids
        return out


def _normalised(word: str, jamo: bool) -> str:
    return unicodedata.normalize("NFD" if jamo else "NFC", word)
