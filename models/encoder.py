"""Two independent stacks of recurrent layers, one reading forwards, one backwards.

Unlike a bidirectional LSTM whose layers mix both directions, each stack sees one direction at every depth.
The forward stack so stays causal: a language-model head may read it as it is, and a tagging head reads both.
Nothing is packed (a packed sequence leaves the fused CPU kernel): batches are padded on the right, and the
backward stack reads every sentence flipped by its own length, so that padding never enters a state.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor

import torch
from torch import Tensor, nn

from tagger.models.dropout import LockedDropout
from tagger.models.two_threads import side_by_side

CELLS: dict[str, Callable[[int, int], nn.RNNBase]] = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}


def flip_index(lengths: Tensor, steps: int) -> Tensor:
    """Row numbers that reverse each sentence of a flattened (T, B) batch in place; its own inverse.

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
        dropout: module applied between layers.
    """

    def __init__(self, *, cell: str, input_size: int, hidden_size: int, layers: int, dropout: nn.Module) -> None:
        super().__init__()
        sizes = [input_size] + [hidden_size] * (layers - 1)
        self.layers = nn.ModuleList(CELLS[cell](size, hidden_size) for size in sizes)
        self.dropout = dropout
        for layer in self.layers:
            _initialise(layer)

    def forward(self, inputs: Tensor) -> Tensor:
        """Run over (T, B, D), from zero states, to (T, B, H)."""
        outputs = inputs
        for number, layer in enumerate(self.layers):
            outputs, _ = layer(self.dropout(outputs) if number else outputs)
        return outputs


class Encoder(nn.Module):
    """A forward and a backward stack over the same inputs.

    Args:
        cell: "lstm", "gru" or "rnn".
        input_size: D of the inputs.
        hidden_size: H of each layer and direction.
        layers: L of each stack.
        dropout: probability for locked or plain dropout between layers.
        locked: one dropout mask a sentence instead of one a step.

    Attributes:
        pool: while training, a thread that computes the backward stack beside the forward one; None for one after
            the other, as always where dropout between layers draws random numbers, whose order must not vary.
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
    ) -> None:
        super().__init__()
        between = LockedDropout(dropout) if locked else nn.Dropout(dropout)
        sizes = {"cell": cell, "input_size": input_size, "hidden_size": hidden_size, "layers": layers}
        self.ahead = DirectionalStack(**sizes, dropout=between)  # type: ignore[arg-type]
        self.behind = DirectionalStack(**sizes, dropout=between)  # type: ignore[arg-type]
        self.output_size = 2 * hidden_size
        self.draws = layers > 1 and dropout > 0
        self.pool: Executor | None = None

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Encode a padded batch.

        Args:
            inputs: (T, B, D), padded on the right.
            lengths: (B,) int64.

        Returns:
            (T, B, 2H): forward states, then backward states. Steps in the padding hold nothing of meaning.
        """
        steps, batch, size = inputs.shape
        flip = flip_index(lengths, steps)
        flipped = inputs.reshape(steps * batch, size)[flip].view(steps, batch, size)
        if self.pool is not None and torch.is_grad_enabled() and not self.draws:
            ahead, behind = side_by_side(self.ahead, self.behind, (inputs, flipped), self.pool)
        else:
            ahead, behind = self.ahead(inputs), self.behind(flipped)
        behind = behind.reshape(steps * batch, -1)[flip].view(steps, batch, -1)
        return torch.cat([ahead, behind], dim=-1)


def _initialise(layer: nn.Module) -> None:
    """Orthogonal recurrent and Glorot input matrices, zero biases, an LSTM's forget gate open (bias 1).

    Saxe et al. 2014; Glorot and Bengio 2010; Jozefowicz et al. 2015 for the forget bias. PyTorch adds an input
    and a recurrent bias: the second stays zero.
    """
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
