"""Dropout: of units at each step or for a whole sentence, of whole words."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Dropout(nn.Module):
    """Dropout with one mask a step (Srivastava et al. 2014) or one mask a sentence.

    One mask a sentence is the variational dropout of Gal and Ghahramani 2016, which Merity et al. 2018 call locked.

    Args:
        p: probability that a unit is dropped, 0 <= p < 1.
        locked: use one mask for all steps of a sentence.
    """

    def __init__(self, p: float, *, locked: bool) -> None:
        super().__init__()
        self.p, self.locked = p, locked

    def forward(self, inputs: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Drop units of (T, B, H), outside training none; `generator` draws the mask, torch's own if None."""
        shape = (1 if self.locked else len(inputs), *inputs.shape[1:])
        return dropped(inputs, self.p if self.training else 0.0, shape, generator)

    def extra_repr(self) -> str:
        """Describe the dropout for ``print(model)``."""
        return f"p={self.p}, locked={self.locked}"


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
