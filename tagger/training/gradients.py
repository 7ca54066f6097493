"""The gradients of a batch: at once, or of parts of it, added up, where memory does not reach for the whole."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from tagger.runtime.device import ran_out_of_memory
from tagger.runtime.disposable_thread import OneThread
from tagger.runtime.memory_limit import MemoryLimit
from tagger.training.objective import Divides, Objective, Remembers, StepLoss

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
        before = self.objective.state() if isinstance(self.objective, Remembers) else {}
        if self.memory is not None and not self.warm:
            self._warm_up(self.memory, batch)
        while (found := self._tried(batch)) is None:
            gc.collect()  # what failed still holds what it had computed
            self.parts *= 2
            if isinstance(self.objective, Remembers):
                self.objective.restore(before)
        if self.memory is not None:
            self._look_at(self.memory, batch)
        return found

    def _tried(self, batch: Any) -> StepLoss | None:
        """The loss; None if memory ran out, and the batch can be divided further."""
        self._clear()
        try:
            if self.memory is None:
                return self.added_up(batch)
            self.thread.submit(int).result()  # its stack comes before what a batch may take
            with self.memory.but_for(self.still_to_come()):
                return self.thread.submit(self.added_up, batch).result()
        except (MemoryError, RuntimeError, SystemError) as error:
            if not ran_out_of_memory(error, limited=self.memory is not None):
                raise
            if self._can_divide(batch):
                return None
            if self.memory is None:
                raise
            raise self.memory.refusal(error) from error

    def added_up(self, batch: Any) -> StepLoss:
        """The same in as many parts as there are at present, whatever memory there is."""
        if self.parts == 1 or not isinstance(self.objective, Divides):
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
        if not isinstance(self.objective, Divides):
            return
        before = self.objective.state() if isinstance(self.objective, Remembers) else {}
        drawn = torch.get_rng_state()
        part = self.objective.divide(batch, SMALLEST)[0]
        with memory.lifted():
            self.thread.submit(lambda: self.objective.loss(part).loss.backward()).result()  # type: ignore[no-untyped-call]
        torch.set_rng_state(drawn)
        if isinstance(self.objective, Remembers):
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
        return isinstance(self.objective, Divides) and len(self.objective.divide(batch, 2 * self.parts)) > self.parts

    def _clear(self) -> None:
        for parameter in self.model.parameters():
            parameter.grad = None
