"""The training loop: encoded splits in, events out, the best weights left in the model."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from tagger.calibration import apply_temperature, best_temperature
from tagger.config import TrainingConfig
from tagger.corpora.batching import Batch, assemble, plan
from tagger.corpora.encoding import EncodedSplit
from tagger.errors import TrainingError
from tagger.events import EpochEnd, Event, Finished, Started, Step
from tagger.models.averaging import AveragedWeights
from tagger.models.sequence_tagger import SequenceTagger, summed_loss
from tagger.optimisation import hiding, make_optimizer
from tagger.preparation import TAG, Prepared
from tagger.runtime import single_threaded
from tagger.schedules import Schedule
from tagger.tensors import word_tensors

EVALUATION_TOKENS = 2000
STEPS_BETWEEN_EVENTS = 10


@dataclass(slots=True)
class _Split:
    """An encoded split as tensors on a device."""

    encoded: EncodedSplit
    arrays: tuple[Tensor | None, ...]
    labels: dict[str, Tensor]

    @classmethod
    def on(cls, device: torch.device, encoded: EncodedSplit) -> _Split:
        return cls(
            encoded,
            word_tensors(encoded.arrays, device),
            {head: torch.from_numpy(ids).to(device) for head, ids in encoded.labels.items()},
        )


class Fitting:
    """One run of training.

    Args:
        model: the untrained model; afterwards it holds the best (averaged) weights.
        prepared: the encoded corpus.
        config: resolved training settings.
        device: where to compute.
        threads: intra-op threads, told in the first event.
        notes: told in the first event.
    """

    def __init__(
        self,
        model: SequenceTagger,
        prepared: Prepared,
        config: TrainingConfig,
        *,
        device: torch.device,
        threads: int = 1,
        rng: np.random.Generator,
        notes: tuple[str, ...] = (),
    ) -> None:
        self.model = model.to(device)
        self.config = config
        self.device = device
        self.rng = rng
        self.threads, self.notes = threads, notes
        self.num_labels = len(prepared.labels[TAG])
        self.train = _Split.on(device, prepared.train)
        self.dev = None if prepared.dev is None else _Split.on(device, prepared.dev)
        self.hide = hiding(prepared.counts, config.word_dropout or 0.0)
        self.optimizer = make_optimizer(model, config)
        self.average = AveragedWeights(model, config.average)
        self.schedule = Schedule(config.schedule, warmup=config.warmup)
        self.epochs = config.epochs or 1
        self.steps_per_epoch = len(plan(prepared.train.lengths, self._budget, np.random.default_rng(0)))
        self.steps_done = 0
        self.best: tuple[float, int] = (-1.0, 0)
        self.best_weights: list[Tensor] = []
        self.started = time.perf_counter()

    @property
    def _budget(self) -> int:
        return self.config.batch_tokens or 1

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self.started

    @property
    def progress(self) -> float:
        """How far the run is, 0 to 1: of its steps or of its time, whichever is further."""
        done = self.steps_done / max(1, self.steps_per_epoch * self.epochs)
        limit = self.config.max_minutes
        return max(done, self.seconds / (60 * limit)) if limit else done

    def events(self) -> Iterator[Event]:
        """Train; yield what happens.

        Raises:
            TrainingError: the loss is not finite.
        """
        self.started = time.perf_counter()
        split = self.train.encoded
        parameters = sum(p.numel() for p in self.model.parameters() if p.requires_grad)
        yield Started(
            parameters,
            len(split),
            len(split.type_ids),
            self.num_labels,
            self.epochs,
            self.steps_per_epoch,
            str(self.device),
            self.threads,
            self.notes,
        )
        with self._two_threads():
            reason = yield from self._epochs()
        self._restore_best()
        self.model.eval()
        accuracy = self.best[0] if self.dev is not None else None
        yield Finished(reason, self.best[1], accuracy, self.seconds)

    def _epochs(self) -> Generator[Event, None, str]:
        """Train epoch after epoch; return why it ended."""
        for epoch in range(1, self.epochs + 1):
            yield (yield from self._epoch(epoch))
            if self.config.max_minutes and self.progress >= 1 and epoch < self.epochs:
                return f"the time of {self.config.max_minutes:g} minutes is up"
            if self.config.patience and epoch - self.best[1] >= self.config.patience:
                return f"no better dev accuracy for {self.config.patience} epochs"
        return "all epochs done"

    @contextmanager
    def _two_threads(self) -> Iterator[None]:
        """One stack a thread where there are two threads; operations themselves are never shared among threads.

        So the weights do not depend on the number of threads.
        """
        if self.threads < 2 or self.device.type != "cpu":
            yield
            return
        with ThreadPoolExecutor(1, "tagger-training", initializer=single_threaded) as pool:
            self.model.encoder.pool = pool
            try:
                yield
            finally:
                self.model.encoder.pool = None

    def _epoch(self, epoch: int) -> Generator[Event, None, EpochEnd]:
        self.model.train()
        started = time.perf_counter()
        nats, tokens = torch.zeros((), dtype=torch.float64), 0
        batches = plan(self.train.encoded.lengths, self._budget, self.rng)
        rate = 0.0
        for step, sentences in enumerate(batches, 1):
            rate = self.config.learning_rate * self.schedule.factor(self.progress)
            loss, size = self._step(assemble(self.train.encoded, sentences, self.hide, self.rng), rate)
            nats += loss
            tokens += size
            if step % STEPS_BETWEEN_EVENTS == 0 or step == len(batches):
                _check_finite(float(nats), rate, self.config.learning_rate)
                speed = tokens / max(1e-9, time.perf_counter() - started)
                yield Step(
                    epoch,
                    step,
                    len(batches),
                    float(nats) / tokens,
                    speed,
                    rate,
                    self.seconds,
                    self._seconds_left(),
                )
            if self.config.max_minutes and self.progress >= 1:
                break
        _check_finite(float(nats), rate, self.config.learning_rate)
        speed = tokens / max(1e-9, time.perf_counter() - started)
        accuracy, dev_loss = self._evaluate()
        best = self._keep_if_best(accuracy, epoch)
        self.schedule.epoch_done(best)
        sentences_seen = max(1, round(len(self.train.encoded) * tokens / max(1, len(self.train.encoded.type_ids))))
        return EpochEnd(
            epoch,
            self.epochs,
            float(nats) / sentences_seen,
            float(nats) / max(1, tokens),
            accuracy,
            dev_loss,
            best,
            rate,
            speed,
            self.seconds,
        )

    def _step(self, batch: Batch, rate: float) -> tuple[Tensor, int]:
        """One update; the summed loss of the tagging head in nats (unsmoothed), and the number of steps."""
        size = len(batch.positions)
        positions = torch.from_numpy(batch.positions).to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.precision == "bfloat16"):
            logits = self._logits(self.train, batch)
        loss = summed = torch.zeros((), device=self.device)
        for head, scores in logits.items():
            targets = self.train.labels[head][positions]
            if head == TAG:
                loss = loss + summed_loss(scores, targets, label_smoothing=self.config.label_smoothing or 0.0)
                summed = summed_loss(scores.detach(), targets)
            else:
                loss = loss + self.config.auxiliary_weight * summed_loss(scores, targets)
        self.optimizer.zero_grad(set_to_none=True)
        (loss / size).backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip, foreach=True)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.step()
        self.average.update()
        self.steps_done += 1
        return summed.double().cpu(), size

    def _logits(self, split: _Split, batch: Batch) -> dict[str, Tensor]:
        """(N, K) scores by head."""
        types = torch.from_numpy(batch.types).to(self.device)
        word_ids, *others = (None if column is None else column[types] for column in split.arrays)
        assert word_ids is not None
        vectors = self.model.words(word_ids.masked_fill(torch.from_numpy(batch.hidden).to(self.device), 0), *others)
        steps, lengths = (
            torch.from_numpy(batch.steps).to(self.device),
            torch.from_numpy(batch.lengths).to(self.device),
        )
        logits: dict[str, Tensor] = self.model(vectors, steps, lengths)
        return {head: scores.float() if scores.dtype == torch.bfloat16 else scores for head, scores in logits.items()}

    @torch.inference_mode()
    def _evaluate(self) -> tuple[float | None, float | None]:
        """Accuracy (0 to 1) and nats per step of the averaged weights on dev."""
        if self.dev is None:
            return None, None
        with self.average.applied():
            scores, targets = self._dev_scores(self.dev)
        right = int((scores.argmax(1) == targets).sum())
        nats = float(summed_loss(scores, targets))
        return right / max(1, len(targets)), nats / max(1, int((targets >= 0).sum()))

    @torch.inference_mode()
    def _dev_scores(self, dev: _Split) -> tuple[Tensor, Tensor]:
        """(N, K) scores of the tagging head and (N,) labels of a split, in evaluation mode."""
        scores, targets = [], []
        self.model.eval()
        for sentences in plan(dev.encoded.lengths, EVALUATION_TOKENS):
            batch = assemble(dev.encoded, sentences)
            scores.append(self._logits(dev, batch)[TAG])
            targets.append(dev.labels[TAG][torch.from_numpy(batch.positions).to(self.device)])
        self.model.train()
        return torch.cat(scores), torch.cat(targets)

    def calibrate(self) -> None:
        """Scale the tagging head so that its posteriors fit dev; no tag changes."""
        if self.dev is not None and len(self.dev.encoded):
            temperature = best_temperature(*self._dev_scores(self.dev))
            apply_temperature(cast(nn.Linear, self.model.heads[TAG]), temperature)

    def _keep_if_best(self, accuracy: float | None, epoch: int) -> bool:
        """Copy the averaged weights when they score best; without a dev split the last ones count as best."""
        if accuracy is not None and accuracy <= self.best[0]:
            return False
        self.best = (self.best[0] if accuracy is None else accuracy, epoch)
        self.best_weights = [average.clone() for average in self.average.averages]
        return True

    @torch.no_grad()
    def _restore_best(self) -> None:
        for parameter, weights in zip(self.average.parameters, self.best_weights, strict=True):
            parameter.copy_(weights)

    def _seconds_left(self) -> float | None:
        progress = self.progress
        return self.seconds * (1 - progress) / progress if progress > 0 else None


def _check_finite(nats: float, rate: float, peak: float) -> None:
    if not np.isfinite(nats):
        raise TrainingError(
            f"the loss is {nats} at a learning rate of {rate:.2g}; expected a finite number. "
            f"Try a lower peak: --learning-rate {peak / 4:.1g}"
        )
