"""The flow of the gradient: norms of the derivatives of the last loss by earlier states."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from tagger.models.layers.encoder import DirectionalStack
from tagger.models.layers.recurrence import State


def gradient_norms(stack: DirectionalStack, inputs: Tensor, loss: Callable[[Tensor], Tensor]) -> dict[str, Tensor]:
    """Run a stack step by step and differentiate the loss of its last output by each state before it.

    The derivative by a hidden state takes the ways that lead through it alone; an LSTM's cell state of the same step
    is held, and has a derivative of its own.

    Args:
        stack: in evaluation mode; the states are those of its last layer.
        inputs: (T, B, D), B sequences of T steps.
        loss: from (B, H), the output after the last step, to a scalar: a sum over the sequences.

    Returns:
        (T, B) float64 for "hidden state" and, with an LSTM, "cell state": row k is the norm k steps back.
    """
    states: list[State] | None = None
    kept: list[State] = []
    for step in range(len(inputs)):
        _, states = stack.read(inputs[step : step + 1], states)
        kept.append(states[-1])
    value = loss(kept[-1][0][0])
    parts = zip(("hidden state", "cell state"), zip(*kept, strict=True), strict=False)
    return {name: _norms(value, states) for name, states in parts}


def _norms(value: Tensor, states: Sequence[Tensor]) -> Tensor:
    """Return (T, B) norms, the last state first; 0 where the loss does not depend on a state."""
    gradients = torch.autograd.grad(value, states, retain_graph=True, allow_unused=True, materialize_grads=True)
    norms: Tensor = torch.linalg.vector_norm(torch.stack(gradients).detach().double(), dim=-1)
    return norms.reshape(len(states), -1).flip(0)
