"""The training loop: an objective in, events out, the best weights left in the model.

A loss or a gradient that is not finite costs the step: it is left out and counted; after ``HOPELESS`` in a row training
ends, with the best weights so far.
"""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import nullcontext
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from tagger.errors import TrainingError
from tagger.events import EpochEnd, Event, Finished, Started, Step
from tagger.gradients import Gradients
from tagger.memory_limit import MemoryLimit
from tagger.models.averaging import AveragedWeights
from tagger.objective import DevScore, Objective, Remembers
from tagger.run_keeper import Keeper
from tagger.schedules import Schedule
from tagger.training_state import EpochSoFar, batches_from, begin

STEPS_BETWEEN_EVENTS = 10
HOPELESS = 10
"""Steps in a row whose loss or gradient was not finite, after which training ends."""
NOTHING_KEPT = "no epoch ended with finite weights and a finite loss on dev; try a lower peak: --learning-rate"


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
        keeper: saves the state of the run, and puts the loop where an earlier run was.
        memory: the limit of the memory of the process, within which this runs.

    Attributes:
        current: the epoch under way, None between epochs.
        history: the epochs that are done.
        seconds_before: of a run that is resumed, until it was saved.
        gradients: computes those of a batch, in parts for want of memory.
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
        keeper: Keeper | None = None,
        memory: MemoryLimit | None = None,
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
        self.current: EpochSoFar | None = None
        self.history: list[EpochEnd] = []
        self.remembered: Mapping[str, Any] | None = None
        self.in_a_row = 0
        self.trouble = ""
        self.seconds_before = 0.0
        self.started = self.epoch_started = time.perf_counter()
        self.keeper = keeper
        self.memory = memory
        self.gradients = Gradients(model, objective, memory, self._still_to_come)
        if keeper is not None:
            keeper.resume(self)

    @property
    def seconds(self) -> float:
        """Seconds of training since the start, interruptions aside."""
        return self.seconds_before + time.perf_counter() - self.started

    @property
    def epoch_seconds(self) -> float:
        """Seconds spent on the epoch under way."""
        before = 0.0 if self.current is None else self.current.seconds
        return before + time.perf_counter() - self.epoch_started

    @property
    def progress(self) -> float:
        """How far the run is, 0 to 1: of its steps or of its time, whichever is further."""
        done = self.steps_done / max(1, self.steps_per_epoch * self.epochs)
        limit = self.config.max_minutes
        return max(done, self.seconds / (60 * limit)) if limit else done

    def events(self) -> Iterator[Event]:
        """Train; yield what happens. The epochs of a run that is resumed are told again.

        Raises:
            TrainingError: the loss was not finite before any epoch was done.
            Stopped: a signal came, and the state is saved.
        """
        self.started = time.perf_counter()
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
        with nullcontext() if self.keeper is None else self.keeper.watching(), self.objective.on_threads(self.threads):
            reason = yield from self._epochs()
        if not self.best_weights:
            raise TrainingError(self.trouble or NOTHING_KEPT)
        self._restore_best()
        self.model.eval()
        score, epoch = self.best
        yield Finished(
            reason, epoch, score.accuracy if score else None, self.seconds, score.perplexity if score else None
        )

    def _epochs(self) -> Generator[Event, None, str]:
        """Train epoch after epoch; return why it ended."""
        while not (reason := self._reason_to_end()):
            end = yield from self._epoch(self.epochs_done + 1)
            if end is None:
                return self.trouble
            self.history.append(end)
            yield end
            if self.keeper is not None:
                self.keeper.after_epoch(self)
        return reason

    def _reason_to_end(self) -> str:
        """Why there is no further epoch; nothing if there is one."""
        done = self.epochs_done
        if done and self.config.max_minutes and self.progress >= 1 and done < self.epochs:
            return f"the time of {self.config.max_minutes:g} minutes is up"
        if self.config.patience and done - self.best[1] >= self.config.patience:
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
            nats, size = self._step(batch, rate)
            so_far.done += 1
            so_far.left_out += not size
            so_far.nats += float(nats)
            so_far.tokens += size
            if so_far.done % STEPS_BETWEEN_EVENTS == 0 or so_far.done == number:
                yield self._told(epoch, number)
            if self.in_a_row >= HOPELESS:
                return None
            if self.keeper is not None:
                self.keeper.after_step(self)
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
        return Step(epoch, so_far.done, number, loss, speed, so_far.rate, self.seconds, self._seconds_left())

    def _end_of(self, epoch: int, so_far: EpochSoFar) -> EpochEnd:
        """Score what was learnt, keep it if it is the best."""
        speed = so_far.tokens / max(1e-9, self.epoch_seconds)
        self.epochs_done += 1
        score = self._evaluate()
        best = so_far.tokens > 0 and self._keep_if_best(score, epoch)
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

    def _step(self, batch: Any, rate: float) -> tuple[Tensor, int]:
        """One update; the summed cross-entropy in nats, and the number of steps: 0 if it was left out."""
        found = self.gradients.of(batch)
        norm = float(nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip, foreach=True))
        nats = found.nats.detach().double().cpu()
        self.steps_done += 1
        if not math.isfinite(norm) or not math.isfinite(float(nats)):
            self._leave_out(float(nats), rate)
            return torch.zeros_like(nats), 0
        for group in self.optimizer.param_groups:
            frozen = self.epochs_done < group.get("frozen", 0)
            group["lr"] = 0.0 if frozen else rate * found.rate * group.get("scale", 1.0)
        self.optimizer.step()
        self.average.update()
        self.in_a_row = 0
        return nats, found.steps

    def _still_to_come(self) -> int:
        """Bytes that later steps will want, besides those of their batches: of the optimiser, and of the best epoch."""
        size = sum(p.nbytes for p in self.average.parameters)
        moments = 2 if "betas" in self.optimizer.defaults and not self.optimizer.state else 0
        return size * (moments + (not self.best_weights))

    def _leave_out(self, nats: float, rate: float) -> None:
        """Forget a step whose loss or gradient is not finite."""
        self.optimizer.zero_grad(set_to_none=True)
        if isinstance(self.objective, Remembers):
            self.objective.forget()
        self.in_a_row += 1
        what = "the gradient is not finite" if math.isfinite(nats) else f"the loss is {nats}"
        self.trouble = (
            f"{what} at a learning rate of {rate:.2g}; expected a finite number. "
            f"Try a lower peak: --learning-rate {self.peak / 4:.1g}"
        )

    @torch.inference_mode()
    def _evaluate(self) -> DevScore | None:
        """How the averaged weights do on dev."""
        if self.memory is not None:
            self.memory.begin("scoring the dev data")
        with self.average.applied():
            return self.objective.evaluate()

    def _keep_if_best(self, score: DevScore | None, epoch: int) -> bool:
        """Copy the averaged weights when they score best; without a dev split the last ones count as best."""
        best, _ = self.best
        if score is not None and (not math.isfinite(score.loss) or (best is not None and score.value <= best.value)):
            return False
        if not all(bool(weights.isfinite().all()) for weights in self.average.present):
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
