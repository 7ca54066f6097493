"""Dropout whose mask is shared along an axis."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class LockedDropout(nn.Module):
    """Dropout with one mask a sentence, the same at all of its steps.

    Gal and Ghahramani 2016 (variational dropout), under the name of Merity et al. 2018.

    Args:
        p: probability that a unit is dropped, 0 <= p < 1.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, inputs: Tensor) -> Tensor:
        """Drop units of (T, B, H) with a (1, B, H) mask; the identity outside training."""
        if not self.training or self.p == 0:
            return inputs
        keep = 1 - self.p
        mask = torch.empty((1, *inputs.shape[1:]), dtype=inputs.dtype, device=inputs.device)
        return inputs * mask.bernoulli_(keep).div_(keep)

    def extra_repr(self) -> str:
        """Shown by ``print(model)``."""
        return f"p={self.p}"
