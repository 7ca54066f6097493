"""What a run of training learns, as the loop of ``tagger.training.trainer`` sees it: batches, a loss, a score on dev.

A run can be resumed to the bit if everything random in an epoch comes from the generator that ``epoch`` is given
(when it is called or as its batches are taken), from torch's own or from Python's. An objective that draws elsewhere or
carries anything from step to step (states of streams) is a ``Stateful``, too; one whose data do not begin anew with
every epoch is a ``ResumableData``; one whose batches can be split when memory runs out is a ``SplitsBatches``. All are
optional.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from torch import Tensor

Task = Literal["pos", "lm", "series"]


@dataclass(frozen=True, slots=True)
class DatasetSize:
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
        loss: to be minimised: summed over the steps, divided by their number (of a part of a batch without steps, see
            ``SplitsBatches``: summed). A scalar with a gradient.
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
    size: DatasetSize
    steps_per_epoch: int

    def epoch(self, rng: np.random.Generator) -> tuple[int, Iterator[Any]]:
        """The batches of an epoch in a new order: their number, and they themselves as they are needed."""

    def loss(self, batch: Any) -> StepLoss:
        """The loss of a batch, in training mode."""

    def evaluate(self) -> DevScore | None:
        """Score the dev data with the weights as they are; None without dev data."""

    def on_threads(self, threads: int) -> AbstractContextManager[None]:
        """Within the block, compute on so many threads."""


@runtime_checkable
class Stateful(Protocol):
    """An objective that remembers something from one step to the next, besides the weights."""

    def state(self) -> dict[str, Any]:
        """What it remembers: dictionaries with string keys, lists, numbers, strings, None and tensors."""

    def restore(self, state: Mapping[str, Any]) -> None:
        """Remember what ``state`` gave; tuples have become lists."""

    def forget(self) -> None:
        """Told that a step was left out because it was not finite: drop what it may have spoilt."""


@runtime_checkable
class ResumableData(Protocol):
    """An objective whose data go on from one epoch to the next."""

    def place(self) -> dict[str, Any]:
        """Where the data stand before an epoch; plain values as in ``Stateful``."""

    def seek(self, place: Mapping[str, Any], rng: np.random.Generator) -> None:
        """Put the data there. ``rng`` is what ``epoch`` will be given; nothing is drawn from it."""


@runtime_checkable
class SplitsBatches(Protocol):
    """An objective whose batches can be taken in parts, of which the gradients are added."""

    def divide(self, batch: Any, parts: int) -> Sequence[Any]:
        """Cut a batch into at most so many parts, each a batch; fewer where it cannot be cut so often."""


class LoopSettings(Protocol):
    """The settings that the training loop itself reads, whatever is learnt."""

    @property
    def epochs(self) -> int | None:
        """Epochs planned."""

    @property
    def learning_rate(self) -> float | None:
        """Peak rate."""

    @property
    def clip(self) -> float:
        """Largest norm of the gradient."""

    @property
    def patience(self) -> int:
        """Epochs without a better score before stopping; 0 for never."""

    @property
    def max_minutes(self) -> float | None:
        """Time budget."""
