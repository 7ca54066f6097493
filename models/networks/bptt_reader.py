"""Text of any length for a language model: B streams, read a BPTT chunk at a time."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tagger.models.heads.softmax import Softmax
from tagger.models.layers.dropout import Dropout
from tagger.models.layers.encoder import DirectionalStack
from tagger.models.layers.recurrence import State, detached


@dataclass(frozen=True, slots=True)
class ActivationPenalties:
    """Costs of large and restless states (Merity et al. 2017, "Revisiting Activation Regularization").

    Args:
        activation: alpha, times the mean square of the dropped-out states.
        temporal: beta, times the mean square of the change of a state from one step to the next.
    """

    activation: float = 0.0
    temporal: float = 0.0


class StreamReader:
    """Reader of B streams with one stack, whose states pass from one chunk to the next.

    Back-propagation through time ends at the beginning of a chunk (truncated, Williams and Peng 1990).

    Args:
        stack: reads the words.
        head: scores the next one.
        embedding: the word embedding that the head may be tied to.
        inputs: dropout of the word vectors.
        outputs: dropout of the states that the head reads.
        penalties: on the states.
        generator: draws every dropout mask, so that several readers may run at the same time.
    """

    def __init__(
        self,
        stack: DirectionalStack,
        head: Softmax,
        embedding: nn.Embedding,
        *,
        inputs: Dropout,
        outputs: Dropout,
        penalties: ActivationPenalties,
        generator: torch.Generator,
    ) -> None:
        self.stack, self.head, self.embedding = stack, head, embedding
        self.inputs, self.outputs = inputs, outputs
        self.penalties = penalties
        self.generator = generator
        self.states: list[State] | None = None

    @property
    def parameters(self) -> list[Tensor]:
        """List the tensors for which the loss may have a gradient."""
        return [*self.stack.parameters(), *self.head.parameters(), self.embedding.weight]

    def restart(self) -> None:
        """Reset the states."""
        self.states = None

    def loss(self, vectors: Tensor, targets: Tensor) -> Tensor:
        """Read the vectors (T, B, D) of a chunk; `targets` are the tokens after each, (T, B) int64.

        Returns:
            (2,) in nats, summed over the steps: the cross-entropy with penalties, to be minimised, and without.
        """
        for dropout in (self.inputs, self.outputs):  # not part of the network, which readers may share
            dropout.train(self.stack.training)
        before = None if self.states is None else detached(self.states)
        states, self.states = self.stack.read(self.inputs(vectors, self.generator), before, self.generator)
        dropped = self.outputs(states, self.generator)
        nats = self.head.loss(dropped.flatten(0, 1), targets.flatten(), self.embedding.weight)
        return torch.stack([nats + targets.numel() * self._penalty(states, dropped), nats.detach()])

    def _penalty(self, states: Tensor, dropped: Tensor) -> Tensor | float:
        penalty: Tensor | float = 0.0
        if self.penalties.activation:
            penalty = penalty + self.penalties.activation * dropped.float().square().mean()
        if self.penalties.temporal and len(states) > 1:
            penalty = penalty + self.penalties.temporal * states.float().diff(dim=0).square().mean()
        return penalty
