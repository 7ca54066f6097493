"""Dropout: of units at each step or for a whole sentence, of whole words."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Dropout(nn.Module):
    """Dropout with a mask of its own at every step (Srivastava et al. 2014).

    Args:
        p: probability that a unit is dropped, 0 <= p < 1.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, inputs: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Drop units of (T, B, H); the identity outside training.

        Args:
            inputs: (T, B, H).
            generator: where the mask is drawn; torch's own if None.
        """
        return dropped(inputs, self.p if self.training else 0.0, self.mask_shape(inputs), generator)

    def mask_shape(self, inputs: Tensor) -> tuple[int, ...]:
        """Shape of the mask for (T, B, H)."""
        return tuple(inputs.shape)

    def extra_repr(self) -> str:
        """Shown by ``print(model)``."""
        return f"p={self.p}"


class LockedDropout(Dropout):
    """Dropout with one mask a sentence, the same at all of its steps.

    Gal and Ghahramani 2016 (variational dropout), under the name of Merity et al. 2018.
    """

    def mask_shape(self, inputs: Tensor) -> tuple[int, ...]:
        """(1, B, H) for (T, B, H)."""
        return (1, *inputs.shape[1:])


def make_dropout(p: float, *, locked: bool) -> Dropout:
    """One of the two kinds."""
    return LockedDropout(p) if locked else Dropout(p)


def dropped(inputs: Tensor, p: float, shape: tuple[int, ...], generator: torch.Generator | None = None) -> Tensor:
    """Multiply by a mask that is 0 with probability p and 1 / (1 - p) otherwise.

    Args:
        inputs: any shape.
        p: 0 <= p < 1.
        shape: of the mask, which is broadcast: (1, B, H) is one mask a sequence, (T, B, H) one a step, (U, 1) drops
            whole words (embedding dropout, Gal and Ghahramani 2016).
        generator: where it is drawn; torch's own if None.
    """
    if p == 0:
        return inputs
    mask = torch.empty(shape, dtype=inputs.dtype, device=inputs.device)
    return inputs * mask.bernoulli_(1 - p, generator=generator).div_(1 - p)
