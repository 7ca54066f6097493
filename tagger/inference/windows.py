"""Windows: consecutive sentences of a stream that are labelled together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

import numpy as np

from tagger.inference.arguments import check_tokens

WINDOW_TOKENS = 16_000
"""Window size: within it, sentences of similar length are batched; the output keeps the order of the input."""
WINDOW_SENTENCES = 4000

Words = Sequence[str]
Labelled = tuple[Words, np.ndarray, np.ndarray | None]
"""A sentence, its (T,) label ids, and the (T,) posterior of each (or None)."""
Answer = tuple[np.ndarray, np.ndarray | None]
"""(N,) label ids and (N,) posteriors (or None) of a window, from a worker process."""


@dataclass(slots=True)
class Window:
    """Sentences that are being labelled, N words in all.

    Args:
        sentences: token lists.
        offsets: index of the first word of each sentence, then N.
        label_ids: (N,) int64, filled batch by batch.
        scores: (N,) float32 posteriors, or None.
        pending: calls of threads that label batches of it.
        request: the call of a worker process that labels the window, if any.
        done: whether another thread has labelled it.
    """

    sentences: Sequence[Words]
    offsets: np.ndarray
    label_ids: np.ndarray
    scores: np.ndarray | None
    pending: list[Future[None]] = field(default_factory=list)
    request: Future[Answer] | None = None
    done: bool = False

    @classmethod
    def of(cls, sentences: Sequence[Words], *, scores: bool) -> Window:
        """Make a window without labels."""
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
        """Set the (N,) label ids and posteriors."""
        self.label_ids[:] = label_ids
        if self.scores is not None and scores is not None:
            self.scores[:] = scores

    def labelled(self) -> Iterator[Labelled]:
        """Yield the sentences in order with their labels."""
        bounds = self.offsets.tolist()
        for words, start, end in zip(self.sentences, bounds[:-1], bounds[1:], strict=True):
            yield words, self.label_ids[start:end], None if self.scores is None else self.scores[start:end]


def windows(sentences: Iterable[Words]) -> Iterator[list[Words]]:
    """Cut a stream of sentences into windows.

    Raises:
        TypeError: a sentence is no sequence of strings.
    """
    window: list[Words] = []
    tokens = 0
    for number, sentence in enumerate(sentences):
        check_tokens(sentence, f"sentences[{number}]")
        window.append(sentence)
        tokens += len(sentence)
        if is_full(len(window), tokens):
            yield window
            window, tokens = [], 0
    if window:
        yield window


def is_full(sentences: int, tokens: int) -> bool:
    """Tell whether a window of this many sentences and tokens takes no more."""
    return sentences >= WINDOW_SENTENCES or tokens >= WINDOW_TOKENS
