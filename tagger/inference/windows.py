"""Sentences that are labelled together: cut from a stream, sent to a copy of the process and back, given in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

import numpy as np

WINDOW_TOKENS = 16_000
"""Tokens looked ahead, so that sentences of like length find each other; output order is kept."""
WINDOW_SENTENCES = 4000


Words = Sequence[str]
Labelled = tuple[Words, np.ndarray, np.ndarray | None]
"""A sentence, its (T,) label ids, and the (T,) posterior of each (or None)."""
Answer = tuple[np.ndarray, np.ndarray | None]
"""(N,) label ids and (N,) posteriors (or None) of a window, from a worker process."""


@dataclass(slots=True)
class Window:
    """N words of sentences that are being labelled.

    Args:
        sentences: token lists.
        offsets: where each begins among the words, and N at the end.
        label_ids: (N,) int64, filled by and by.
        scores: (N,) float32 posteriors, or None.
        pending: batches that threads are labelling; beside each, what labels it again, should they fail.
        request: of all its sentences to a worker process, if any.
    """

    sentences: Sequence[Words]
    offsets: np.ndarray
    label_ids: np.ndarray
    scores: np.ndarray | None
    pending: list[tuple[Future[None], Callable[[], None]]] = field(default_factory=list)
    request: Future[Answer] | None = None

    @classmethod
    def of(cls, sentences: Sequence[Words], *, scores: bool) -> Window:
        """A window with nothing labelled yet."""
        offsets = np.zeros(len(sentences) + 1, dtype=np.int64)
        np.cumsum([len(words) for words in sentences], out=offsets[1:])
        size = int(offsets[-1])
        posteriors = np.zeros(size, dtype=np.float32) if scores else None
        return cls(sentences, offsets, np.zeros(size, dtype=np.int64), posteriors)

    @property
    def size(self) -> int:
        """Number of words."""
        return len(self.label_ids)

    def fill(self, label_ids: np.ndarray, scores: np.ndarray | None) -> None:
        """Take the (N,) label ids and posteriors that a worker process computed."""
        self.label_ids[:] = label_ids
        if self.scores is not None and scores is not None:
            self.scores[:] = scores

    def labelled(self) -> Iterator[Labelled]:
        """The sentences in order, each with what was found."""
        bounds = self.offsets.tolist()
        for words, start, end in zip(self.sentences, bounds[:-1], bounds[1:], strict=True):
            yield words, self.label_ids[start:end], None if self.scores is None else self.scores[start:end]


def windows(sentences: Iterable[Words]) -> Iterator[list[Words]]:
    """Cut a stream into lists of about WINDOW_TOKENS tokens."""
    window: list[Words] = []
    tokens = 0
    for sentence in sentences:
        if isinstance(sentence, str):  # or its letters would be tagged as words
            raise TypeError(f"tag_sentences() takes lists of tokens, not the text {sentence[:40]!r}; see tag()")
        window.append(sentence)
        tokens += len(sentence)
        if tokens >= WINDOW_TOKENS or len(window) >= WINDOW_SENTENCES:
            yield window
            window, tokens = [], 0
    if window:
        yield window


def is_full(window: Sequence[Words]) -> bool:
    """Whether more sentences are likely to follow."""
    return len(window) >= WINDOW_SENTENCES or sum(map(len, window)) >= WINDOW_TOKENS
