"""One update of the weights after the other.

A step whose loss or gradient is not finite is skipped and counted. A batch for which memory runs out is tried again in
twice as many micro-batches, whose gradients are added.
"""

from __future__ import annotations

import gc
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from tagger.errors import TrainingError
from tagger.models.training.weight_averaging import AveragedWeights
from tagger.runtime.disposable_thread import DisposableThread
from tagger.runtime.memory_limit import ran_out_of_memory, renew_limit
from tagger.training.objective import Objective, StepLoss
from tagger.training.schedules import Schedule


class GradientAccumulator:
    """Computes the gradients of batches.

    Args:
        model: whose parameters get them.
        objective: what is learnt.
        memory_limited: compute batches on a thread that is replaced after a failure.

    Attributes:
        num_micro_batches: parts that each batch is computed in; it never falls.
    """

    def __init__(self, model: nn.Module, objective: Objective, *, memory_limited: bool = False) -> None:
        self.model = model
        self.objective = objective
        self.memory_limited = memory_limited
        self.num_micro_batches = 1
        self._thread = DisposableThread()

    def compute(self, batch: Any) -> StepLoss:
        """Compute the loss and gradients of a batch; double the parts until memory suffices.

        Raises:
            MemoryError, RuntimeError: memory ran out for a batch that cannot be split further.
        """
        before = self.objective.state_dict()
        while True:
            renew_limit()
            try:
                if self.memory_limited:
                    return self._thread.submit(self.accumulate_gradients, batch).result()
                return self.accumulate_gradients(batch)
            except (MemoryError, RuntimeError, SystemError) as error:
                if not ran_out_of_memory(error, limited=self.memory_limited) or not self._can_split(batch):
                    raise
            gc.collect()  # what failed still holds what it had computed
            self.num_micro_batches *= 2
            self.objective.load_state_dict(before)

    def accumulate_gradients(self, batch: Any) -> StepLoss:
        """Compute the same in the present number of micro-batches."""
        self.model.zero_grad(set_to_none=True)
        if self.num_micro_batches == 1:
            result = self.objective.loss(batch)
            result.loss.backward()  # type: ignore[no-untyped-call]
            return result
        total = StepLoss(torch.zeros(()), torch.zeros((), dtype=torch.float64), 0)
        for part in self.objective.split_batch(batch, self.num_micro_batches):
            result = self.objective.loss(part)
            (result.loss * max(1, result.steps)).backward()  # type: ignore[no-untyped-call]
            total.loss_sum = total.loss_sum + result.loss_sum.detach().double().cpu()
            total.steps += result.steps
            total.lr_scale = result.lr_scale
        for parameter in self.model.parameters():
            if parameter.grad is not None:
                parameter.grad /= total.steps
        return total

    def _can_split(self, batch: Any) -> bool:
        """Whether a batch can be cut into more parts than at present."""
        return len(self.objective.split_batch(batch, 2 * self.num_micro_batches)) > self.num_micro_batches


@dataclass(frozen=True, slots=True)
class Optimization:
    """The optimizer, running average and schedule that move the weights.

    Args:
        optimizer: a group may have a ``scale``, a factor of the learning rate, and may be ``frozen`` for some epochs.
        average: the running average of the weights.
        schedule: of the learning rate.
        peak: highest learning rate.
        clip: largest norm of the gradient.
    """

    optimizer: torch.optim.Optimizer
    average: AveragedWeights
    schedule: Schedule
    peak: float
    clip: float


MAX_SKIPPED = 10
"""Steps in a row whose loss or gradient was not finite, after which training ends."""


class OptimizerStep:
    """Moves the weights.

    Attributes:
        done: steps, those skipped included.
        skipped_in_a_row: steps skipped since the last one that was not.
        trouble: what was wrong with the last step that was skipped, and what to change.
    """

    def __init__(self, gradients: GradientAccumulator, optimization: Optimization) -> None:
        self.gradients = gradients
        self.optimization = optimization
        self.done = self.skipped_in_a_row = 0
        self.trouble = ""

    @property
    def diverged(self) -> bool:
        """Whether too many steps in a row were skipped."""
        return self.skipped_in_a_row >= MAX_SKIPPED

    def update(self, batch: Any, rate: float, epochs_done: int = 0) -> tuple[float, int]:
        """Make one update; groups of parameters may be frozen for some epochs.

        Returns:
            The summed cross-entropy in nats, and the number of steps of the batch: both 0 if it was skipped.
        """
        loss = self.gradients.compute(batch)
        renew_limit()
        optimizer = self.optimization.optimizer
        norm = float(nn.utils.clip_grad_norm_(self.gradients.model.parameters(), self.optimization.clip, foreach=True))
        loss_sum = float(loss.loss_sum.detach())
        self.done += 1
        if not math.isfinite(norm) or not math.isfinite(loss_sum):
            self._skip(loss_sum, rate)
            return 0.0, 0
        for group in optimizer.param_groups:
            frozen = epochs_done < group.get("frozen", 0)
            group["lr"] = 0.0 if frozen else rate * loss.lr_scale * group.get("scale", 1.0)
        optimizer.step()
        self.optimization.average.update()
        self.skipped_in_a_row = 0
        return loss_sum, loss.steps

    def _skip(self, loss_sum: float, rate: float) -> None:
        """Forget a step whose loss or gradient is not finite."""
        self.optimization.optimizer.zero_grad(set_to_none=True)
        self.gradients.objective.reset_state()
        self.skipped_in_a_row += 1
        what = "the gradient is not finite" if math.isfinite(loss_sum) else f"the loss is {loss_sum}"
        self.trouble = (
            f"{what} at a learning rate of {rate:.2g}; expected a finite number. "
            f"Try a lower peak: --learning-rate {self.optimization.peak / 4:.1g}"
        )

    def state_dict(self) -> dict[str, Any]:
        """Return the weights and all that decides how they move on."""
        optimizer = self.optimization.optimizer.state_dict()["state"]
        return {
            "model": self.gradients.model.state_dict(),
            "optimizer": {str(number): own for number, own in optimizer.items()},
            "average": self.optimization.average.state_dict(),
            "schedule": self.optimization.schedule.state_dict(),
            "done": self.done,
            "skipped_in_a_row": self.skipped_in_a_row,
            "num_micro_batches": self.gradients.num_micro_batches,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore it; the groups of the optimizer and their settings are those of the present run.

        Raises:
            TrainingError: the state is that of another network.
        """
        optimizer = self.optimization.optimizer
        moments = {int(number): dict(own) for number, own in state["optimizer"].items()}
        try:
            self.gradients.model.load_state_dict(state["model"])
            optimizer.load_state_dict({**optimizer.state_dict(), "state": moments})
        except (RuntimeError, ValueError) as error:
            raise TrainingError(f"the state of the run is that of another network: {str(error)[:200]}") from error
        self.optimization.average.load_state_dict(state["average"])
        self.optimization.schedule.load_state_dict(state["schedule"])
        self.done, self.skipped_in_a_row = state["done"], state["skipped_in_a_row"]
        self.gradients.num_micro_batches = state["num_micro_batches"]
