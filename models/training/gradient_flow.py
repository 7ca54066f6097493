"""How much of the gradient arrives k steps back: the norm of the derivative of the last loss by earlier states."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from tagger.models.layers.encoder import DirectionalStack
from tagger.models.layers.recurrence import State

STATES = ("hidden state", "cell state")


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
    names = STATES[: len(kept[0])]
    return {name: _norms(value, [state[part] for state in kept]) for part, name in enumerate(names)}


def _norms(value: Tensor, states: list[Tensor]) -> Tensor:
    """(T, B), the last state first; 0 where the loss does not depend on a state."""
    found = torch.autograd.grad(value, states, retain_graph=True, allow_unused=True)
    zeros = torch.zeros_like(states[0])
    gradients = torch.stack([zeros if one is None else one for one in found]).flatten(1, 1)
    norms: Tensor = torch.linalg.vector_norm(gradients.detach().double(), dim=-1)
    return norms.reshape(len(states), -1).flip(0)
