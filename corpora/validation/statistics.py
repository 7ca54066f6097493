"""Statistics of a corpus by split: sentences, words, distinct words, labels, words unknown to train."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tagger.corpora.sources.corpus import BATCH, Corpus

TRAIN = "train"


@dataclass(slots=True)
class SplitStatistics:
    """The statistics of one split.

    Attributes:
        name: ``train``, ``dev``, ``test``, or ``all`` for a corpus that is not split.
        sentences: number of sentences.
        words: number of words.
        types: number of distinct words.
        labels: count of each label.
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
        """Return the statistics as plain values."""
        return {
            "name": self.name,
            "sentences": self.sentences,
            "words": self.words,
            "types": self.types,
            "labels": dict(self.labels.most_common()),
            "unknown_rate": self.unknown_rate,
        }


class StatisticsCounter:
    """Counter of the sentences of a corpus; train must come first.

    Attributes:
        splits: the statistics of each split so far.
        words: every distinct word and its number, in order of occurrence.
    """

    def __init__(self) -> None:
        self.splits: list[SplitStatistics] = []
        self.words: dict[str, int] = {}
        self._known: int | None = None
        self._types: set[int] = set()

    @property
    def split(self) -> SplitStatistics:
        """The current split."""
        return self.splits[-1]

    def begin(self, name: str) -> None:
        """Begin a split."""
        if self.splits and self.split.name == TRAIN:
            self._known = len(self.words)
        self.splits.append(SplitStatistics(name, unknown=None if self._known is None else 0))
        self._types = set()

    def add(self, tokens: Sequence[str], tags: Sequence[str]) -> list[int]:
        """Count one sentence; return the numbers of its words."""
        split, words = self.split, self.words
        ids = [words.setdefault(word, len(words)) for word in tokens]
        split.sentences += 1
        split.words += len(ids)
        split.labels.update(filter(None, tags))  # but for words without a label
        self._types.update(ids)
        split.types = len(self._types)
        if self._known is not None and split.unknown is not None:
            split.unknown += sum([number >= self._known for number in ids])
        return ids


def corpus_statistics(corpus: Corpus) -> StatisticsCounter:
    """Count a corpus, in the order train, dev, test."""
    counter = StatisticsCounter()
    for split in corpus.splits:
        counter.begin(split.name)
        for batch in split.data.select_columns(["tokens", "tags"]).iter(BATCH):
            for tokens, tags in zip(batch["tokens"], batch["tags"], strict=True):
                counter.add(tokens, tags)
    return counter
