"""One update of the weights after the other.

A loss or a gradient that is not finite costs the step: it is left out and counted.
"""

from __future__ import annotations

import gc
import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from tagger.models.training.weight_averaging import AveragedWeights
from tagger.runtime.device import ran_out_of_memory
from tagger.runtime.disposable_thread import OneThread
from tagger.runtime.memory_limit import MemoryLimit
from tagger.training.objective import Objective, SplitsBatches, Stateful, StepLoss

SMALLEST = 1_000_000
"""Parts into which a batch is never divided: as many as there can be."""


class Gradients:
    """Computes them.

    Args:
        model: whose parameters get them.
        objective: what is learnt.
        memory: the limit of the memory of the process, within which this runs.
        still_to_come: bytes that later steps will want, besides those of their batches.

    Attributes:
        parts: into which batches are divided for want of memory; it never falls.
    """

    def __init__(
        self, model: nn.Module, objective: Objective, memory: MemoryLimit | None, still_to_come: Callable[[], int]
    ) -> None:
        self.model = model
        self.objective = objective
        self.memory = memory
        self.still_to_come = still_to_come
        self.parts = 1
        self.thread = OneThread()
        self.warm = False

    def check(self) -> None:
        """Refuse to begin where even without batches the limit would be crossed.

        Raises:
            TrainingError: it would.
        """
        if self.memory is not None:
            needed = self.still_to_come() + sum(p.nbytes for p in self.model.parameters())
            self.memory.check(needed, what="gradients, optimiser and averages take")

    def of(self, batch: Any) -> StepLoss:
        """The loss of a batch; its gradients are those of the parameters afterwards.

        Raises:
            MemoryError, RuntimeError: memory ran out for a batch that cannot be divided further.
            TrainingError: the same, where there is a limit.
        """
        before = self.objective.state() if isinstance(self.objective, Stateful) else {}
        if self.memory is not None and not self.warm:
            self._warm_up(self.memory, batch)
        while (found := self._tried(batch)) is None:
            gc.collect()  # what failed still holds what it had computed
            self.parts *= 2
            if isinstance(self.objective, Stateful):
                self.objective.restore(before)
        if self.memory is not None:
            self._look_at(self.memory, batch)
        return found

    def _tried(self, batch: Any) -> StepLoss | None:
        """The loss; None if memory ran out, and the batch can be divided further."""
        self._clear()
        try:
            if self.memory is None:
                return self.accumulate_gradients(batch)
            self.thread.submit(int).result()  # its stack comes before what a batch may take
            with self.memory.but_for(self.still_to_come()):
                return self.thread.submit(self.accumulate_gradients, batch).result()
        except (MemoryError, RuntimeError, SystemError) as error:
            if not ran_out_of_memory(error, limited=self.memory is not None):
                raise
            if self._can_divide(batch):
                return None
            if self.memory is None:
                raise
            raise self.memory.refusal(error) from error

    def accumulate_gradients(self, batch: Any) -> StepLoss:
        """The same in as many parts as there are at present, whatever memory there is."""
        if self.parts == 1 or not isinstance(self.objective, SplitsBatches):
            found = self.objective.loss(batch)
            found.loss.backward()  # type: ignore[no-untyped-call]
            return found
        total = StepLoss(torch.zeros(()), torch.zeros((), dtype=torch.float64), 0)
        for part in self.objective.divide(batch, self.parts):
            found = self.objective.loss(part)
            (found.loss * max(1, found.steps)).backward()  # type: ignore[no-untyped-call]
            total.nats = total.nats + found.nats.detach().double().cpu()
            total.steps += found.steps
            total.rate = found.rate
        for parameter in self.model.parameters():
            if parameter.grad is not None:
                parameter.grad /= total.steps
        return total

    def _warm_up(self, memory: MemoryLimit, batch: Any) -> None:
        """Compute the smallest part of a batch once, for nothing: libraries now reserve what they will not use up.

        What is left of the limit afterwards is left for batches.
        """
        self.warm = True
        if not isinstance(self.objective, SplitsBatches):
            return
        before = self.objective.state() if isinstance(self.objective, Stateful) else {}
        drawn = torch.get_rng_state()
        part = self.objective.divide(batch, SMALLEST)[0]
        with memory.lifted():
            self.thread.submit(lambda: self.objective.loss(part).loss.backward()).result()  # type: ignore[no-untyped-call]
        torch.set_rng_state(drawn)
        if isinstance(self.objective, Stateful):
            self.objective.restore(before)

    def _look_at(self, memory: MemoryLimit, batch: Any) -> None:
        """Where the kernel does not keep the limit: divide batches before it is crossed."""
        if memory.near():
            if self._can_divide(batch):
                self.parts *= 2
            elif memory.crossed():
                raise memory.refusal()

    def _can_divide(self, batch: Any) -> bool:
        """Whether a batch can be taken in more parts than it is."""
        return (
            isinstance(self.objective, SplitsBatches) and len(self.objective.divide(batch, 2 * self.parts)) > self.parts
        )

    def _clear(self) -> None:
        for parameter in self.model.parameters():
            parameter.grad = None


