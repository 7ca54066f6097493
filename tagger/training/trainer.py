"""The training loop: an objective in, events out, the best weights left in the model.

A step whose loss or gradient is not finite is left out and counted; after ``tagger.training.optimizer_step.HOPELESS``
of them in a row training ends, with the best weights so far.
"""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import nullcontext
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tagger.errors import TrainingError
from tagger.models.training.weight_averaging import AveragedWeights
from tagger.runtime.memory_limit import MemoryLimit
from tagger.training.checkpoint_callback import CheckpointCallback
from tagger.training.events import EpochEnd, Event, Finished, Started, Step
from tagger.training.objective import DevScore, LoopSettings, Objective
from tagger.training.optimizer_step import Gradients, OptimizerStep
from tagger.training.schedules import Schedule
from tagger.training.trainer_state import EpochSoFar, batches_from, begin


class BestEpoch:
    """Keeps the averaged weights of the best epoch so far.

    Args:
        average: the running average of the weights.

    Attributes:
        score: on dev; None where there is no dev split, or no epoch yet.
        epoch: its number, from 1; 0 while there is none.
        weights: of the averaged parameters, in order; empty while there is no epoch.
    """

    def __init__(self, average: AveragedWeights) -> None:
        self.average = average
        self.score: DevScore | None = None
        self.epoch = 0
        self.weights: list[Tensor] = []

    def consider(self, score: DevScore | None, epoch: int) -> bool:
        """Copy the averaged weights when they score best; without a dev split the last ones count as best."""
        if score is not None:
            best = self.score
            if not math.isfinite(score.loss) or (best is not None and score.value <= best.value):
                return False
        if not all(bool(weights.isfinite().all()) for weights in self.average.present):
            return False
        self.score, self.epoch = score, epoch
        self.weights = [average.clone() for average in self.average.present]
        return True

    @torch.no_grad()
    def put_back(self) -> None:
        """Give the model the weights of the best epoch."""
        for parameter, weights in zip(self.average.parameters, self.weights, strict=True):
            parameter.copy_(weights)


