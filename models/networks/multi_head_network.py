"""Word representation, encoder and heads, put together."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from tagger.models.heads.softmax import Softmax
from tagger.models.layers.dropout import Dropout
from tagger.models.layers.encoder import Encoder
from tagger.models.layers.word_representation import WordRepresentation


class Network(nn.Module):
    """Words -> vectors -> recurrent stacks -> heads: a label at every step, the next token, or both.

    Args:
        words: the word representation.
        encoder: the recurrent stacks.
        heads: K, the number of labels, of each head by name; the first is the tagging head, the others are
            auxiliary (trained along, then dropped).
        lm_heads: the language-model head of each RNN: "forward_rnn" predicts the next token, "backward_rnn" the
            previous one.
        dropout: probability of dropping a unit of the encoder's inputs and outputs.
        locked: one mask a sentence (Gal and Ghahramani 2016) instead of one a step (Srivastava et al. 2014).
    """

    def __init__(
        self,
        *,
        words: WordRepresentation,
        encoder: Encoder,
        heads: Mapping[str, int],
        lm_heads: Mapping[str, Softmax] | None = None,
        dropout: float,
        locked: bool,
    ) -> None:
        super().__init__()
        self.words = words
        self.encoder = encoder
        self.heads = nn.ModuleDict({name: nn.Linear(encoder.output_size, size) for name, size in heads.items()})
        self.lm_heads = nn.ModuleDict(lm_heads or {})
        self.before, self.after = Dropout(dropout, locked=locked), Dropout(dropout, locked=locked)

    def encode(self, vectors: Tensor, steps: Tensor, lengths: Tensor) -> Tensor:
        """Encode the real steps of a batch.

        Args:
            vectors: (U, D) vectors of the distinct words of the batch.
            steps: (T, B) int64, the row of ``vectors`` at each step; anything in the padding.
            lengths: (B,) int64.

        Returns:
            (N, 2H), N real steps, sentence after sentence.
        """
        states: Tensor = self.after(self.encoder(self.before(vectors[steps]), lengths))  # (T, B, 2H)
        return states.transpose(0, 1)[real_steps(lengths, steps.shape[0])]

    def forward(self, vectors: Tensor, steps: Tensor, lengths: Tensor) -> dict[str, Tensor]:
        """Score every label at the real steps: (N, K) a head; arguments as ``encode``."""
        states = self.encode(vectors, steps, lengths)
        return {name: head(states) for name, head in self.heads.items()}


@torch.no_grad()
def initialise_uniformly(network: Network) -> None:
    """Draw embeddings from +-0.1 and recurrent layers from +-1 / sqrt(H); set biases of language-model heads to 0.

    As in the word language model among PyTorch's examples (after Zaremba et al. 2014); SGD with a large rate wants it.
    """
    nn.init.uniform_(network.words.embedding.weight, -0.1, 0.1)
    for stack in (network.encoder.forward_rnn, network.encoder.backward_rnn):
        for layer in [] if stack is None else stack.layers:
            layer.reset_parameters()  # type: ignore[operator]
    for name, parameter in network.lm_heads.named_parameters():
        if "bias" in name:
            nn.init.zeros_(parameter)


def real_steps(lengths: Tensor, steps: int) -> Tensor:
    """Return a (B, T) mask, true where a sentence has a token."""
    return torch.arange(steps, device=lengths.device) < lengths.unsqueeze(1)


def summed_loss(logits: Tensor, targets: Tensor, *, label_smoothing: float = 0.0) -> Tensor:
    """Sum the cross-entropy over the steps of all sentences.

    Args:
        logits: (N, K).
        targets: (N,) int64; negative where there is no label to learn from.
        label_smoothing: share of the target spread evenly over the labels (Szegedy et al. 2016).

    Returns:
        A scalar, in nats.
    """
    return cross_entropy(logits, targets, ignore_index=-1, reduction="sum", label_smoothing=label_smoothing)
