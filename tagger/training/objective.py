"""Objectives of training: batches, a loss and a score on dev."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from tagger.corpora.encoding.word_features import WordArrays
from tagger.runtime.disposable_thread import DisposableThread

Task = Literal["pos", "lm", "series"]


@dataclass(frozen=True, slots=True)
class DatasetSize:
    """The amount of training data.

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
        loss: to be minimised: summed over the steps, divided by their number (for a part of a batch that has no
            steps, see ``Objective.split_batch``: the sum). A scalar with a gradient.
        loss_sum: cross-entropy in nats summed over the steps, without smoothing and penalties.
        steps: of the batch.
        lr_scale: factor of the learning rate.
    """

    loss: Tensor
    loss_sum: Tensor
    steps: int
    lr_scale: float = 1.0


@dataclass(frozen=True, slots=True)
class DevScore:
    """The score of a model on dev.

    Args:
        loss: nats per step.
        accuracy: share of correct labels, 0 to 1; None for a language model, which is chosen by its loss.
        perplexity: of the language-model head on text; None without one.
        span_f1: of the spans that the labels write, 0 to 1; None where they write none.
    """

    loss: float
    accuracy: float | None = None
    perplexity: float | None = None
    span_f1: float | None = None

    @property
    def value(self) -> float:
        """The figure to maximise; between equal F1 scores the lower loss decides."""
        if self.span_f1 is not None:
            return self.span_f1 - 1e-9 * min(self.loss, 1e3)
        return -self.loss if self.accuracy is None else self.accuracy


class Objective(ABC):
    """The batches, the loss and the dev score that a trainer needs.

    A subclass sets the attributes and writes ``epoch``, ``loss`` and ``evaluate``. A run resumes to the bit if every
    random number of an epoch comes from the generator that ``epoch`` gets, from torch's or from Python's. An objective
    that draws elsewhere, or carries something from step to step (states of streams), overrides ``state_dict``,
    ``load_state_dict`` and ``reset_state``. One whose data do not start anew with every epoch overrides
    ``data_state_dict`` and ``load_data_state_dict``.

    Attributes:
        task: what the events call it.
        size: the amount of training data.
        steps_per_epoch: batches of an epoch, about.
        unit: what a step reads: "word", "bpe" or "char".
        improvement: what early stopping waits for, in messages.
    """

    task: Task
    size: DatasetSize
    steps_per_epoch: int
    unit: str = "word"
    improvement: str = "lower dev loss"

    @abstractmethod
    def epoch(self, rng: np.random.Generator) -> tuple[int, Iterator[Any]]:
        """Plan an epoch in a new order: return the number of batches and their iterator."""

    @abstractmethod
    def loss(self, batch: Any) -> StepLoss:
        """Compute the loss of a batch, in training mode."""

    @abstractmethod
    def evaluate(self) -> DevScore | None:
        """Score the dev data with the present weights; None without dev data."""

    def split_batch(self, batch: Any, parts: int) -> Sequence[Any]:
        """Cut a batch into at most ``parts`` batches whose gradients add up; fewer where it has fewer rows."""
        return [batch]

    def on_threads(self, threads: int) -> AbstractContextManager[None]:
        """Compute on this number of threads within the block."""
        return nullcontext()

    def finish(self) -> None:  # noqa: B027
        """Complete the trained network: calibrate it, drop what only training needs."""

    def state_dict(self) -> dict[str, Any]:
        """Return what one step leaves to the next: dictionaries, lists, numbers, strings, None and tensors."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:  # noqa: B027
        """Restore what ``state_dict`` returned; tuples have become lists."""

    def reset_state(self) -> None:  # noqa: B027
        """Drop what a skipped step with a loss that is not finite may have spoilt."""

    def data_state_dict(self) -> dict[str, Any]:
        """Return the position of data that do not start anew with every epoch; plain values."""
        return {}

    def load_data_state_dict(self, state: Mapping[str, Any], rng: np.random.Generator) -> None:  # noqa: B027
        """Restore the position; ``rng`` is what ``epoch`` will get, nothing is drawn from it."""


@contextmanager
def second_thread(threads: int, device: torch.device) -> Iterator[DisposableThread | None]:
    """Give a thread for half of the work, where two threads compute on the CPU; None elsewhere."""
    if threads < 2 or device.type != "cpu":
        yield None
        return
    with DisposableThread() as thread:
        yield thread


def word_tensors(arrays: WordArrays, device: torch.device) -> tuple[Tensor | None, ...]:
    """Put word arrays on a device, in the order that ``WordRepresentation.forward`` takes them."""
    columns = (arrays.word_ids, arrays.affix_ids, arrays.char_ids, arrays.vector_ids)
    return tuple(None if column is None else torch.from_numpy(column).to(device) for column in columns)
