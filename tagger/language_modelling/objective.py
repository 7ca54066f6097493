"""Language modelling as an objective: streams of text, the cross-entropy of the next token."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tagger.config.language_model import LanguageTrainingConfig
from tagger.config.tagger import StreamConfig
from tagger.corpora.encoding.word_features import WordArrays
from tagger.corpora.subwords.base import TokenStream
from tagger.corpora.subwords.token_stream import batchify, bptt_chunks
from tagger.language_modelling.bptt import BpttChunk, CarriedStates, make_readers, split_chunk
from tagger.models.layers.dropout import dropped
from tagger.models.layers.embedding import pad_to_multiple
from tagger.models.layers.parallel import Job, parallel_forward
from tagger.models.networks.multi_head_network import Network
from tagger.runtime.device import uses_bfloat16
from tagger.runtime.disposable_thread import halve_until_it_fits
from tagger.training.objective import DatasetSize, DevScore, Objective, StepLoss, Task, second_thread, word_tensors

EVALUATION_STREAMS = 10
EVALUATION_STEPS = 70


class LanguageObjective(Objective):
    """The language-model heads of a network.

    A step is read by two readers at a time, whatever the number of threads: the two directions, or the two halves of
    the streams. Each draws what it drops from a generator of its own, so the weights do not depend on the threads.
    ``arrays`` are the V tokens as numbers; ``following`` are the texts of the second epoch, the third and so on, the
    same text if None.
    """

    task: Task = "lm"
    improvement = "lower dev perplexity"

    def __init__(
        self,
        model: Network,
        arrays: WordArrays,
        train: TokenStream,
        dev: TokenStream | None,
        streams: StreamConfig,
        config: LanguageTrainingConfig,
        *,
        device: torch.device,
        following: Iterator[TokenStream] | None = None,
    ) -> None:
        self.model = model
        self.following = following
        self.begun = 0
        self.train, self.dev = train, dev
        self.streams = streams
        self.device, self.half = device, uses_bfloat16(config.precision, device)
        self.scaled = config.optimizer != "adamw"
        self.columns = word_tensors(arrays, device)
        self.size = DatasetSize(train.passages, len(train.ids), len(arrays.word_ids))
        self.readers = make_readers(model, streams, config.seed, device)
        self.carried = CarriedStates(self.readers)
        self.generator = torch.Generator(device).manual_seed(config.seed)
        layout = batchify(train.ids, streams.batch_size)
        self.steps_per_epoch = max(1, len(bptt_chunks(len(layout) - 1, streams.bptt)))
        self.pool: Executor | None = None

    def epoch(self, rng: np.random.Generator) -> tuple[int, Iterator[BpttChunk]]:
        """Read the whole text once, chunk after chunk; from another beginning each time, if jittered."""
        self._begin()
        ids = self.train.ids
        jitter = rng if self.streams.jitter else None
        if jitter is not None:  # so that streams are not cut at the same places in every epoch
            ids = ids[int(rng.integers(0, max(1, len(ids) // (4 * self.streams.batch_size)))) :]
        layout = batchify(ids, self.streams.batch_size)
        bounds = bptt_chunks(len(layout) - 1, self.streams.bptt, jitter)
        return len(bounds), self._chunks(layout, bounds)

    def _chunks(self, layout: np.ndarray, bounds: list[tuple[int, int]]) -> Iterator[BpttChunk]:
        for start, end in bounds:
            if len(self.model.lm_heads) > 1:
                views = (layout, layout[::-1, ::-1])
            else:
                half = (layout.shape[1] + 1) // 2
                views = (layout[:, :half], layout[:, half:])
            blocks = tuple((v[start:end], v[start + 1 : end + 1]) for v in views if v.shape[1])
            yield BpttChunk(blocks, start == 0)

    def loss(self, batch: BpttChunk) -> StepLoss:
        """Read a chunk, or a micro-batch of it, with each reader."""
        if batch.first:
            self.reset_state()
        if batch.streams is not None:
            self.carried.begin(batch.streams)
        inputs = np.concatenate([block.ravel() for block, _ in batch.blocks])
        types, rows = np.unique(inputs, return_inverse=True)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
            vectors = self._represent(types)
            losses = self._read(batch, vectors[torch.from_numpy(rows).to(self.device)])
        if batch.streams is not None:
            self.carried.end(batch.streams)
        steps, length = len(inputs), len(batch.blocks[0][0])
        lr_scale = length / self.streams.bptt if self.scaled and self.streams.jitter else 1.0
        return StepLoss(losses[0] / steps, losses[1], steps, lr_scale)

    def split_batch(self, batch: BpttChunk, parts: int) -> list[BpttChunk]:
        """Cut it into parts of about the same number of streams."""
        return split_chunk(batch, parts)

    def _represent(self, types: np.ndarray) -> Tensor:
        """Return the (U, D) vectors of tokens, some of them dropped in training (embedding dropout)."""
        ids = pad_to_multiple(torch.from_numpy(types.astype(np.int64))).to(self.device)
        columns = (None if column is None else column[ids] for column in self.columns)
        vectors: Tensor = self.model.words(*columns)[: len(types)]
        p = self.streams.embedding_dropout if self.model.training else 0.0
        return dropped(vectors, p, (len(types), 1), self.generator)

    def _read(self, batch: BpttChunk, vectors: Tensor) -> Tensor:
        """Return the (2,) sums over the readers: the loss to minimise, and the cross-entropy in nats."""
        parts, targets, start = [], [], 0
        for block, following in batch.blocks:
            parts.append(vectors[start : start + block.size].view(*block.shape, -1))
            targets.append(torch.from_numpy(following.astype(np.int64)).to(self.device))
            start += block.size
        jobs: list[Job] = [
            (partial(reader.loss, targets=target), reader.parameters)
            for reader, target in zip(self.readers, targets, strict=False)
        ]
        if self.pool is not None and len(parts) == 2 and torch.is_grad_enabled():
            return torch.stack(parallel_forward(jobs[0], jobs[1], (parts[0], parts[1]), self.pool)).sum(0)
        return torch.stack([compute(part) for (compute, _), part in zip(jobs, parts, strict=True)]).sum(0)

    def evaluate(self) -> DevScore | None:
        """Return the nats per token of the forward head on dev, in full precision."""
        if self.dev is None:
            return None
        self.model.eval()
        loss_sum, steps = halve_until_it_fits(partial(self._read_through, self.dev.ids), EVALUATION_STEPS)
        self.model.train()
        loss = loss_sum / max(1, steps)
        return DevScore(loss, perplexity=math.exp(min(loss, 700.0)))

    @torch.inference_mode()
    def _read_through(self, ids: np.ndarray, length: int) -> tuple[float, int]:
        """Return the summed nats and their number, read in chunks of this length; training keeps its states."""
        reader = self.readers[0]
        layout = batchify(ids, EVALUATION_STREAMS)
        total, steps = 0.0, 0
        carried, reader.states = reader.states, None
        try:
            for start, end in bptt_chunks(len(layout) - 1, length):
                block = layout[start:end]
                types, rows = np.unique(block, return_inverse=True)
                vectors = self._represent(types)[torch.from_numpy(rows.ravel()).to(self.device)]
                targets = torch.from_numpy(layout[start + 1 : end + 1].astype(np.int64)).to(self.device)
                total += float(reader.loss(vectors.view(*block.shape, -1), targets)[1])
                steps += block.size
        finally:
            reader.states = carried
        return total, steps

    def state_dict(self) -> dict[str, Any]:
        """Return the random generators, and the states of each reader."""
        return {
            "generator": self.generator.get_state(),
            "readers": [{"generator": r.generator.get_state(), "states": r.states} for r in self.readers],
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what ``state_dict`` returned."""
        if self.pool is not None:
            self.pool.submit(int).result()  # a reader whose fellow failed is still reading
        self.generator.set_state(state["generator"])
        for reader, saved in zip(self.readers, state["readers"], strict=True):
            reader.generator.set_state(saved["generator"])
            states = saved["states"]
            reader.states = states and [tuple(part.to(self.device) for part in layer) for layer in states]

    def reset_state(self) -> None:
        """Read on as if every stream began here."""
        for reader in self.readers:
            reader.restart()

    def data_state_dict(self) -> dict[str, Any]:
        """Return the number of chunks of a streamed text that were begun."""
        return {"begun": self.begun}

    def load_data_state_dict(self, state: Mapping[str, Any], rng: np.random.Generator) -> None:
        """Go on to that chunk of a streamed text."""
        while self.begun < state["begun"]:
            self._begin()

    def _begin(self) -> None:
        if self.begun and self.following is not None:
            self.train = next(self.following)
        self.begun += 1

    @contextmanager
    def on_threads(self, threads: int) -> Iterator[None]:
        """Run the second reader on a thread of its own, where there are two."""
        with second_thread(threads, self.device) as self.pool:
            try:
                yield
            finally:
                self.pool = None
