"""A running average of the weights, which scores better than the last weights do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn


class AveragedWeights:
    """Exponential moving average of a module's parameters (Polyak and Juditsky 1992; Tarvainen and Valpola 2017).

    Early in training the average follows quickly: the decay after ``n`` updates is
    ``min(decay, (1 + n) / (10 + n))``.

    Args:
        module: whose parameters to average.
        decay: weight of the past, 0 <= decay < 1; 0 averages nothing, the present weights are the average.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.decay = decay
        self.updates = 0
        self.parameters: list[Tensor] = [p for p in module.parameters() if p.requires_grad]
        self.averages: list[Tensor] = self._copies() if decay else []

    @property
    def present(self) -> list[Tensor]:
        """The averages; the weights themselves where nothing is averaged."""
        return self.averages or self.parameters

    @torch.no_grad()
    def update(self) -> None:
        """Take the present weights in."""
        self.updates += 1
        if self.averages:
            decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
            torch._foreach_lerp_(self.averages, self.parameters, 1 - decay)

    def epoch_done(self, loss: float | None) -> None:
        """Told at the end of each epoch, with the dev loss of the averages."""

    def state(self) -> dict[str, Any]:
        """All that it remembers, as plain values and tensors."""
        return {"updates": self.updates, "averages": self.averages}

    @torch.no_grad()
    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what ``state`` gave."""
        self.updates = state["updates"]
        self.averages = self._copies() if state["averages"] else []
        for average, saved in zip(self.averages, state["averages"], strict=True):
            average.copy_(saved)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Within the block the module computes with the averaged weights."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    def _copies(self) -> list[Tensor]:
        return [p.detach().clone() for p in self.parameters]

    @torch.no_grad()
    def _swap(self) -> None:
        for average, parameter in zip(self.averages, self.parameters, strict=bool(self.averages)):
            present = parameter.detach().clone()
            parameter.copy_(average)
            average.copy_(present)


class TriggeredAverage(AveragedWeights):
    """The plain average of all weights since the dev loss stopped falling (NT-ASGD, Merity et al. 2018, algorithm 1).

    Args:
        module: whose parameters to average.
        patience: n; averaging begins after an epoch whose dev loss is above the best of more than n epochs ago.
    """

    def __init__(self, module: nn.Module, patience: int) -> None:
        super().__init__(module, 0.0)
        self.patience = patience
        self.losses: list[float] = []

    @torch.no_grad()
    def update(self) -> None:
        """Take the present weights in, once averaging has begun."""
        if self.averages:
            self.updates += 1
            torch._foreach_lerp_(self.averages, self.parameters, 1 / (1 + self.updates))

    def epoch_done(self, loss: float | None) -> None:
        """Begin to average when the time has come."""
        if loss is None or self.averages:
            return
        earlier = self.losses[: -self.patience] if self.patience else self.losses
        if earlier and loss > min(earlier):
            self.averages = self._copies()
        self.losses.append(loss)

    def state(self) -> dict[str, Any]:
        """Also the losses of the epochs so far."""
        return {**super().state(), "losses": self.losses}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what ``state`` gave."""
        super().restore(state)
        self.losses = list(state["losses"])
