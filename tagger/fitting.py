"""The training loop: an objective in, events out, the best weights left in the model."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from tagger.errors import TrainingError
from tagger.events import EpochEnd, Event, Finished, Started, Step
from tagger.models.averaging import AveragedWeights
from tagger.objective import DevScore, Objective
from tagger.schedules import Schedule

STEPS_BETWEEN_EVENTS = 10


class LoopSettings(Protocol):
    """The settings that the loop itself reads, whatever is learnt."""

    @property
    def epochs(self) -> int | None:
        """Epochs planned."""

    @property
    def learning_rate(self) -> float | None:
        """Peak rate."""

    @property
    def clip(self) -> float:
        """Largest norm of the gradient."""

    @property
    def patience(self) -> int:
        """Epochs without a better score before stopping; 0 for never."""

    @property
    def max_minutes(self) -> float | None:
        """Time budget."""


class Fitting:
    """One run of training.

    Args:
        model: the untrained model; afterwards it holds the best (averaged) weights.
        objective: what it learns.
        config: resolved training settings.
        optimizer: moves the weights; a group may have a ``scale``, a factor of the learning rate, and may be ``frozen``
            for so many epochs.
        average: the running average of the weights.
        schedule: of the learning rate.
        device: where to compute.
        threads: threads to compute on.
        rng: draws everything that is drawn with NumPy.
        notes: told in the first event.
    """

    def __init__(
        self,
        model: nn.Module,
        objective: Objective,
        config: LoopSettings,
        *,
        optimizer: torch.optim.Optimizer,
        average: AveragedWeights,
        schedule: Schedule,
        device: torch.device,
        threads: int = 1,
        rng: np.random.Generator,
        notes: tuple[str, ...] = (),
    ) -> None:
        self.model = model
        self.objective = objective
        self.config = config
        self.optimizer, self.average, self.schedule = optimizer, average, schedule
        self.device = device
        self.rng = rng
        self.threads, self.notes = threads, notes
        self.peak = config.learning_rate or 1.0
        self.epochs = config.epochs or 1
        self.steps_per_epoch = objective.steps_per_epoch
        self.steps_done = self.epochs_done = 0
        self.best: tuple[DevScore | None, int] = (None, 0)
        self.best_weights: list[Tensor] = []
        self.started = time.perf_counter()

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
        size = self.objective.size
        yield Started(
            sum(p.numel() for p in self.model.parameters() if p.requires_grad),
            size.sentences,
            size.tokens,
            size.labels,
            self.epochs,
            self.steps_per_epoch,
            str(self.device),
            self.threads,
            self.notes,
            self.objective.task,
        )
        with self.objective.on_threads(self.threads):
            reason = yield from self._epochs()
        self._restore_best()
        self.model.eval()
        score, epoch = self.best
        yield Finished(
            reason, epoch, score.accuracy if score else None, self.seconds, score.perplexity if score else None
        )

    def _epochs(self) -> Generator[Event, None, str]:
        """Train epoch after epoch; return why it ended."""
        for epoch in range(1, self.epochs + 1):
            yield (yield from self._epoch(epoch))
            if self.config.max_minutes and self.progress >= 1 and epoch < self.epochs:
                return f"the time of {self.config.max_minutes:g} minutes is up"
            if self.config.patience and epoch - self.best[1] >= self.config.patience:
                better = "better dev accuracy" if self.objective.task == "pos" else "lower dev perplexity"
                return f"no {better} for {self.config.patience} epochs"
        return "all epochs done"

    def _epoch(self, epoch: int) -> Generator[Event, None, EpochEnd]:
        self.model.train()
        started = time.perf_counter()
        nats, tokens = torch.zeros((), dtype=torch.float64), 0
        number, batches = self.objective.epoch(self.rng)
        rate = 0.0
        for step, batch in enumerate(batches, 1):
            rate = self.peak * self.schedule.factor(self.progress)
            loss, size = self._step(batch, rate)
            nats += loss
            tokens += size
            if step % STEPS_BETWEEN_EVENTS == 0 or step == number:
                _check_finite(float(nats), rate, self.peak)
                speed = tokens / max(1e-9, time.perf_counter() - started)
                yield Step(epoch, step, number, float(nats) / tokens, speed, rate, self.seconds, self._seconds_left())
            if self.config.max_minutes and self.progress >= 1:
                break
        _check_finite(float(nats), rate, self.peak)
        speed = tokens / max(1e-9, time.perf_counter() - started)
        self.epochs_done += 1
        score = self._evaluate()
        best = self._keep_if_best(score, epoch)
        self.schedule.epoch_done(best)
        self.average.epoch_done(None if score is None else score.loss)
        whole = self.objective.size
        sentences_seen = max(1, round(whole.sentences * tokens / max(1, whole.tokens)))
        return EpochEnd(
            epoch,
            self.epochs,
            float(nats) / sentences_seen,
            float(nats) / max(1, tokens),
            score.accuracy if score else None,
            score.loss if score else None,
            best,
            rate,
            speed,
            self.seconds,
            score.perplexity if score else None,
        )

    def _step(self, batch: Any, rate: float) -> tuple[Tensor, int]:
        """One update; the summed cross-entropy in nats, and the number of steps."""
        found = self.objective.loss(batch)
        self.optimizer.zero_grad(set_to_none=True)
        found.loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip, foreach=True)
        for group in self.optimizer.param_groups:
            frozen = self.epochs_done < group.get("frozen", 0)
            group["lr"] = 0.0 if frozen else rate * found.rate * group.get("scale", 1.0)
        self.optimizer.step()
        self.average.update()
        self.steps_done += 1
        return found.nats.detach().double().cpu(), found.steps

    @torch.inference_mode()
    def _evaluate(self) -> DevScore | None:
        """How the averaged weights do on dev."""
        with self.average.applied():
            return self.objective.evaluate()

    def _keep_if_best(self, score: DevScore | None, epoch: int) -> bool:
        """Copy the averaged weights when they score best; without a dev split the last ones count as best."""
        best, _ = self.best
        if score is not None and best is not None and not score.value > best.value:
            return False
        self.best = (score, epoch)
        self.best_weights = [average.clone() for average in self.average.present]
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
