"""A running average of the weights, which scores better than the last weights do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class AveragedWeights:
    """Exponential moving average of a module's parameters (Polyak and Juditsky 1992; Tarvainen and Valpola 2017).

    Early in training the average follows quickly: the decay after ``n`` updates is
    ``min(decay, (1 + n) / (10 + n))``.

    Args:
        module: whose parameters to average.
        decay: weight of the past, 0 <= decay < 1.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.decay = decay
        self.updates = 0
        self.parameters: list[Tensor] = [p for p in module.parameters() if p.requires_grad]
        self.averages = [p.detach().clone() for p in self.parameters]

    @torch.no_grad()
    def update(self) -> None:
        """Take the present weights in."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        torch._foreach_lerp_(self.averages, self.parameters, 1 - decay)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Within the block the module computes with the averaged weights."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    @torch.no_grad()
    def _swap(self) -> None:
        for average, parameter in zip(self.averages, self.parameters, strict=True):
            present = parameter.detach().clone()
            parameter.copy_(average)
            average.copy_(present)
