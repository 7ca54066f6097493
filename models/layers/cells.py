"""Recurrent cells written out gate by gate, one word at a time, as the papers have them.

Slow and plain on purpose. Tests compare the fused layers of ``models/layers/encoder.py`` with these cells, and
``tagger inspect`` runs the weights of a trained model through them to show its gates.

Notation: x (D,) the word, h (H,) the hidden state, W (H, D) and U (H, H) the two matrices of a gate, b and c (H,)
their biases (papers have one bias or none; cuDNN and PyTorch have two), * element by element, @ a matrix product.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

State = tuple[Tensor, ...]
"""The state for the next word: (h,), for an LSTM (h, cell state); each (H,)."""
Values = dict[str, Tensor]
"""The gates and states of a cell by name."""


class Cell(Protocol):
    """One step of a recurrent layer."""

    hidden_size: int

    def step(self, x: Tensor, state: State) -> tuple[State, Values]:
        """Read one word (D,); return the new state, and every gate and state by name, each (H,)."""


@dataclass(frozen=True, eq=False)
class Affine:
    """W @ x + b + U @ h + c, the value of a gate before it is squashed.

    Args:
        w: (H, D), reads the word.
        u: (H, H), reads the state.
        b: (H,), added to W @ x.
        c: (H,), added to U @ h.
    """

    w: Tensor
    u: Tensor
    b: Tensor
    c: Tensor

    def __call__(self, x: Tensor, h: Tensor) -> Tensor:
        """Return (H,) from (D,) and (H,)."""
        return self.of_word(x) + self.of_state(h)

    def of_word(self, x: Tensor) -> Tensor:
        """Return W @ x + b."""
        return self.w @ x + self.b

    def of_state(self, h: Tensor) -> Tensor:
        """Return U @ h + c."""
        return self.u @ h + self.c


class ElmanRNN:
    """The simple recurrent network of Elman 1990: h' = tanh(W @ x + b + U @ h + c).

    Elman squashed with the logistic function; tanh is what has been used since, and what PyTorch uses.
    There is no gate: every word writes over the whole state.
    """

    def __init__(self, hidden: Affine) -> None:
        self.hidden = hidden
        self.hidden_size = len(hidden.b)

    def step(self, x: Tensor, state: State) -> tuple[State, Values]:
        """Read one word."""
        (h,) = state
        h = torch.tanh(self.hidden(x, h))
        return (h,), {"hidden_state": h}


class LSTM:
    """Hochreiter and Schmidhuber 1997, with the forget gate of Gers, Schmidhuber and Cummins 2000.

        input gate   i  = sigmoid(W_i @ x + b_i + U_i @ h + c_i)
        forget gate  f  = sigmoid(W_f @ x + b_f + U_f @ h + c_f)
        output gate  o  = sigmoid(W_o @ x + b_o + U_o @ h + c_o)
        candidate    g  = tanh   (W_g @ x + b_g + U_g @ h + c_g)
        cell state   s' = f * s + i * g
        hidden state h' = o * tanh(s')

    The cell of 1997 is this one with f = 1. Gates look at the word and the hidden state, not at the cell state:
    the peepholes of Gers and Schmidhuber 2000 are not part of it.
    """

    def __init__(self, input_gate: Affine, forget_gate: Affine, candidate: Affine, output_gate: Affine) -> None:
        self.input_gate = input_gate
        self.forget_gate = forget_gate
        self.candidate = candidate
        self.output_gate = output_gate
        self.hidden_size = len(input_gate.b)

    def step(self, x: Tensor, state: State) -> tuple[State, Values]:
        """Read one word."""
        h, s = state
        i = torch.sigmoid(self.input_gate(x, h))
        f = torch.sigmoid(self.forget_gate(x, h))
        o = torch.sigmoid(self.output_gate(x, h))
        g = torch.tanh(self.candidate(x, h))
        s = f * s + i * g
        h = o * torch.tanh(s)
        values = {"input_gate": i, "forget_gate": f, "output_gate": o, "candidate": g}
        return (h, s), {**values, "cell_state": s, "hidden_state": h}


class PublishedGRU:
    """Cho et al. 2014 as published (EMNLP; arXiv 1406.1078v3): the reset gate acts before the matrix product.

        reset gate   r  = sigmoid(W_r @ x + b_r + U_r @ h + c_r)
        update gate  z  = sigmoid(W_z @ x + b_z + U_z @ h + c_z)
        candidate    n  = tanh   (W_n @ x + b_n + U_n @ (r * h) + c_n)
        hidden state h' = z * h + (1 - z) * n

    An update gate near 1 keeps the old state. Chung et al. 2014 turn it round: h' = (1 - z) * h + z * n.
    """

    def __init__(self, reset_gate: Affine, update_gate: Affine, candidate: Affine) -> None:
        self.reset_gate = reset_gate
        self.update_gate = update_gate
        self.candidate = candidate
        self.hidden_size = len(reset_gate.b)

    def step(self, x: Tensor, state: State) -> tuple[State, Values]:
        """Read one word."""
        (h,) = state
        r = torch.sigmoid(self.reset_gate(x, h))
        z = torch.sigmoid(self.update_gate(x, h))
        n = torch.tanh(self.propose(x, h, r))
        h = z * h + (1 - z) * n
        return (h,), {"reset_gate": r, "update_gate": z, "candidate": n, "hidden_state": h}

    def propose(self, x: Tensor, h: Tensor, r: Tensor) -> Tensor:
        """Return the candidate (H,) before tanh."""
        return self.candidate.of_word(x) + self.candidate.of_state(r * h)


class FusedGRU(PublishedGRU):
    """The GRU of cuDNN and PyTorch (arXiv 1406.1078v1): the reset gate acts after the matrix product and its bias.

        candidate    n  = tanh(W_n @ x + b_n + r * (U_n @ h + c_n))

    All else as published. One product with the old state then serves all three gates, which is why fused kernels
    compute it so. Both agree where U_n is diagonal and c_n zero, and nowhere else in general.
    """

    def propose(self, x: Tensor, h: Tensor, r: Tensor) -> Tensor:
        """Return the candidate (H,) before tanh."""
        return self.candidate.of_word(x) + r * self.candidate.of_state(h)


def cell_of(layer: nn.Module) -> Cell:
    """Build the cell with the weights of a PyTorch layer; gradients reach the layer's parameters.

    Args:
        layer: an ``nn.LSTM``, ``nn.GRU`` or ``nn.RNN`` (tanh) of one layer, one direction and no projection.

    Raises:
        TypeError: it is another kind of layer.
    """
    weights = dict(layer.named_parameters())
    plain = {"weight_ih_l0", "weight_hh_l0"}
    if set(weights) not in (plain, plain | {"bias_ih_l0", "bias_hh_l0"}):
        raise TypeError(f"{layer} has the weights {sorted(weights)}; expected one layer that reads in one direction")
    if isinstance(layer, nn.LSTM):
        return LSTM(*_gates(weights, 4))  # in the order of cuDNN: i, f, g, o
    if isinstance(layer, nn.GRU):
        return FusedGRU(*_gates(weights, 3))  # r, z, n
    if isinstance(layer, nn.RNN) and layer.nonlinearity == "tanh":
        return ElmanRNN(*_gates(weights, 1))
    raise TypeError(f"expected an LSTM, GRU or RNN with tanh, got {layer}")


def _gates(weights: Mapping[str, Tensor], number: int) -> list[Affine]:
    """The gates that PyTorch stacks into one matrix."""
    hidden_size = weights["weight_hh_l0"].shape[1]
    no_bias = weights["weight_hh_l0"].new_zeros(number * hidden_size)
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    split = [torch.split(weights.get(name, no_bias), hidden_size) for name in names]
    return [Affine(*parts) for parts in zip(*split, strict=True)]


def run_cell(cell: Cell, words: Tensor) -> Values:
    """Run a cell over T >= 1 words (T, D) from zero states; return each value by name, (T, H)."""
    zero = words.new_zeros(cell.hidden_size)
    state: State = (zero, zero) if isinstance(cell, LSTM) else (zero,)
    steps = []
    for x in words:
        state, values = cell.step(x, state)
        steps.append(values)
    return {name: torch.stack([values[name] for values in steps]) for name in steps[0]}


def run_layers(layers: Sequence[nn.Module], words: Tensor, *, backwards: bool = False) -> list[Values]:
    """Run a stack of layers over one sentence; return the values of each layer, row t for word t.

    Args:
        layers: as of a ``DirectionalStack``; what lies between them at training time (dropout) is left out.
        words: (T, D).
        backwards: read from the last word to the first, at every depth.
    """
    inputs = words.flip(0) if backwards else words
    values_of_layers = []
    for layer in layers:
        values = run_cell(cell_of(layer), inputs)
        inputs = values["hidden_state"]
        values_of_layers.append({name: rows.flip(0) if backwards else rows for name, rows in values.items()})
    return values_of_layers