class RunClock:
    """Runs from when it is made or started.

    Args:
        steps: planned for the whole run.
        max_minutes: time budget; None for as long as it takes.

    Attributes:
        before: seconds of a run that is resumed, until it was saved.
    """

    def __init__(self, steps: int, max_minutes: float | None) -> None:
        self.steps = steps
        self.max_minutes = max_minutes
        self.before = 0.0
        self.start()

    def start(self) -> None:
        """Begin to count, besides what was before."""
        self._started = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Since the start, interruptions aside."""
        return self.before + time.perf_counter() - self._started

    def progress(self, steps_done: int) -> float:
        """How far the run is, 0 to 1: of its steps or of its time, whichever is further."""
        done = steps_done / max(1, self.steps)
        return max(done, self.seconds / (60 * self.max_minutes)) if self.max_minutes else done

    def seconds_left(self, steps_done: int) -> float | None:
        """About so many; None before the first step."""
        progress = self.progress(steps_done)
        return self.seconds * (1 - progress) / progress if progress > 0 else None


STEPS_BETWEEN_EVENTS = 10
NOTHING_KEPT = "no epoch ended with finite weights and a finite loss on dev; try a lower peak: --learning-rate"


class Trainer:
    """One run of training.

    Args:
        model: the untrained model; afterwards it holds the best (averaged) weights.
        objective: what it learns.
        config: resolved training settings.
        optimizer: moves the weights, see ``tagger.training.optimizer_step``.
        average: the running average of the weights.
        schedule: of the learning rate.
        device: where to compute.
        threads: threads to compute on.
        rng: draws everything that is drawn with NumPy.
        notes: told in the first event.
        checkpoint_callback: saves the state of the run, and puts the loop where an earlier run was.
        memory: the limit of the memory of the process, within which this runs.

    Attributes:
        current: the epoch under way, None between epochs.
        history: the epochs that are done.
        clock: how long it has taken.
        best: the best of the epochs that are done.
        gradients: computes those of a batch, in parts for want of memory.
        updates: moves the weights.
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
        checkpoint_callback: CheckpointCallback | None = None,
        memory: MemoryLimit | None = None,
    ) -> None:
        self.model = model
        self.objective = objective
        self.config = config
        self.optimizer, self.average, self.schedule = optimizer, average, schedule
        self.device = device
        self.rng = rng
        self.threads, self.notes = threads, notes
        self.epochs = config.epochs or 1
        self.steps_per_epoch = objective.steps_per_epoch
        self.epochs_done = 0
        self.best = BestEpoch(average)
        self.current: EpochSoFar | None = None
        self.history: list[EpochEnd] = []
        self.remembered: Mapping[str, Any] | None = None
        self.clock = RunClock(self.epochs * self.steps_per_epoch, config.max_minutes)
        self.epoch_started = time.perf_counter()
        self.checkpoint_callback = checkpoint_callback
        self.memory = memory
        self.gradients = Gradients(model, objective, memory, partial(_still_to_come, optimizer, self.best))
        self.peak = config.learning_rate or 1.0
        self.updates = OptimizerStep(self.gradients, optimizer, average, clip=config.clip, peak=self.peak)
        if checkpoint_callback is not None:
            checkpoint_callback.resume(self)

    @property
    def seconds(self) -> float:
        """Seconds of training since the start, interruptions aside."""
        return self.clock.seconds

    @property
    def epoch_seconds(self) -> float:
        """Seconds spent on the epoch under way."""
        before = 0.0 if self.current is None else self.current.seconds
        return before + time.perf_counter() - self.epoch_started

    @property
    def progress(self) -> float:
        """How far the run is, 0 to 1: of its steps or of its time, whichever is further."""
        return self.clock.progress(self.updates.done)

    def events(self) -> Iterator[Event]:
        """Train; yield what happens. The epochs of a run that is resumed are told again.

        Raises:
            TrainingError: the loss was not finite before any epoch was done.
            Stopped: a signal came, and the state is saved.
        """
        self.clock.start()
        self.gradients.check()
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
            getattr(self.objective, "unit", "word"),
        )
        yield from tuple(self.history)
        with (
            nullcontext() if self.checkpoint_callback is None else self.checkpoint_callback.watching(),
            self.objective.on_threads(self.threads),
        ):
            reason = yield from self._epochs()
        if not self.best.weights:
            raise TrainingError(self.updates.trouble or NOTHING_KEPT)
        self.best.put_back()
        self.model.eval()
        score = self.best.score
        yield Finished(
            reason,
            self.best.epoch,
            score.accuracy if score else None,
            self.seconds,
            score.perplexity if score else None,
        )

    def _epochs(self) -> Generator[Event, None, str]:
        """Train epoch after epoch; return why it ended."""
        while not (reason := self._reason_to_end()):
            end = yield from self._epoch(self.epochs_done + 1)
            if end is None:
                return self.updates.trouble
            self.history.append(end)
            yield end
            if self.checkpoint_callback is not None:
                self.checkpoint_callback.after_epoch(self)
        return reason

    def _reason_to_end(self) -> str:
        """Why there is no further epoch; nothing if there is one."""
        done = self.epochs_done
        if done and self.config.max_minutes and self.progress >= 1 and done < self.epochs:
            return f"the time of {self.config.max_minutes:g} minutes is up"
        if self.config.patience and done - self.best.epoch >= self.config.patience:
            names = {"pos": "better dev accuracy", "lm": "lower dev perplexity"}
            better = names.get(self.objective.task, "lower dev loss")
            return f"no {better} for {self.config.patience} epochs"
        return "all epochs done" if done >= self.epochs else ""

    def _epoch(self, epoch: int) -> Generator[Event, None, EpochEnd | None]:
        """Train for an epoch; None if it was given up."""
        self.model.train()
        number, batches = self._batches()
        so_far = self.current
        assert so_far is not None
        self.epoch_started = time.perf_counter()
        for batch in batches:
            so_far.rate = rate = self.peak * self.schedule.factor(self.progress)
            nats, size = self.updates.step(batch, rate, self.epochs_done)
            so_far.done += 1
            so_far.left_out += not size
            so_far.nats += float(nats)
            so_far.tokens += size
            if so_far.done % STEPS_BETWEEN_EVENTS == 0 or so_far.done == number:
                yield self._told(epoch, number)
            if self.updates.hopeless:
                return None
            if self.checkpoint_callback is not None:
                self.checkpoint_callback.after_step(self)
            if self.config.max_minutes and self.progress >= 1:
                break
        return self._end_of(epoch, so_far)

    def _batches(self) -> tuple[int, Iterator[Any]]:
        """The batches of a new epoch, or those that are left of the one under way."""
        if self.current is not None:
            return batches_from(self, self.current)
        self.current = begin(self)
        return self.objective.epoch(self.rng)

    def _told(self, epoch: int, number: int) -> Step:
        so_far = self.current
        assert so_far is not None
        speed = so_far.tokens / max(1e-9, self.epoch_seconds)
        loss = so_far.nats / max(1, so_far.tokens)
        return Step(
            epoch,
            so_far.done,
            number,
            loss,
            speed,
            so_far.rate,
            self.seconds,
            self.clock.seconds_left(self.updates.done),
        )

    def _end_of(self, epoch: int, so_far: EpochSoFar) -> EpochEnd:
        """Score what was learnt, keep it if it is the best."""
        speed = so_far.tokens / max(1e-9, self.epoch_seconds)
        self.epochs_done += 1
        score = self._evaluate()
        best = so_far.tokens > 0 and self.best.consider(score, epoch)
        self.schedule.epoch_done(best)
        self.average.epoch_done(None if score is None else score.loss)
        self.current = None
        whole = self.objective.size
        sentences_seen = max(1, round(whole.sentences * so_far.tokens / max(1, whole.tokens)))
        return EpochEnd(
            epoch,
            self.epochs,
            so_far.nats / sentences_seen,
            so_far.nats / max(1, so_far.tokens),
            score.accuracy if score else None,
            score.loss if score else None,
            best,
            so_far.rate,
            speed,
            self.seconds,
            score.perplexity if score else None,
            so_far.left_out,
            self.gradients.parts,
        )

    @torch.inference_mode()
    def _evaluate(self) -> DevScore | None:
        """How the averaged weights do on dev."""
        if self.memory is not None:
            self.memory.begin("scoring the dev data")
        with self.average.applied():
            return self.objective.evaluate()


def _still_to_come(optimizer: torch.optim.Optimizer, best: BestEpoch) -> int:
    """Bytes that later steps will want, besides those of their batches: of the optimiser, and of the best epoch."""
    size = sum(p.nbytes for p in best.average.parameters)
    moments = 2 if "betas" in optimizer.defaults and not optimizer.state else 0
    return size * (moments + (not best.weights))
