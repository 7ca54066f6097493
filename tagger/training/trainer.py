"""The training loop: an objective in, events out, the best weights left in the model."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import nn

from tagger.config.tagger import OptimizationConfig
from tagger.corpora.formats.sentence import number_of
from tagger.errors import TrainingError
from tagger.models.training.weight_averaging import AveragedWeights
from tagger.training.events import Callback, EpochEnd, Event, Finished, Started, Step
from tagger.training.objective import DevScore, Objective
from tagger.training.optimizer_step import GradientAccumulator, Optimization, OptimizerStep
from tagger.training.trainer_state import BestEpoch, EpochProgress, RunClock, load_random_state, random_state

STEPS_BETWEEN_EVENTS = 10
NOTHING_KEPT = "no epoch ended with finite weights and a finite loss on dev; try a lower peak: --learning-rate"


class Trainer:
    """One run of training; too many skipped steps in a row end it early.

    Args:
        model: the network, on its device; afterwards it holds the best (averaged) weights.
        objective: what the network learns.
        config: resolved training settings.
        optimization: how the weights of the network move.
        rng: draws everything that is drawn with NumPy.
        threads: threads to compute on.
        notes: for the user, in the first event.
        callbacks: take part in the loop; one of them may save and restore the run.

    Attributes:
        optimizer_step: makes the updates.
        best: the best of the epochs that are done.
        clock: measures the run.
        history: the epochs that are done.
        epoch: the epoch under way, None between epochs.
    """

    def __init__(
        self,
        model: nn.Module,
        objective: Objective,
        config: OptimizationConfig,
        optimization: Optimization,
        *,
        rng: np.random.Generator,
        threads: int = 1,
        notes: tuple[str, ...] = (),
        callbacks: Sequence[Callback] = (),
    ) -> None:
        self.model, self.objective, self.config = model, objective, config
        self.rng, self.threads, self.notes, self.callbacks = rng, threads, notes, callbacks
        gradients = GradientAccumulator(model, objective, memory_limited=config.max_memory is not None)
        self.optimizer_step = OptimizerStep(gradients, optimization)
        self.best = BestEpoch(optimization.average)
        self.clock = RunClock(config.epochs * objective.steps_per_epoch, config.max_minutes)
        self.history: list[EpochEnd] = []
        self.epoch: EpochProgress | None = None
        self._batches: tuple[int, Iterator[Any]] | None = None

    @property
    def device(self) -> torch.device:
        """Device of the model."""
        return next(self.model.parameters()).device

    @property
    def progress(self) -> float:
        """Share of the run that is done, 0 to 1, by steps or by time."""
        return self.clock.progress(self.optimizer_step.done)

    def state_dict(self) -> dict[str, Any]:
        """Return the state between two steps or two epochs; see ``tagger.training.events.Stateful``."""
        return {
            "optimizer_step": self.optimizer_step.state_dict(),
            "best": self.best.state_dict(),
            "seconds": self.clock.seconds,
            "history": [asdict(end) for end in self.history],
            "epochs_done": len(self.history),
            "epoch": None if self.epoch is None else self.epoch.state_dict(),
            "objective": self.objective.state_dict(),
            "data": self.objective.data_state_dict(),
            "random": random_state(self.rng, self.device),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go to where another run of the same network and data was.

        The batches of its epoch are planned and laid out again from the same random numbers, so that those left are
        the ones that would have been left.

        Raises:
            TrainingError: the state is that of another network.
        """
        self.optimizer_step.load_state_dict(state["optimizer_step"])
        self.best.load_state_dict(state["best"])
        self.history = [EpochEnd(**end) for end in state["history"]]
        if state["epoch"] is None:
            self.objective.load_data_state_dict(state["data"], self.rng)
        else:
            self.epoch = EpochProgress.from_state_dict(state["epoch"])
            self.rng.bit_generator.state = dict(self.epoch.rng)
            self.objective.load_data_state_dict(self.epoch.data, self.rng)
            self._batches = self.objective.epoch(self.rng)
            deque(islice(self._batches[1], self.epoch.done), maxlen=0)
        self.objective.load_state_dict(state["objective"])
        load_random_state(state["random"], self.rng, self.device)
        self.clock.before = state["seconds"]

    def events(self) -> Iterator[Event]:
        """Train; yield what happens. A run that is resumed begins with the events of the epochs that are done.

        Raises:
            TrainingError: the loss was not finite before any epoch was done, or the run cannot be resumed.
            Stopped: a signal arrived, and the state is saved.
        """
        notes = [note for callback in self.callbacks for note in callback.on_train_begin(self)]
        yield self._started((*self.notes, *notes))
        yield from tuple(self.history)
        self.clock.start()
        with self.objective.on_threads(self.threads):
            reason = yield from self._epochs()
        if not self.best.weights:
            raise TrainingError(self.optimizer_step.trouble or NOTHING_KEPT)
        self.best.restore()
        self.model.eval()
        score = self.best.score
        yield Finished(
            reason=reason,
            best_epoch=self.best.epoch,
            best_accuracy=score.accuracy if score else None,
            seconds=self.clock.seconds,
            best_perplexity=score.perplexity if score else None,
            best_span_f1=score.span_f1 if score else None,
        )

    def _epochs(self) -> Generator[Event, None, str]:
        """Train epoch after epoch; return why it ended."""
        while not (reason := self._reason_to_end()):
            end = yield from self._train_epoch(len(self.history) + 1)
            if end is None:
                return self.optimizer_step.trouble
            self.history.append(end)
            yield end
            for callback in self.callbacks:
                callback.on_epoch_end(self)
        return reason

    def _reason_to_end(self) -> str:
        """Say why there is no further epoch; nothing if there is one."""
        done, config = len(self.history), self.config
        if done and config.max_minutes and self.progress >= 1 and done < self.config.epochs:
            return f"the time of {config.max_minutes:g} minutes is up"
        if config.patience and done - self.best.epoch >= config.patience:
            return f"no {self.objective.improvement} for {number_of(config.patience, 'epoch')}"
        return "all epochs done" if done >= self.config.epochs else ""

    def _train_epoch(self, number: int) -> Generator[Event, None, EpochEnd | None]:
        """Train for the rest of an epoch; return None if the loss stays not finite."""
        self.model.train()
        epoch, (steps, batches) = self._begin_epoch()
        peak, schedule = self.optimizer_step.optimization.peak, self.optimizer_step.optimization.schedule
        for batch in batches:
            rate = peak * schedule.factor(self.progress)
            epoch.add(*self.optimizer_step.update(batch, rate, number - 1), rate)
            if epoch.done % STEPS_BETWEEN_EVENTS == 0 or epoch.done == steps:
                yield self._step_event(number, epoch, steps)
            if self.optimizer_step.diverged:
                return None
            for callback in self.callbacks:
                callback.on_step_end(self)
            if self.config.max_minutes and self.progress >= 1:
                break
        return self._end_epoch(number, epoch)

    def _begin_epoch(self) -> tuple[EpochProgress, tuple[int, Iterator[Any]]]:
        """Plan an epoch, or go on with the one of a restored state."""
        if self.epoch is None or self._batches is None:
            self.epoch = EpochProgress(self.rng.bit_generator.state, self.objective.data_state_dict())
            self._batches = self.objective.epoch(self.rng)
        batches, self._batches = self._batches, None
        self.epoch.watch.start()
        return self.epoch, batches

    def _end_epoch(self, number: int, epoch: EpochProgress) -> EpochEnd:
        """Score what was learnt, keep it if it is the best."""
        speed = epoch.tokens_per_second
        score = self._evaluate()
        best = epoch.tokens > 0 and self.best.update(score, number)
        self.optimizer_step.optimization.schedule.epoch_done(best)
        self._average.epoch_done(None if score is None else score.loss)
        self.epoch = None
        size = self.objective.size
        sentences_seen = max(1, round(size.sentences * epoch.tokens / max(1, size.tokens)))
        return EpochEnd(
            epoch=number,
            epochs=self.config.epochs,
            loss_sum=epoch.loss_sum / sentences_seen,
            loss_per_step=epoch.loss_per_step,
            dev_accuracy=score.accuracy if score else None,
            dev_loss_per_step=score.loss if score else None,
            best=best,
            learning_rate=epoch.learning_rate,
            tokens_per_second=speed,
            seconds=self.clock.seconds,
            dev_perplexity=score.perplexity if score else None,
            dev_span_f1=score.span_f1 if score else None,
            skipped_steps=epoch.skipped,
            num_micro_batches=self.optimizer_step.gradients.num_micro_batches,
        )

    @torch.inference_mode()
    def _evaluate(self) -> DevScore | None:
        """Score the averaged weights on dev."""
        with self._average.applied():
            return self.objective.evaluate()

    @property
    def _average(self) -> AveragedWeights:
        return self.optimizer_step.optimization.average

    def _started(self, notes: tuple[str, ...]) -> Started:
        objective = self.objective
        return Started(
            parameters=sum(p.numel() for p in self.model.parameters() if p.requires_grad),
            **asdict(objective.size),
            epochs=self.config.epochs,
            steps_per_epoch=objective.steps_per_epoch,
            device=str(self.device),
            threads=self.threads,
            notes=notes,
            task=objective.task,
            unit=objective.unit,
        )

    def _step_event(self, number: int, epoch: EpochProgress, steps: int) -> Step:
        return Step(
            epoch=number,
            step=epoch.done,
            steps=steps,
            loss_per_step=epoch.loss_per_step,
            tokens_per_second=epoch.tokens_per_second,
            learning_rate=epoch.learning_rate,
            seconds=self.clock.seconds,
            seconds_left=self.clock.seconds_left(self.optimizer_step.done),
        )
