"""The regression head: numbers at every step, and three losses summed over the steps."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

LossKind = Literal["squared", "absolute", "huber"]


class RegressionHead(nn.Module):
    """A linear layer from the states of an encoder to K numbers at every step.

    It begins at zero: an untrained head predicts 0, or no change where its output is added to the last value.

    Args:
        input_size: H of the states.
        size: K.
    """

    def __init__(self, input_size: int, size: int) -> None:
        super().__init__()
        self.linear = nn.Linear(input_size, size)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def forward(self, states: Tensor) -> Tensor:
        """Predict (..., K) numbers from (..., H) states."""
        numbers: Tensor = self.linear(states)
        return numbers


def regression_loss(predicted: Tensor, targets: Tensor, *, kind: LossKind = "squared", delta: float = 1.0) -> Tensor:
    """Sum the loss of the differences d from all targets.

        squared   d ** 2
        absolute  |d|
        huber     d ** 2 / 2 where |d| <= delta, delta * (|d| - delta / 2) beyond (Huber 1964)

    Args:
        predicted: (N, K), or any shape.
        targets: of the same shape; NaN where there is none, which is ignored.
        kind: "squared", "absolute" or "huber".
        delta: where the Huber loss turns from quadratic to linear.

    Returns:
        A scalar.
    """
    known = ~torch.isnan(targets)
    differences = predicted[known] - targets[known]
    if kind == "squared":
        return differences.square().sum()
    size = differences.abs()
    if kind == "absolute":
        return size.sum()
    return torch.where(size <= delta, 0.5 * size.square(), delta * (size - 0.5 * delta)).sum()
