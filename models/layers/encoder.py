"""Two independent stacks of recurrent layers, one reading forwards, one backwards.

Unlike a bidirectional LSTM whose layers mix both directions, each stack sees one direction at every depth.
The forward stack so stays causal: a language-model head may read it as it is, and a tagging head reads both.
Nothing is packed (a packed sequence leaves the fused CPU kernel): batches are padded on the right, and the
backward stack reads every sentence flipped by its own length, so that padding never enters a state.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn

from tagger.models.layers.dropout import Dropout
from tagger.models.layers.parallel import job, parallel_forward
from tagger.models.layers.recurrence import CELLS, State, drop_weights, run_layer, step_layer


def flip_index(lengths: Tensor, steps: int) -> Tensor:
    """Return the row numbers that reverse each sentence of a flattened (T, B) batch; its own inverse.

    Args:
        lengths: (B,) int64, tokens of each sentence.
        steps: T.

    Returns:
        (T * B,) int64: row ``t * B + b`` of the flipped batch is that row of the batch.
    """
    time = torch.arange(steps, device=lengths.device).unsqueeze(1)  # (T, 1)
    source = torch.where(time < lengths, lengths - 1 - time, time)  # (T, B)
    batch = lengths.shape[0]
    return (source * batch + torch.arange(batch, device=lengths.device)).flatten()


class DirectionalStack(nn.Module):
    """L recurrent layers that read in one direction, with dropout between them.

    Args:
        cell: "lstm" (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000), "gru" (Cho et
            al. 2014, in the variant of PyTorch) or "rnn" (Elman 1990, tanh).
        input_size: D of the inputs.
        hidden_size: H of each layer.
        layers: L.
        dropout: applied between layers.
        output_size: H of the last layer, where it differs from ``hidden_size``; 0 where not.

    Attributes:
        weight_drop: probability of dropping a recurrent weight for a whole batch of sequences, while training.
    """

    def __init__(
        self, *, cell: str, input_size: int, hidden_size: int, layers: int, dropout: Dropout, output_size: int = 0
    ) -> None:
        super().__init__()
        sizes = [input_size] + [hidden_size] * (layers - 1) + [output_size or hidden_size]
        self.layers = nn.ModuleList(CELLS[cell](size, after) for size, after in pairwise(sizes))
        self.output_size = sizes[-1]
        self.dropout = dropout
        self.weight_drop = 0.0
        for layer in self.layers:
            initialise(layer)

    def forward(self, inputs: Tensor) -> Tensor:
        """Run over (T, B, D), from zero states, to (T, B, H)."""
        return self.read(inputs)[0]

    def read(
        self, inputs: Tensor, states: Sequence[State] | None = None, generator: torch.Generator | None = None
    ) -> tuple[Tensor, list[State]]:
        """Run over (T, B, D) from the states of each layer, zeros if None.

        Args:
            inputs: (T, B, D).
            states: the states of the layers before the first step.
            generator: draws the dropout masks; torch's own if None.

        Returns:
            (T, B, H) of the last layer, and the states of the layers after the last step.
        """
        outputs, after = inputs, []
        for number, layer in enumerate(self.layers):
            recurrent = None
            if self.weight_drop and self.training:
                recurrent = drop_weights(layer.weight_hh_l0, self.weight_drop, generator)  # type: ignore[arg-type]
            given = self.dropout(outputs, generator) if number else outputs
            outputs, state = run_layer(cast(nn.RNNBase, layer), given, states[number] if states else None, recurrent)
            after.append(state)
        return outputs, after

    def step(self, inputs: Tensor, states: Sequence[State]) -> tuple[Tensor, list[State]]:
        """Run over a single step (1, B, D) without dropout, as ``read`` in a third of its time."""
        outputs, after = inputs, []
        for layer, state in zip(self.layers, states, strict=True):
            outputs, state = step_layer(cast(nn.RNNBase, layer), outputs, state)
            after.append(state)
        return outputs, after


class Encoder(nn.Module):
    """A forward and a backward stack over the same inputs.

    Args:
        cell: "lstm", "gru" or "rnn".
        input_size: D of the inputs.
        hidden_size: H of each layer and direction.
        layers: L of each stack.
        dropout: probability for locked or plain dropout between layers.
        locked: one dropout mask a sentence instead of one a step.
        backward: whether there is a backward stack; a language model needs none.
        output_size: H of the last layer of each stack, where it differs from ``hidden_size``; 0 where not.

    Attributes:
        pool: while training, a thread that computes the backward stack beside the forward one; None for one after
            the other, as always where dropout draws random numbers, whose order must not vary.
    """

    def __init__(
        self,
        *,
        cell: str,
        input_size: int,
        hidden_size: int,
        layers: int,
        dropout: float = 0.0,
        locked: bool = True,
        backward: bool = True,
        output_size: int = 0,
    ) -> None:
        super().__init__()
        between = Dropout(dropout, locked=locked)
        sizes = {"input_size": input_size, "hidden_size": hidden_size, "layers": layers, "output_size": output_size}
        self.forward_rnn = DirectionalStack(cell=cell, dropout=between, **sizes)
        self.backward_rnn = DirectionalStack(cell=cell, dropout=between, **sizes) if backward else None
        self.output_size = (1 + backward) * self.forward_rnn.output_size
        self.pool: Executor | None = None

    @property
    def draws(self) -> bool:
        """Whether the stacks draw random numbers in training."""
        stacks = [stack for stack in (self.forward_rnn, self.backward_rnn) if stack is not None]
        return any(s.weight_drop > 0 or (len(s.layers) > 1 and s.dropout.p > 0) for s in stacks)

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Encode a padded batch.

        Args:
            inputs: (T, B, D), padded on the right.
            lengths: (B,) int64.

        Returns:
            (T, B, 2H): forward states, then backward states; (T, B, H) without a backward stack. Steps in the
            padding hold nothing of meaning.
        """
        if self.backward_rnn is None:
            forward: Tensor = self.forward_rnn(inputs)
            return forward
        steps, batch, size = inputs.shape
        flip = flip_index(lengths, steps)
        flipped = inputs.reshape(steps * batch, size)[flip].view(steps, batch, size)
        if self.pool is not None and torch.is_grad_enabled() and not self.draws:
            forwards, backwards = parallel_forward(
                job(self.forward_rnn), job(self.backward_rnn), (inputs, flipped), self.pool
            )
        else:
            forwards, backwards = self.forward_rnn(inputs), self.backward_rnn(flipped)
        backwards = backwards.reshape(steps * batch, -1)[flip].view(steps, batch, -1)
        return torch.cat([forwards, backwards], dim=-1)


def initialise(layer: nn.Module) -> None:
    """Set orthogonal recurrent and Glorot input matrices, zero biases, and 1 for an LSTM's forget gate.

    Saxe et al. 2014; Glorot and Bengio 2010; Jozefowicz et al. 2015 for the forget bias. PyTorch adds an input
    and a recurrent bias: the second stays zero. On the meta device there is nothing to be drawn.
    """
    if next(layer.parameters()).is_meta:
        return
    hidden_size = int(layer.hidden_size)  # type: ignore[arg-type]
    for name, weight in layer.named_parameters():
        if name.startswith("weight_hh"):
            for gate in torch.split(weight.data, hidden_size):
                nn.init.orthogonal_(gate)
        elif name.startswith("weight_ih"):
            for gate in torch.split(weight.data, hidden_size):
                nn.init.xavier_uniform_(gate)
        else:
            nn.init.zeros_(weight)
            if isinstance(layer, nn.LSTM) and name.startswith("bias_ih"):
                weight.data[hidden_size : 2 * hidden_size] = 1.0
