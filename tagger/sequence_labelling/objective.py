"""Sequence labelling as an objective: batches of sentences, cross-entropy summed over their steps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from tagger.config.tagger import TAG, TrainingConfig
from tagger.corpora.encoding.batching import Batch, assemble, divided, plan
from tagger.corpora.encoding.encoded_split import EncodedSplit
from tagger.evaluation.calibration import apply_temperature, best_temperature
from tagger.evaluation.span_scores import SpanCounter
from tagger.models.networks.multi_head_network import Network, summed_loss
from tagger.runtime.disposable_thread import halve_until_it_fits
from tagger.sequence_labelling.preparation import Prepared
from tagger.training.objective import DatasetSize, DevScore, Objective, StepLoss, Task, second_thread, word_tensors
from tagger.training.optimizers import word_dropout_probs

EVALUATION_TOKENS = 2000


@dataclass(slots=True)
class SplitTensors:
    """An encoded split as tensors on a device.

    Args:
        encoded: the split.
        arrays: its distinct words, see ``word_tensors``.
        labels: by head, (N,) label ids, or (N, K) numbers.
    """

    encoded: EncodedSplit
    arrays: tuple[Tensor | None, ...]
    labels: dict[str, Tensor]

    @classmethod
    def on(cls, device: torch.device, encoded: EncodedSplit) -> SplitTensors:
        """Put an encoded split on a device."""
        return cls(
            encoded,
            word_tensors(encoded.arrays, device),
            {head: torch.from_numpy(ids).to(device) for head, ids in encoded.labels.items()},
        )


def score_batch(model: Network, split: SplitTensors, batch: Batch) -> dict[str, Tensor]:
    """Score the real steps of a batch of a split: (N, K) by head, sentence after sentence."""
    all_ids = split.arrays[0]
    assert all_ids is not None
    types, hidden, steps, lengths = (
        torch.from_numpy(array).to(all_ids.device) for array in (batch.types, batch.hidden, batch.steps, batch.lengths)
    )
    word_ids, *others = (None if column is None else column[types] for column in split.arrays)
    assert word_ids is not None
    vectors = model.words(word_ids.masked_fill(hidden, 0), *others)
    scores: dict[str, Tensor] = model(vectors, steps, lengths)
    return {head: values.float() if values.dtype == torch.bfloat16 else values for head, values in scores.items()}


class TaggingObjective(Objective):
    """The tagging head, and auxiliary heads beside it."""

    task: Task = "pos"
    improvement = "better dev accuracy"

    def __init__(self, model: Network, prepared: Prepared, config: TrainingConfig, *, device: torch.device) -> None:
        self.model = model
        self.config = config
        self.device = device
        self.train = SplitTensors.on(device, prepared.train)
        self.dev = None if prepared.dev is None else SplitTensors.on(device, prepared.dev)
        self.dev_unlabelled = prepared.dev_unlabelled
        self.hide = word_dropout_probs(prepared.counts, config.word_dropout)
        self.size = DatasetSize(len(prepared.train), len(prepared.train.type_ids), len(prepared.labels[TAG]))
        self.spans = SpanCounter(prepared.labels[TAG].names) if prepared.has_spans else None
        if prepared.dev is not None and self.spans is not None:
            gold = prepared.dev.labels[TAG]
            if not self.spans.count(gold, gold, prepared.dev.lengths).any():
                self.spans = None  # dev has none to judge by
        if self.spans is not None:
            self.improvement = "better dev span F1"
        self.steps_per_epoch = len(plan(prepared.train.lengths, config.batch_tokens, np.random.default_rng(0)))

    def epoch(self, rng: np.random.Generator) -> tuple[int, Iterator[Batch]]:
        """Read every sentence once."""
        batches = plan(self.train.encoded.lengths, self.config.batch_tokens, rng)
        return len(batches), (assemble(self.train.encoded, sentences, self.hide, rng) for sentences in batches)

    def loss(self, batch: Batch) -> StepLoss:
        """Compute the cross-entropy of all heads, auxiliary ones weighted; the reported sum is the tagging head's."""
        size = int((self.train.encoded.labels[TAG][batch.positions] >= 0).sum())  # words with a label
        positions = torch.from_numpy(batch.positions).to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.precision == "bfloat16"):
            logits = score_batch(self.model, self.train, batch)
        loss = summed = torch.zeros((), device=self.device)
        for head, scores in logits.items():
            targets = self.train.labels[head][positions]
            if head == TAG:
                loss = loss + summed_loss(scores, targets, label_smoothing=self.config.label_smoothing)
                summed = summed_loss(scores.detach(), targets)
            else:
                loss = loss + self.config.auxiliary_weight * summed_loss(scores, targets)
        return StepLoss(loss / size, summed, size)

    def split_batch(self, batch: Batch, parts: int) -> list[Batch]:
        """Cut it into parts of about the same number of sentences."""
        return divided(batch, parts)

    def evaluate(self) -> DevScore | None:
        """Return the accuracy, the nats per labelled step, and the F1 of the spans that the labels write."""
        if self.dev is None:
            return None
        scores, targets = self._dev_scores(self.dev)
        predicted = scores.argmax(1)
        right = int((predicted == targets).sum())
        nats = float(summed_loss(scores, targets))
        f1 = None
        if self.spans is not None:
            longest_first = -np.sort(-self.dev.encoded.lengths)  # the order of ``plan``
            found = self.spans.count(targets.cpu().numpy(), predicted.cpu().numpy(), longest_first).sum(axis=1)
            f1 = 2 * int(found[0]) / max(1, int(found[1] + found[2]))
        return DevScore(
            nats / max(1, int((targets >= 0).sum())), right / max(1, len(targets) - self.dev_unlabelled), span_f1=f1
        )

    def _dev_scores(self, dev: SplitTensors) -> tuple[Tensor, Tensor]:
        """Return (N, K) scores and (N,) labels, in smaller batches where memory runs out."""
        return halve_until_it_fits(partial(self._scores_of, dev), EVALUATION_TOKENS)

    @torch.inference_mode()
    def _scores_of(self, dev: SplitTensors, tokens: int) -> tuple[Tensor, Tensor]:
        """Return the same in evaluation mode, in batches of this number of tokens."""
        scores, targets = [], []
        self.model.eval()
        for sentences in plan(dev.encoded.lengths, tokens):
            batch = assemble(dev.encoded, sentences)
            scores.append(score_batch(self.model, dev, batch)[TAG])
            targets.append(dev.labels[TAG][torch.from_numpy(batch.positions).to(self.device)])
        self.model.train()
        return torch.cat(scores), torch.cat(targets)

    def finish(self) -> None:
        """Calibrate the tagging head on dev (no tag changes), and drop the auxiliary heads."""
        if self.dev is not None and len(self.dev.encoded):
            temperature = best_temperature(*self._dev_scores(self.dev))
            apply_temperature(cast(nn.Linear, self.model.heads[TAG]), temperature)
        for head in [name for name in self.model.heads if name != TAG]:
            del self.model.heads[head]

    @contextmanager
    def on_threads(self, threads: int) -> Iterator[None]:
        """Run each stack on its own thread; the weights do not depend on their number."""
        with second_thread(threads, self.device) as self.model.encoder.pool:
            try:
                yield
            finally:
                self.model.encoder.pool = None
