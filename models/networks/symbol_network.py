"""A causal network over symbols: an embedding, one recurrent stack, a score for each answer after the last step."""

from __future__ import annotations

from torch import Tensor, nn

from tagger.models.layers.encoder import Encoder


class SymbolNetwork(nn.Module):
    """Reads T symbols and scores the answers after the last step.

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
