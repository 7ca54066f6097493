"""What a run of training learns, as the loop of ``tagger.fitting`` sees it: batches, a loss, a score on dev."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from torch import Tensor

Task = Literal["pos", "lm"]


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is to learn from.

    Args:
        sentences: of the training data.
        tokens: words, or units of a language model.
        labels: K labels, or V units.
    """

    sentences: int
    tokens: int
    labels: int


@dataclass(slots=True)
class StepLoss:
    """The loss of one batch.

    Args:
        loss: to be minimised: summed over the steps, divided by their number. A scalar with a gradient.
        nats: cross-entropy summed over the steps, without smoothing and penalties.
        steps: of the batch.
        rate: factor of the learning rate.
    """

    loss: Tensor
    nats: Tensor
    steps: int
    rate: float = 1.0


@dataclass(frozen=True, slots=True)
class DevScore:
    """How good the model is.

    Args:
        loss: nats per step.
        accuracy: share of labels that are right, 0 to 1; None for a language model, which is chosen by its loss.
        perplexity: of the language-model head on text; None without one.
    """

    loss: float
    accuracy: float | None = None
    perplexity: float | None = None

    @property
    def value(self) -> float:
        """The higher, the better."""
        return -self.loss if self.accuracy is None else self.accuracy


class Objective(Protocol):
    """What is learnt from what."""

    task: Task
    size: Size
    steps_per_epoch: int

    def epoch(self, rng: np.random.Generator) -> tuple[int, Iterator[Any]]:
        """The batches of an epoch in a new order: their number, and they themselves as they are needed."""

    def loss(self, batch: Any) -> StepLoss:
        """The loss of a batch, in training mode."""

    def evaluate(self) -> DevScore | None:
        """Score the dev data with the weights as they are; None without dev data."""

    def on_threads(self, threads: int) -> AbstractContextManager[None]:
        """Within the block, compute on so many threads."""
