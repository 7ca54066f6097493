"""Causal networks: numbers to the next numbers, symbols to an answer after the last of them."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from tagger.models.heads.regression import RegressionHead
from tagger.models.layers.dropout import Dropout
from tagger.models.layers.encoder import Encoder
from tagger.models.layers.recurrence import State


class SeriesNetwork(nn.Module):
    """Predictor of the next values as changes of the last ones: linear layer, forward stack, regression head.

    A linear path from the inputs of a step to its output stands beside the stack (Lai et al. 2018), which learns the
    rest. Both begin at zero, so an untrained network predicts the last value. There is no backward stack: predictions
    of step t depend on inputs up to t alone.

    Args:
        input_size: D inputs at each step; the first of them are the targets themselves.
        embedding_size: E, the output of the linear layer.
        encoder: reads E; without a backward stack.
        targets: the number of inputs to predict.
        horizon: the largest number of steps ahead; all from 1 on are predicted at once.
        dropout: probability of dropping a unit of the encoder's inputs and outputs.

    Raises:
        ValueError: the encoder has a backward stack, which would read what it should predict.
    """

    def __init__(
        self, *, input_size: int, embedding_size: int, encoder: Encoder, targets: int, horizon: int, dropout: float
    ) -> None:
        super().__init__()
        if encoder.backward_rnn is not None:
            raise ValueError("the encoder has a backward stack; a forecast may read the past alone")
        self.inputs = nn.Linear(input_size, embedding_size)
        self.encoder = encoder
        self.targets, self.horizon = targets, horizon
        self.head = RegressionHead(encoder.output_size, horizon * targets)
        self.direct = RegressionHead(input_size, horizon * targets)
        self.before, self.after = Dropout(dropout, locked=True), Dropout(dropout, locked=True)

    def forward(self, inputs: Tensor) -> Tensor:
        """Predict (T, B, horizon * targets) from (T, B, D) with zero states; see ``read``."""
        return self.read(inputs)[0]

    def read(self, inputs: Tensor, states: Sequence[State] | None = None) -> tuple[Tensor, list[State]]:
        """Continue with (T, B, D) from the states of each layer after earlier steps; zeros if None.

        Returns:
            (T, B, horizon * targets): all targets one step ahead, then all two steps ahead, and so on; and the state
            of each layer after the last step.
        """
        outputs, after = self.encoder.forward_rnn.read(self.before(self.inputs(inputs)), states)
        last = inputs[..., : self.targets].repeat(1, 1, self.horizon)
        return last + self.direct(inputs) + self.head(self.after(outputs)), after


class SymbolNetwork(nn.Module):
    """Scorer of the answers after the last of T symbols.

    Args:
        symbols: the number of different symbols.
        embedding_size: E.
        encoder: reads E; without a backward stack.
        answers: the number of answers to choose from.
    """

    def __init__(self, *, symbols: int, embedding_size: int, encoder: Encoder, answers: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(symbols, embedding_size)
        self.encoder = encoder
        self.head = nn.Linear(encoder.output_size, answers)

    def forward(self, symbols: Tensor) -> Tensor:
        """Score answers: (B, answers) from (T, B) int64."""
        states: Tensor = self.encoder.forward_rnn(self.embedding(symbols))
        scores: Tensor = self.head(states[-1])
        return scores
