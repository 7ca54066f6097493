"""Counting a corpus part by part: sentences, words, distinct words, labels, words that training has not seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tagger.corpora.sources.corpus import BATCH, Corpus

TRAIN = "train"


@dataclass(slots=True)
class Part:
    """The figures of one part.

    Attributes:
        name: ``train``, ``dev``, ``test``, or ``all`` for a corpus that is not split.
        sentences: how many.
        words: how many.
        types: how many distinct words.
        labels: how often each label occurs.
        unknown: words that do not occur in train; None for train itself, or where there is no train.
    """

    name: str
    sentences: int = 0
    words: int = 0
    types: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    unknown: int | None = None

    @property
    def unknown_rate(self) -> float | None:
        """Unknown words over words, 0 to 1."""
        return None if self.unknown is None or not self.words else self.unknown / self.words

    def to_dict(self) -> dict[str, Any]:
        """The figures as plain values."""
        return {
            "name": self.name,
            "sentences": self.sentences,
            "words": self.words,
            "types": self.types,
            "labels": dict(self.labels.most_common()),
            "unknown_rate": self.unknown_rate,
        }


class Census:
    """Counts sentences as they come; train must come first.

    Attributes:
        parts: the figures of each part that was begun.
        words: every distinct word and its number, in the order they came.
    """

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.words: dict[str, int] = {}
        self._known: int | None = None
        self._types: set[int] = set()

    @property
    def part(self) -> Part:
        """The part that was begun last."""
        return self.parts[-1]

    def begin(self, name: str) -> None:
        """Begins a part."""
        if self.parts and self.part.name == TRAIN:
            self._known = len(self.words)
        self.parts.append(Part(name, unknown=None if self._known is None else 0))
        self._types = set()

    def add(self, tokens: Sequence[str], tags: Sequence[str]) -> list[int]:
        """Counts one sentence.

        Args:
            tokens: T words.
            tags: T labels.

        Returns:
            The numbers of the T words.
        """
        part, words = self.part, self.words
        ids = [words.setdefault(word, len(words)) for word in tokens]
        part.sentences += 1
        part.words += len(ids)
        part.labels.update(tags)
        self._types.update(ids)
        part.types = len(self._types)
        if self._known is not None and part.unknown is not None:
            known = self._known
            part.unknown += sum([number >= known for number in ids])
        return ids


def take_census(corpus: Corpus) -> Census:
    """Counts a corpus that was read.

    Args:
        corpus: its parts are counted in the order train, dev, test.
    """
    census = Census()
    for split in corpus.splits:
        census.begin(split.name)
        for batch in split.data.select_columns(["tokens", "tags"]).iter(BATCH):
            for tokens, tags in zip(batch["tokens"], batch["tags"], strict=True):
                census.add(tokens, tags)
    return census
