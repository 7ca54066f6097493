"""The torch engine of the tagger: cached word vectors, batches of similar length, threads over batches.

Worker processes may label long streams instead: threads of Python wait for each other, and for what the caller does
between two sentences.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from copy import deepcopy
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tagger.config.tagger import TAG
from tagger.corpora.encoding.batching import plan
from tagger.corpora.encoding.word_features import WordFeatures
from tagger.errors import ConfigError
from tagger.inference.dynamic_batching import DynamicBatcher
from tagger.inference.windows import Answer, Labelled, Window, Words, is_full, windows
from tagger.inference.word_vector_cache import LARGEST, WordVectorCache
from tagger.models.networks.multi_head_network import Network
from tagger.runtime.device import intra_op_threads, uses_bfloat16
from tagger.runtime.process_pool import WorkerProcesses, can_fork

BATCH_TOKENS = 1000
"""Steps of a batch on a CPU: larger ones do not fit into its caches."""
BATCH_TOKENS_CUDA = 20_000
SHORT = 200
"""Words of a window that is labelled with those of other threads, rather than beside them."""
WARM_WORDS = 6000
"""Words whose vectors are computed when a model is loaded: a tenth of a second."""
FREQUENT = 20_000
"""Fewest types that a worker process caches."""
PATIENCE, SLOWEST = 30.0, 200
"""Seconds, and slowest words a second besides, after which worker processes are given up."""


AGREEMENT = 0.999
"""bfloat16 is used where it gave this share of the dev tags that float32 gave."""


class Engine:
    """Runs a model over streams of sentences; several threads may share it, and forked processes may go on with it.

    Args:
        model: in evaluation mode; it is moved to ``device``.
        features: how words become numbers.
        threads: Python threads over batches, each with one intra-op thread.
        dtype: of the products in the recurrent layers and the head.
        device: where to compute.
        batch_tokens: steps of a batch, padding included.
        worker_processes: label long streams by worker processes, as many as threads, where the process can be forked.
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
        worker_processes: bool = False,
    ) -> None:
        self.model = model.to(device).eval()
        self.dtype = dtype
        self.device = device
        self.threads = threads
        self.worker_processes = worker_processes
        self.batch_tokens = batch_tokens or (BATCH_TOKENS_CUDA if device.type == "cuda" else BATCH_TOKENS)
        self.cache = WordVectorCache(model.words, features, dtype=dtype, device=device)
        # A copy: converting in place would round the weights of the caller's model.
        self.encoder = model.encoder if dtype == torch.float32 else deepcopy(model.encoder).to(dtype)
        self.head = model.heads[TAG]
        self._short = {scores: DynamicBatcher(self.batch_tokens) for scores in (False, True)}

    @torch.inference_mode()
    def warm_up(self) -> None:
        """Compute the vectors of the most frequent training words, so that the first text does not wait."""
        vocabulary = self.cache.features.vocabulary
        self.cache.look_up(vocabulary.words[1 : min(WARM_WORDS, vocabulary.trained)])

    def run(self, sentences: Iterable[Words], *, scores: bool) -> Iterator[Labelled]:
        """Label sentences, lazily and in order.

        Args:
            sentences: token lists.
            scores: whether to compute posteriors.
        """
        workers: WorkerProcesses | None = None
        running: deque[Window] = deque()
        most_running = int(self.threads > 1)  # windows that are labelled while the caller uses another
        with ExitStack() as stack:
            pool: ThreadPoolExecutor | None = None
            try:
                for number, together in enumerate(windows(sentences)):
                    window = Window.of(together, scores=scores)
                    if number == 0 and is_full(len(together), window.size) and self._may_fork():
                        workers = WorkerProcesses(self._label_request, self.threads)
                        most_running = self.threads
                    if pool is None and self.threads > 1 and window.size > self.batch_tokens:
                        pool = stack.enter_context(ThreadPoolExecutor(self.threads, "tagger"))
                    running.append(self._start(window, workers, pool))
                    if len(running) > most_running:
                        yield from self._finish(running.popleft(), workers)
                while running:
                    yield from self._finish(running.popleft(), workers)
            finally:
                for unfinished in running:
                    for future in unfinished.pending:
                        future.cancel()
                if workers is not None:
                    workers.close()

    def _may_fork(self) -> bool:
        return self.worker_processes and self.threads > 1 and self.device.type == "cpu" and can_fork()

    def _label_request(self, request: tuple[list[list[str]], bool]) -> Answer:
        """Label the sentences of a window in a worker process, which keeps its share of the cached types."""
        self.cache.largest = max(LARGEST // self.threads, FREQUENT)
        sentences, scores = request
        return self._label_all(Window.of(sentences, scores=scores))

    def _start(self, window: Window, workers: WorkerProcesses | None, pool: ThreadPoolExecutor | None) -> Window:
        """Start labelling a window, in a worker process or on threads."""
        if workers is not None and not workers.closed:
            sentences = [list(words) for words in window.sentences]
            window.request = workers.submit((sentences, window.scores is not None))
        elif window.size <= SHORT:
            self._short[window.scores is not None].label(window, self._label_all)
        else:
            self._label_all(window, pool)
        return window

    @torch.inference_mode()
    @intra_op_threads(1)
    def _label_all(self, window: Window, pool: ThreadPoolExecutor | None = None) -> Answer:
        """Label a window; return its labels and posteriors, which threads of a pool may still be filling."""
        rows, table = self.cache.look_up(list(chain.from_iterable(window.sentences)))
        for chosen in plan(np.diff(window.offsets), self.batch_tokens):
            self._submit(window, partial(self._label, window, rows, table, chosen), pool)
        return window.label_ids, window.scores

    def _submit(self, window: Window, label: Callable[[], None], pool: ThreadPoolExecutor | None) -> None:
        """Label a batch on the pool or here."""
        if pool is None or window.size <= self.batch_tokens:
            label()
            return
        try:
            window.pending.append(pool.submit(label))
        except RuntimeError:  # no thread could be started
            label()

    @torch.inference_mode()
    @intra_op_threads(1)
    def _label(self, window: Window, rows: np.ndarray, table: Tensor, chosen: np.ndarray) -> None:
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

    def _finish(self, window: Window, workers: WorkerProcesses | None) -> Iterator[Labelled]:
        """Yield the sentences of a window once all are labelled; where a worker or thread failed, label them here."""
        label = partial(self._label_all, window)
        if workers is not None and window.request is not None:
            window.fill(*workers.result(window.request, PATIENCE + window.size / SLOWEST, label))
        if any(tuple(future.exception() for future in window.pending)):  # waits for all of them
            label()
        yield from window.labelled()


def choose_dtype(precision: str, about: Any, device: torch.device) -> torch.dtype:
    """Choose the arithmetic of a tagger.

    Args:
        precision: as ``tagger.inference.tagger.Tagger``.
        about: facts about the model.
        device: where it computes.

    Raises:
        ConfigError: no such precision, or bfloat16 was asked for and this CPU does not compute with it natively.
    """
    if precision not in ("auto", "float32", "bfloat16"):
        raise ConfigError(f"precision is '{precision}'; expected auto, float32 or bfloat16")
    agreed = about.get("bfloat16_agreement") if isinstance(about, dict) else None
    if precision == "auto" and (device.type != "cpu" or agreed is None or agreed < AGREEMENT):
        return torch.float32
    return torch.bfloat16 if uses_bfloat16(precision, device) else torch.float32
