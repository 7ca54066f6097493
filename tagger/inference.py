"""The fast way from words to label ids: cached type vectors, batches of like length, threads over batches."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from itertools import chain

import numpy as np
import torch
from torch import Tensor

from tagger.corpora.batching import plan
from tagger.corpora.word_features import WordFeatures
from tagger.look_ahead import WINDOW_SENTENCES, WINDOW_TOKENS
from tagger.models.network import Network
from tagger.preparation import TAG
from tagger.runtime import intra_op_threads, single_threaded
from tagger.type_cache import TypeCache

BATCH_TOKENS = 1000
"""Steps of a batch on a CPU: larger ones fall out of its caches."""
BATCH_TOKENS_CUDA = 20_000
WARM_WORDS = 6000
"""Words represented when a model is loaded: a tenth of a second."""

Words = Sequence[str]


@dataclass(slots=True)
class _Window:
    """Sentences being tagged: their batches run on the pool and fill ``label_ids`` (and ``scores``).

    Beside each batch that was handed to the pool stands what labels it again, should its worker fail.
    """

    sentences: list[Words]
    offsets: np.ndarray
    label_ids: np.ndarray
    scores: np.ndarray | None
    pending: list[tuple[Future[None], Callable[[], None]]]


class Engine:
    """Runs a model over streams of sentences.

    Args:
        model: in evaluation mode; it is moved to ``device``.
        features: how words become numbers.
        threads: Python threads over batches, each with one intra-op thread.
        dtype: arithmetic of the recurrent layers and the head.
        device: where to compute.
        batch_tokens: steps of a batch, padding included.
    """

    def __init__(
        self,
        model: Network,
        features: WordFeatures,
        *,
        threads: int,
        dtype: torch.dtype,
        device: torch.device,
        batch_tokens: int | None = None,
    ) -> None:
        self.model = model.to(device).eval()
        self.dtype = dtype
        self.device = device
        self.threads = threads
        self.batch_tokens = batch_tokens or (BATCH_TOKENS_CUDA if device.type == "cuda" else BATCH_TOKENS)
        self.cache = TypeCache(model.words, features, dtype=dtype, device=device)
        # A copy: converting in place would round the weights of whoever holds the model.
        self.encoder = model.encoder if dtype == torch.float32 else deepcopy(model.encoder).to(dtype)
        self.head = model.heads[TAG]
        self._pool: ThreadPoolExecutor | None = None

    @torch.inference_mode()
    def warm_up(self) -> None:
        """Represent the most frequent training words, so that the first text need not wait for them."""
        vocabulary = self.cache.features.vocabulary
        with intra_op_threads(1):
            self.cache.look_up(vocabulary.words[1 : min(WARM_WORDS, vocabulary.trained)])

    def run(self, sentences: Iterable[Words], *, scores: bool) -> Iterator[tuple[Words, np.ndarray, np.ndarray | None]]:
        """Label sentences, lazily and in order.

        Args:
            sentences: token lists.
            scores: whether to compute posteriors.

        Yields:
            The sentence, its (T,) label ids, and the (T,) posterior of each (or None).
        """
        ahead = 1 if self.threads > 1 else 0
        running: deque[_Window] = deque()
        try:
            for window in _windows(sentences):
                running.append(self._start(window, scores))
                if len(running) > ahead:
                    yield from self._finish(running.popleft())
            while running:
                yield from self._finish(running.popleft())
        finally:
            for unfinished in running:
                for future, _ in unfinished.pending:
                    future.cancel()

    @torch.inference_mode()
    def _start(self, sentences: list[Words], scores: bool) -> _Window:
        with intra_op_threads(1):
            return self._started(sentences, scores)

    def _started(self, sentences: list[Words], scores: bool) -> _Window:
        offsets = np.zeros(len(sentences) + 1, dtype=np.int64)
        np.cumsum([len(s) for s in sentences], out=offsets[1:])
        tokens = list(chain.from_iterable(sentences))
        rows, table = self.cache.look_up(tokens)
        window = _Window(
            sentences,
            offsets,
            np.zeros(len(tokens), dtype=np.int64),
            np.zeros(len(tokens), dtype=np.float32) if scores else None,
            [],
        )
        for chosen in plan(np.diff(offsets), self.batch_tokens):
            self._submit(window, rows, table, chosen)
        return window

    def _submit(self, window: _Window, rows: np.ndarray, table: Tensor, chosen: np.ndarray) -> None:
        label = partial(self._label, window, rows, table, chosen)
        if self.threads == 1 or len(window.label_ids) <= self.batch_tokens:
            label()
            return
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.threads, "tagger", initializer=single_threaded)
        try:
            window.pending.append((self._pool.submit(label), label))
        except RuntimeError:  # no thread could be started
            label()

    @torch.inference_mode()
    def _label(self, window: _Window, rows: np.ndarray, table: Tensor, chosen: np.ndarray) -> None:
        """Label one batch of the window in place."""
        starts = window.offsets[chosen]
        lengths = window.offsets[chosen + 1] - starts  # (B,)
        time = np.arange(int(lengths.max()))[:, None]
        places = starts + np.minimum(time, lengths - 1)  # (T, B)
        real = torch.from_numpy((time < lengths).ravel())
        states = self.encoder(
            table[torch.from_numpy(rows[places]).to(self.device)], torch.from_numpy(lengths).to(self.device)
        )
        logits = self.head(states.flatten(0, 1)[real.to(self.device)].float())  # (N, K)
        where = places.ravel()[real.numpy()]
        if window.scores is None:
            window.label_ids[where] = logits.argmax(1).cpu().numpy()
        else:
            best = logits.softmax(1).max(1)
            window.label_ids[where] = best.indices.cpu().numpy()
            window.scores[where] = best.values.cpu().numpy()

    def _finish(self, window: _Window) -> Iterator[tuple[Words, np.ndarray, np.ndarray | None]]:
        """The sentences of a window in order, once all are labelled; here, where a worker failed."""
        for future, label in window.pending:
            try:
                future.result()
            except Exception:
                with intra_op_threads(1):
                    label()
        bounds = window.offsets.tolist()
        for i, sentence in enumerate(window.sentences):
            start, end = bounds[i], bounds[i + 1]
            yield (
                sentence,
                window.label_ids[start:end],
                None if window.scores is None else window.scores[start:end],
            )


def _windows(sentences: Iterable[Words]) -> Iterator[list[Words]]:
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
