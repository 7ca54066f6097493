"""Running averages of the weights, which score better than the last weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
    def ema_weights(self) -> list[Tensor]:
        """The averaged weights; the present ones where nothing is averaged."""
        return self.averages or self.parameters

    @torch.no_grad()
    def update(self) -> None:
        """Add the present weights to the average."""
        self.updates += 1
        if self.averages:
            decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
            torch._foreach_lerp_(self.averages, self.parameters, 1 - decay)

    def epoch_done(self, loss: float | None) -> None:
        """Note the dev loss of the averages at the end of an epoch."""

    def state_dict(self) -> dict[str, Any]:
        """Return the averages and their number of updates."""
        return {"updates": self.updates, "averages": self.averages}

    @torch.no_grad()
    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what ``state_dict`` returned."""
        self.updates = state["updates"]
        self.averages = self._copies() if state["averages"] else []
        for average, saved in zip(self.averages, state["averages"], strict=True):
            average.copy_(saved)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Compute with the averaged weights within the block."""
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
        """Add the present weights, once averaging has begun."""
        if self.averages:
            self.updates += 1
            torch._foreach_lerp_(self.averages, self.parameters, 1 / (1 + self.updates))

    def epoch_done(self, loss: float | None) -> None:
        """Begin to average where the loss has stopped falling."""
        if loss is None or self.averages:
            return
        earlier = self.losses[: -self.patience] if self.patience else self.losses
        if earlier and loss > min(earlier):
            self.averages = self._copies()
        self.losses.append(loss)

    def state_dict(self) -> dict[str, Any]:
        """Return the losses of the epochs so far as well."""
        return {**super().state_dict(), "losses": self.losses}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what ``state_dict`` returned."""
        super().load_state_dict(state)
        self.losses = list(state["losses"])
