"""Counting the words of a text in one pass, and keeping the text as numbers while it is small."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tagger.corpora.subwords.unit_vocabulary import END
from tagger.corpora.tokenization.passages import Passage

CHUNK = 1 << 18  # words counted at a time
MAX_TYPES = 5_000_000  # distinct words held at a time; the rarest are then forgotten
MAX_KEPT = 1 << 26  # words kept as numbers: 256 MB


class WordCounts:
    """Occurrences of each distinct word; ``<eos>`` occurs once a passage.

    Args:
        max_kept: words to keep as numbers at most; of a longer text none are kept.
        max_types: distinct words to hold at most.

    Attributes:
        kept: the text so far as numbers of words in ``words``, or None.
        passages: how many there were.
        characters: of the text, one for each line end included.
        total: words and ends.
    """

    def __init__(self, max_kept: int = MAX_KEPT, max_types: int = MAX_TYPES) -> None:
        self.kept: list[np.ndarray] | None = []
        self.passages = self.characters = self.total = 0
        self._ids: dict[str, int] = {END: 0}
        self._counts = np.zeros(1, dtype=np.int64)
        self._max_kept, self._max_types = max_kept, max_types
        self._waiting: list[str] = []

    def read(self, passages: Iterable[Passage], stretch: int | None = None) -> WordCounts:
        """Counts passages, to their end or until ``stretch`` words were seen; what was kept then goes."""
        waiting = self._waiting
        for passage in passages:
            waiting.extend(passage.words)
            waiting.append(END)
            self.passages += 1
            self.characters += len(passage.text) + 1
            if len(waiting) >= CHUNK:
                self._flush()
            if stretch is not None and self.total + len(waiting) - self.passages >= stretch:
                self.kept = None
                break
        self._flush()
        return self

    @property
    def words(self) -> list[str]:
        """The distinct words by number."""
        return list(self._ids)

    def by_word(self) -> dict[str, int]:
        """Occurrences by word; those of ``<eos>`` are the literal ones only."""
        counts = dict(zip(self._ids, self._counts.tolist(), strict=True))
        counts[END] -= self.passages
        return counts

    def _flush(self) -> None:
        ids = self._ids
        number = ids.setdefault
        found = np.fromiter((number(word, len(ids)) for word in self._waiting), np.int32, len(self._waiting))
        self.total += len(found)
        self._waiting.clear()
        counts = np.bincount(found, minlength=len(ids))
        counts[: len(self._counts)] += self._counts
        self._counts = counts
        if self.total > self._max_kept:
            self.kept = None
        if self.kept is not None:
            self.kept.append(found)
        if len(ids) > self._max_types:
            self._forget()

    def _forget(self) -> None:
        """Drops the rarest words until half the room is free."""
        limit = np.sort(self._counts)[-self._max_types // 2]
        words = [(word, count) for word, count in zip(self._ids, self._counts.tolist(), strict=True)]
        held = [(word, count) for word, count in words if count > limit or word == END]
        self._ids = {word: place for place, (word, _) in enumerate(held)}
        self._counts = np.array([count for _, count in held], dtype=np.int64)
        self.kept = None