HOPELESS = 10
"""Steps in a row whose loss or gradient was not finite, after which training ends."""


class OptimizerStep:
    """Moves the weights.

    Args:
        gradients: computes those of a batch.
        optimizer: moves the weights; a group may have a ``scale``, a factor of the learning rate, and may be ``frozen``
            for so many epochs.
        average: the running average of the weights.
        clip: largest norm of the gradient.
        peak: highest learning rate.

    Attributes:
        done: steps, those left out included.
        in_a_row: steps left out since the last one that was not.
        trouble: what was wrong with the last step that was left out, and what to change.
    """

    def __init__(
        self,
        gradients: Gradients,
        optimizer: torch.optim.Optimizer,
        average: AveragedWeights,
        *,
        clip: float,
        peak: float,
    ) -> None:
        self.gradients = gradients
        self.optimizer = optimizer
        self.average = average
        self.clip, self.peak = clip, peak
        self.done = self.in_a_row = 0
        self.trouble = ""

    @property
    def hopeless(self) -> bool:
        """Whether there is no use in going on."""
        return self.in_a_row >= HOPELESS

    def step(self, batch: Any, rate: float, epochs_done: int = 0) -> tuple[Tensor, int]:
        """One update.

        Args:
            batch: of the objective.
            rate: learning rate.
            epochs_done: before this one, for groups that are frozen.

        Returns:
            The summed cross-entropy in nats, and the number of steps of the batch: 0 if it was left out.
        """
        found = self.gradients.of(batch)
        parameters = self.gradients.model.parameters()
        norm = float(nn.utils.clip_grad_norm_(parameters, self.clip, foreach=True))
        nats = found.nats.detach().double().cpu()
        self.done += 1
        if not math.isfinite(norm) or not math.isfinite(float(nats)):
            self._leave_out(float(nats), rate)
            return torch.zeros_like(nats), 0
        for group in self.optimizer.param_groups:
            frozen = epochs_done < group.get("frozen", 0)
            group["lr"] = 0.0 if frozen else rate * found.rate * group.get("scale", 1.0)
        self.optimizer.step()
        self.average.update()
        self.in_a_row = 0
        return nats, found.steps

    def _leave_out(self, nats: float, rate: float) -> None:
        """Forget a step whose loss or gradient is not finite."""
        self.optimizer.zero_grad(set_to_none=True)
        if isinstance(self.gradients.objective, Stateful):
            self.gradients.objective.forget()
        self.in_a_row += 1
        what = "the gradient is not finite" if math.isfinite(nats) else f"the loss is {nats}"
        self.trouble = (
            f"{what} at a learning rate of {rate:.2g}; expected a finite number. "
            f"Try a lower peak: --learning-rate {self.peak / 4:.1g}"
        )
