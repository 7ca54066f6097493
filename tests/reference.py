"""Slow truths: the textbook equations, one step and one sentence at a time, in float64.

Nothing here is batched, padded, flipped by index or fused; what the library computes cleverly has to agree with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

Weights = Mapping[str, Tensor]


def lstm_step(x: Tensor, h: Tensor, c: Tensor, w: Weights) -> tuple[Tensor, Tensor]:
    """Gates i, f, g, o in this order: c' = f c + i g; h' = o tanh(c')."""
    size = len(h)
    gates = w["weight_ih_l0"] @ x + w["bias_ih_l0"] + w["weight_hh_l0"] @ h + w["bias_hh_l0"]
    i, f = torch.sigmoid(gates[:size]), torch.sigmoid(gates[size : 2 * size])
    g, o = torch.tanh(gates[2 * size : 3 * size]), torch.sigmoid(gates[3 * size :])
    c = f * c + i * g
    return o * torch.tanh(c), c


def gru_step(x: Tensor, h: Tensor, w: Weights) -> Tensor:
    """Gates r, z, n in this order: n = tanh(Wx + r (Uh + b)); h' = (1 - z) n + z h."""
    size = len(h)
    from_x = w["weight_ih_l0"] @ x + w["bias_ih_l0"]
    from_h = w["weight_hh_l0"] @ h + w["bias_hh_l0"]
    r = torch.sigmoid(from_x[:size] + from_h[:size])
    z = torch.sigmoid(from_x[size : 2 * size] + from_h[size : 2 * size])
    n = torch.tanh(from_x[2 * size :] + r * from_h[2 * size :])
    return (1 - z) * n + z * h


def rnn_step(x: Tensor, h: Tensor, w: Weights) -> Tensor:
    """Elman: h' = tanh(Wx + Uh + b)."""
    return torch.tanh(w["weight_ih_l0"] @ x + w["bias_ih_l0"] + w["weight_hh_l0"] @ h + w["bias_hh_l0"])


def run_layer(cell: str, inputs: Sequence[Tensor], weights: Weights) -> list[Tensor]:
    """States of one layer over one sentence, from zero states."""
    h = c = torch.zeros(weights["weight_hh_l0"].shape[1], dtype=weights["weight_hh_l0"].dtype)
    states = []
    for x in inputs:
        if cell == "lstm":
            h, c = lstm_step(x, h, c, weights)
        else:
            h = gru_step(x, h, weights) if cell == "gru" else rnn_step(x, h, weights)
        states.append(h)
    return states


def run_stack(cell: str, inputs: Sequence[Tensor], layers: Sequence[Weights], *, backwards: bool) -> list[Tensor]:
    """States of the last layer; every layer of a backward stack reads from the last word to the first."""
    states = list(reversed(inputs)) if backwards else list(inputs)
    for weights in layers:
        states = run_layer(cell, states, weights)
    return list(reversed(states)) if backwards else states


def encode(cell: str, sentence: Tensor, forward: Sequence[Weights], backward: Sequence[Weights]) -> Tensor:
    """One sentence (T, D) to (T, 2H): the two independent stacks side by side."""
    inputs = list(sentence)
    forwards = run_stack(cell, inputs, forward, backwards=False)
    backwards = run_stack(cell, inputs, backward, backwards=True)
    return torch.stack([torch.cat(pair) for pair in zip(forwards, backwards, strict=True)])


def stack_weights(parameters: Mapping[str, Tensor], direction: str, layers: int) -> list[dict[str, Tensor]]:
    """The weights of each layer of a stack, by their short names."""
    return [
        {
            name.rpartition(".")[2]: tensor
            for name, tensor in parameters.items()
            if name.startswith(f"{direction}.layers.{layer}.")
        }
        for layer in range(layers)
    ]


def step_loss(logits: Sequence[float], target: int, smoothing: float = 0.0) -> float:
    """Cross-entropy in nats of one step against (1 - s) on the target and s / K on every label."""
    values = np.asarray(logits, dtype=np.float64)
    top = values.max()
    log_probabilities = values - top - np.log(np.exp(values - top).sum())
    wanted = np.full(len(values), smoothing / len(values))
    wanted[target] += 1 - smoothing
    return float(-(wanted * log_probabilities).sum())


def convolve(embedded: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Largest response of each filter over every window that touches the word (zeros beyond its ends).

    Args:
        embedded: (C, E) characters of one word.
        weight: (filters, E, width).
        bias: (filters,).
    """
    width = weight.shape[2]
    size = weight.shape[1]
    edge = [np.zeros(size)] * (width - 1)
    row = [*edge, *(np.asarray(character, dtype=np.float64) for character in embedded), *edge]
    responses = [
        [bias[k] + sum(float(weight[k, :, j] @ row[start + j]) for j in range(width)) for k in range(len(weight))]
        for start in range(len(row) - width + 1)
    ]
    largest: np.ndarray = np.array(responses).max(0)
    return largest
