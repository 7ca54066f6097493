"""Parts of the state of a run: clocks, epoch, best epoch, random numbers."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tagger.models.training.weight_averaging import AveragedWeights
from tagger.training.objective import DevScore


class Stopwatch:
    """Measures seconds of work, interruptions of the run aside.

    Args:
        before: seconds until now.
    """

    def __init__(self, before: float = 0.0) -> None:
        self.before = before
        self.start()

    def start(self) -> None:
        """Start now, after the seconds before."""
        self._started = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Seconds so far."""
        return self.before + time.perf_counter() - self._started


class RunClock(Stopwatch):
    """Measures a run against its plan.

    Args:
        steps: planned for the whole run.
        max_minutes: time budget; None for none.
    """

    def __init__(self, steps: int, max_minutes: float | None) -> None:
        super().__init__()
        self.steps = steps
        self.max_minutes = max_minutes

    def progress(self, steps_done: int) -> float:
        """Return the share of the run that is done, 0 to 1, by steps or by time."""
        done = steps_done / max(1, self.steps)
        return max(done, self.seconds / (60 * self.max_minutes)) if self.max_minutes else done

    def seconds_left(self, steps_done: int) -> float | None:
        """Estimate the seconds until the end; None before the first step."""
        progress = self.progress(steps_done)
        return self.seconds * (1 - progress) / progress if progress > 0 else None


@dataclass(slots=True)
class EpochProgress:
    """The epoch under way.

    Args:
        rng: state of the NumPy generator before the batches of the epoch were planned.
        data: position of the data of the objective at that time.
        done: batches taken, skipped ones included.
        loss_sum: cross-entropy summed over the steps so far.
        tokens: steps so far.
        skipped: batches whose loss or gradient was not finite.
        learning_rate: of the last step.
        watch: measures the time spent on it.
    """

    rng: Mapping[str, Any]
    data: Mapping[str, Any]
    done: int = 0
    loss_sum: float = 0.0
    tokens: int = 0
    skipped: int = 0
    learning_rate: float = 0.0
    watch: Stopwatch = field(default_factory=Stopwatch)

    def add(self, loss_sum: float, tokens: int, learning_rate: float) -> None:
        """Count a batch; one without tokens was skipped."""
        self.done += 1
        self.loss_sum += loss_sum
        self.tokens += tokens
        self.skipped += not tokens
        self.learning_rate = learning_rate

    @property
    def loss_per_step(self) -> float:
        """Mean cross-entropy so far."""
        return self.loss_sum / max(1, self.tokens)

    @property
    def tokens_per_second(self) -> float:
        """Speed so far."""
        return self.tokens / max(1e-9, self.watch.seconds)

    def state_dict(self) -> dict[str, Any]:
        """Return the arguments, with plain seconds."""
        names = ("rng", "data", "done", "loss_sum", "tokens", "skipped", "learning_rate")
        return {name: getattr(self, name) for name in names} | {"seconds": self.watch.seconds}

    @classmethod
    def from_state_dict(cls, state: Mapping[str, Any]) -> EpochProgress:
        """Restore an epoch; its time goes on."""
        values = dict(state)
        return cls(watch=Stopwatch(values.pop("seconds")), **values)


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

    def update(self, score: DevScore | None, epoch: int) -> bool:
        """Keep the averaged weights if they score best, or if there is no dev split."""
        if score is not None:
            best = self.score
            if not math.isfinite(score.loss) or (best is not None and score.value <= best.value):
                return False
        if not all(bool(weights.isfinite().all()) for weights in self.average.ema_weights):
            return False
        self.score, self.epoch = score, epoch
        self.weights = [average.clone() for average in self.average.ema_weights]
        return True

    @torch.no_grad()
    def restore(self) -> None:
        """Give the model the weights of the best epoch."""
        for parameter, weights in zip(self.average.parameters, self.weights, strict=True):
            parameter.copy_(weights)

    def state_dict(self) -> dict[str, Any]:
        """Return the score, the epoch and its weights."""
        score = None if self.score is None else asdict(self.score)
        return {"score": score, "epoch": self.epoch, "weights": self.weights}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore them, on the device of the model."""
        self.score = None if state["score"] is None else DevScore(**state["score"])
        self.epoch = state["epoch"]
        self.weights = [
            saved.to(parameter.device)
            for saved, parameter in zip(state["weights"], self.average.parameters, strict=bool(state["weights"]))
        ]


def random_state(rng: np.random.Generator, device: torch.device) -> dict[str, Any]:
    """Return the state of every generator of a run."""
    return {
        "python": random.getstate(),
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state(device) if device.type == "cuda" else None,
        "numpy": rng.bit_generator.state,
    }


def load_random_state(state: Mapping[str, Any], rng: np.random.Generator, device: torch.device) -> None:
    """Restore the state of every generator of a run."""
    version, numbers, gauss = state["python"]
    random.setstate((version, tuple(numbers), gauss))
    torch.set_rng_state(state["torch"])
    if state["cuda"] is not None and device.type == "cuda":
        torch.cuda.set_rng_state(state["cuda"], device)
    rng.bit_generator.state = state["numpy"]
