"""Vocabularies of words and labels: ids both ways, ordered, serialisable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from tagger.corpora.formats.sentence import UNLABELLED

UNKNOWN = "<unk>"
UNKNOWN_ID = 0


@dataclass(frozen=True)
class Vocabulary:
    """V words by id; id 0 is the unknown word.

    Frequent words come first, ties in code-point order: the order of sentences does not change the ids.
    Three ranges follow each other: words that own an embedding, rarer training words
    (known, but embedded as the unknown word), and words outside the training data with only a
    pre-trained vector.

    Args:
        words: the words by id; ``words[0]`` is ``<unk>``.
        trained: ids below it occurred in the training data.
        embedded: ids below it own an embedding.
    """

    words: tuple[str, ...]
    trained: int
    embedded: int
    ids: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ids", {word: i for i, word in enumerate(self.words)})

    @classmethod
    def from_counts(
        cls,
        counts: Mapping[str, int],
        *,
        min_count: int = 1,
        max_size: int | None = None,
        further: Iterable[str] = (),
    ) -> Vocabulary:
        """Build from the word counts of the training data.

        A literal ``<unk>`` in the data (WikiText, Penn Treebank) is the unknown word, not a second entry.

        Args:
            counts: occurrences of each training word.
            min_count: rarer words own no embedding.
            max_size: largest number of words that own an embedding.
            further: words outside the training data (those with a pre-trained vector).
        """
        known = sorted((w for w in counts if w != UNKNOWN), key=lambda w: (-counts[w], w))
        embedded = sum(counts[w] >= min_count for w in known[:max_size])
        outside = [w for w in dict.fromkeys(further) if w not in counts and w != UNKNOWN]
        return cls((UNKNOWN, *known, *outside), 1 + len(known), 1 + embedded)

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: str) -> bool:
        """Whether the word occurs in the training data."""
        return 0 < self.ids.get(word, 0) < self.trained

    def encode(self, words: Sequence[str]) -> np.ndarray:
        """Return the ids of words, (N,) int64, ``UNKNOWN_ID`` for unknown words."""
        get = self.ids.get
        return np.fromiter((get(w, UNKNOWN_ID) for w in words), dtype=np.int64, count=len(words))


@dataclass(frozen=True)
class Labels:
    """The K labels of a head, in code-point order; an unseen label encodes as ``UNSEEN``."""

    names: tuple[str, ...]
    ids: dict[str, int] = field(init=False, repr=False, compare=False)

    UNSEEN = -1

    def __post_init__(self) -> None:
        object.__setattr__(self, "ids", {name: i for i, name in enumerate(self.names)})

    @classmethod
    def from_sentences(cls, sentences: Iterable[Sequence[str]]) -> Labels:
        """Collect the labels of tagged sentences; ``UNLABELLED`` is none."""
        return cls(tuple(sorted({tag for tags in sentences for tag in tags} - {UNLABELLED})))

    def __len__(self) -> int:
        return len(self.names)

    def encode(self, tags: Sequence[str]) -> np.ndarray:
        """Return the ids of labels, (N,) int64, ``UNSEEN`` for unknown labels."""
        get = self.ids.get
        return np.fromiter((get(t, self.UNSEEN) for t in tags), dtype=np.int64, count=len(tags))
