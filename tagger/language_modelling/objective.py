"""Learning to predict the next unit (and the previous one): streams of text, cross-entropy summed over their steps."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tagger.config.language_model import LanguageTrainingConfig
from tagger.config.tagger import StreamConfig
from tagger.corpora.encoding.word_features import WordArrays
from tagger.corpora.subwords.bptt_batches import batchify, bptt_chunks
from tagger.language_modelling.bptt import Carried, Stretch, divide, make_readers
from tagger.models.layers.dropout import dropped
from tagger.models.layers.embedding import pad_to_multiple
from tagger.models.layers.parallel import Job, parallel_forward
from tagger.models.networks.multi_head_network import Network
from tagger.runtime.disposable_thread import OneThread, halved_until_it_fits
from tagger.training.objective import DatasetSize, DevScore, StepLoss, Task
from tagger.training.tensors import word_tensors

EVALUATION_STREAMS = 10
EVALUATION_STEPS = 70


@dataclass(frozen=True, slots=True)
class Text:
    """A text as unit ids.

    Args:
        ids: (N,) int32.
        sentences: ends of sentences in it.
    """

    ids: np.ndarray
    sentences: int


class LanguageObjective:
    """The language-model heads of a network.

    A step is read by two readers at a time, whatever the number of threads: the two directions, or the two halves of
    the streams. Each draws what it drops from a generator of its own, so the weights do not depend on the threads.

    Args:
        model: the network to train.
        arrays: the V units as numbers.
        train: the text to learn from.
        dev: the text to choose the best epoch by, or None.
        streams: resolved.
        config: resolved.
        device: where to compute.
        half: whether products are those of bfloat16.
        following: what is learnt from in the second epoch, the third and so on; the same text if None.
    """

    task: Task = "lm"
    unit = "word"

    def __init__(
        self,
        model: Network,
        arrays: WordArrays,
        train: Text,
        dev: Text | None,
        streams: StreamConfig,
        config: LanguageTrainingConfig,
        *,
        device: torch.device,
        half: bool,
        following: Iterator[Text] | None = None,
    ) -> None:
        self.model = model
        self.following = following
        self.begun = 0
        self.train, self.dev = train, dev
        self.streams = streams
        self.device, self.half = device, half
        self.scaled = config.optimizer != "adamw"
        self.columns = word_tensors(arrays, device)
        self.size = DatasetSize(train.sentences, len(train.ids), len(arrays.word_ids))
        self.readers = make_readers(model, streams, config.seed, device)
        self.carried = Carried(self.readers)
        self.generator = torch.Generator(device).manual_seed(config.seed)
        rows = len(self._layout(train.ids)) - 1
        self.steps_per_epoch = max(1, len(bptt_chunks(rows, streams.bptt)))
        self.pool: Executor | None = None

    @property
    def both(self) -> bool:
        """Whether the text is read in both directions."""
        return len(self.model.language) > 1

    def _layout(self, ids: np.ndarray) -> np.ndarray:
        return batchify(ids, self.streams.batch_size or 1)

    def epoch(self, rng: np.random.Generator) -> tuple[int, Iterator[Stretch]]:
        """The whole text once, in stretches that follow each other; from another beginning each time, if jittered."""
        self._begin()
        ids = self.train.ids
        jitter = rng if self.streams.jitter else None
        if jitter is not None:  # so that streams are not cut at the same places in every epoch
            ids = ids[int(rng.integers(0, max(1, len(ids) // (4 * (self.streams.batch_size or 1))))) :]
        layout = self._layout(ids)
        bounds = bptt_chunks(len(layout) - 1, self.streams.bptt, jitter)
        return len(bounds), self._stretches(layout, bounds)

    def _stretches(self, layout: np.ndarray, bounds: list[tuple[int, int]]) -> Iterator[Stretch]:
        for start, end in bounds:
            if self.both:
                turned = layout[::-1, ::-1]
                views = (layout, turned)
            else:
                half = (layout.shape[1] + 1) // 2
                views = (layout[:, :half], layout[:, half:])
            blocks = tuple((v[start:end], v[start + 1 : end + 1]) for v in views if v.shape[1])
            yield Stretch(blocks, start == 0)

    def loss(self, batch: Stretch) -> StepLoss:
        """Read a stretch, or a part of it, with each reader."""
        if batch.first:
            self.forget()
        if batch.streams is not None:
            self.carried.begin(batch.streams)
        found = self._loss(batch)
        if batch.streams is not None:
            self.carried.end(batch.streams)
        return found

    def divide(self, batch: Stretch, parts: int) -> list[Stretch]:
        """Parts of like many streams each."""
        return divide(batch, parts)

    def _loss(self, batch: Stretch) -> StepLoss:
        inputs = np.concatenate([block.ravel() for block, _ in batch.blocks])
        types, rows = np.unique(inputs, return_inverse=True)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
            vectors = self._represent(types)
            losses = self._read(batch, vectors[torch.from_numpy(rows).to(self.device)])
        steps = len(inputs)
        length = len(batch.blocks[0][0])
        rate = length / self.streams.bptt if self.scaled and self.streams.jitter else 1.0
        return StepLoss(losses[0] / steps, losses[1], steps, rate)

    def _represent(self, types: np.ndarray) -> Tensor:
        """(U, D) vectors of units, some of them dropped in training (embedding dropout)."""
        ids = pad_to_multiple(torch.from_numpy(types.astype(np.int64))).to(self.device)
        columns = (None if column is None else column[ids] for column in self.columns)
        vectors: Tensor = self.model.words(*columns)[: len(types)]
        p = self.streams.embedding_dropout or 0.0 if self.model.training else 0.0
        return dropped(vectors, p, (len(types), 1), self.generator)

    def _read(self, batch: Stretch, vectors: Tensor) -> Tensor:
        """(2,) sums over the readers: what to minimise, and nats."""
        parts, targets, start = [], [], 0
        for block, following in batch.blocks:
            parts.append(vectors[start : start + block.size].view(*block.shape, -1))
            targets.append(torch.from_numpy(following.astype(np.int64)).to(self.device))
            start += block.size
        jobs: list[Job] = [
            (partial(reader.loss, targets=wanted), reader.parameters)
            for reader, wanted in zip(self.readers, targets, strict=False)
        ]
        if self.pool is not None and len(parts) == 2 and torch.is_grad_enabled():
            return torch.stack(parallel_forward(jobs[0], jobs[1], (parts[0], parts[1]), self.pool)).sum(0)
        return torch.stack([compute(part) for (compute, _), part in zip(jobs, parts, strict=True)]).sum(0)

    def evaluate(self) -> DevScore | None:
        """Nats per unit of the forward head on dev, read as a few long streams; in full precision."""
        if self.dev is None:
            return None
        self.model.eval()
        nats, steps = halved_until_it_fits(partial(self._nats, self.dev.ids), EVALUATION_STEPS)
        self.model.train()
        loss = nats / max(1, steps)
        return DevScore(loss, perplexity=math.exp(min(loss, 700.0)))

    def _nats(self, ids: np.ndarray, length: int) -> tuple[float, int]:
        """Summed nats and their number, read in stretches of this length; training finds its place as it left it."""
        reader = self.readers[0]
        carried, reader.states = reader.states, None
        try:
            return self._read_through(ids, length)
        finally:
            reader.states = carried

    @torch.inference_mode()
    def _read_through(self, ids: np.ndarray, length: int) -> tuple[float, int]:
        layout = batchify(ids, EVALUATION_STREAMS)
        reader = self.readers[0]
        total, steps = 0.0, 0
        for start, end in bptt_chunks(len(layout) - 1, length):
            block = layout[start:end]
            types, rows = np.unique(block, return_inverse=True)
            vectors = self._represent(types)[torch.from_numpy(rows.ravel()).to(self.device)]
            targets = torch.from_numpy(layout[start + 1 : end + 1].astype(np.int64)).to(self.device)
            total += float(reader.loss(vectors.view(*block.shape, -1), targets)[1])
            steps += block.size
        return total, steps

    def state(self) -> dict[str, Any]:
        """Random generators, and what each stack remembers of its streams."""
        return {
            "generator": self.generator.get_state(),
            "readers": [{"generator": r.generator.get_state(), "states": r.states} for r in self.readers],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """See ``tagger.training.objective.Stateful``."""
        if self.pool is not None:
            self.pool.submit(int).result()  # a reader whose fellow failed is still reading
        self.generator.set_state(state["generator"])
        for reader, saved in zip(self.readers, state["readers"], strict=True):
            reader.generator.set_state(saved["generator"])
            states = saved["states"]
            reader.states = states and [tuple(part.to(self.device) for part in layer) for layer in states]

    def forget(self) -> None:
        """Read on as if every stream began here."""
        for reader in self.readers:
            reader.restart()

    def place(self) -> dict[str, Any]:
        """How many stretches of a streamed text were begun."""
        return {"begun": self.begun}

    def seek(self, place: Mapping[str, Any], rng: np.random.Generator) -> None:
        """Go on to that stretch of a streamed text."""
        while self.begun < place["begun"]:
            self._begin()

    def _begin(self) -> None:
        if self.begun and self.following is not None:
            self.train = next(self.following)
        self.begun += 1

    @contextmanager
    def on_threads(self, threads: int) -> Iterator[None]:
        """The second reader on a thread of its own, where there are two."""
        if threads < 2 or self.device.type != "cpu":
            yield
            return
        with OneThread() as pool:
            self.pool = pool
            try:
                yield
            finally:
                self.pool = None
