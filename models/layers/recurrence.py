"""One recurrent layer over a batch, from given states, also with other recurrent weights than its own."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

CELLS: dict[str, Callable[[int, int], nn.RNNBase]] = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}
State = tuple[Tensor, ...]
"""The state of a layer: (h, c) of an LSTM, (h,) of a GRU or plain RNN, each (1, B, H)."""


def run_layer(
    layer: nn.RNNBase, inputs: Tensor, state: State | None = None, recurrent: Tensor | None = None
) -> tuple[Tensor, State]:
    """Run a single-layer ``nn.LSTM``, ``nn.GRU`` or ``nn.RNN``.

    Args:
        layer: as in ``CELLS``, reading in one direction.
        inputs: (T, B, D).
        state: its state before the first step; zeros if None.
        recurrent: the recurrent matrix to use in place of the layer's own, of the same shape. It is handed to the
            kernel itself: replacing the attribute of the module would not reach the weights that the kernel uses.

    Returns:
        (T, B, H), and the state after the last step.
    """
    if recurrent is None:
        outputs, after = layer(inputs, state if state is None or isinstance(layer, nn.LSTM) else state[0])
        return outputs, after if isinstance(after, tuple) else (after,)
    weights = [recurrent if name == "weight_hh_l0" else weight for name, weight in layer.named_parameters()]
    zeros = inputs.new_zeros(1, inputs.shape[1], recurrent.shape[1])
    # biases, layers, dropout, training, bidirectional, batch first
    options = (True, 1, 0.0, layer.training, False, False)
    if isinstance(layer, nn.LSTM):
        outputs, h, c = torch.lstm(inputs, state or (zeros, zeros), weights, *options)
        return outputs, (h, c)
    kernel = torch.gru if isinstance(layer, nn.GRU) else torch.rnn_tanh
    outputs, h = kernel(inputs, state[0] if state else zeros, weights, *options)
    return outputs, (h,)


def step_layer(layer: nn.RNNBase, inputs: Tensor, state: State) -> tuple[Tensor, State]:
    """Run a layer over a single step (1, B, D), faster than ``run_layer``, which sets up the fused kernel."""
    weights = list(layer.parameters())
    before = tuple(part[0] for part in state)
    if isinstance(layer, nn.LSTM):
        h, c = torch.lstm_cell(inputs[0], before, *weights)
        return h.unsqueeze(0), (h.unsqueeze(0), c.unsqueeze(0))
    cell = torch.gru_cell if isinstance(layer, nn.GRU) else torch.rnn_tanh_cell
    h = cell(inputs[0], before[0], *weights)
    return h.unsqueeze(0), (h.unsqueeze(0),)


def drop_weights(weights: Tensor, p: float, generator: torch.Generator | None = None) -> Tensor:
    """Apply DropConnect (Wan et al. 2013) to a recurrent matrix, as Merity et al. 2018, equation 1.

    Args:
        weights: (G * H, H).
        p: probability that a weight is dropped for the whole sequence, 0 <= p < 1.
        generator: where the mask is drawn; torch's own if None.

    Returns:
        The weights that are left, scaled by 1 / (1 - p).
    """
    mask = torch.empty_like(weights, requires_grad=False).bernoulli_(1 - p, generator=generator)
    return weights * mask.div_(1 - p)


def detached(states: list[State]) -> list[State]:
    """Detach states from their graph (truncated back-propagation through time)."""
    return [tuple(part.detach() for part in state) for state in states]
