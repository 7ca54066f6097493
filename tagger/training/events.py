"""Events of training for listeners, and callbacks that take part in its loop. Losses are in nats."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """Training is about to make its first step.

    Attributes:
        parameters: numbers that training may change.
        sentences: sentences in the training split.
        tokens: tokens in the training split.
        labels: size of the label set (K).
        epochs: epochs planned.
        steps_per_epoch: optimizer steps in one epoch.
        device: where the model is, e.g. ``"cpu"``.
        threads: intra-op threads.
        notes: for the user, e.g. how dev was split off.
        task: "pos"; "lm", whose labels are its units; "series", whose labels are the numbers predicted at a step.
        unit: what a step reads: "word", "bpe" or "char".
    """

    parameters: int
    sentences: int
    tokens: int
    labels: int
    epochs: int
    steps_per_epoch: int
    device: str
    threads: int
    notes: tuple[str, ...]
    task: Literal["pos", "lm", "series"] = "pos"
    unit: str = "word"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One optimizer step is done.

    Attributes:
        epoch: 1-based.
        step: 1-based, within the epoch.
        steps: steps in this epoch.
        loss_per_step: running mean of the cross-entropy, nats per token.
        tokens_per_second: tokens trained on per second.
        learning_rate: of this step.
        seconds: since the start of training.
        seconds_left: estimate of the time until the end; None while unknown.
    """

    epoch: int
    step: int
    steps: int
    loss_per_step: float
    tokens_per_second: float
    learning_rate: float
    seconds: float
    seconds_left: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochEnd:
    """One epoch is done and dev, if there is one, has been scored.

    Attributes:
        epoch: 1-based.
        epochs: epochs planned.
        loss_sum: summed loss of a sentence, mean over the sentences, nats.
        loss_per_step: mean cross-entropy, nats per token.
        dev_accuracy: share of dev tokens with the correct tag (0 to 1); None without dev.
        dev_loss_per_step: mean cross-entropy on dev, nats per token; None without dev.
        best: whether this epoch is the best so far.
        learning_rate: at the end of the epoch.
        tokens_per_second: mean over the epoch.
        seconds: since the start of training.
        dev_perplexity: of the language-model head, per unit; None without one.
        dev_span_f1: of the spans that the labels write (0 to 1), which then chooses the best epoch; else None.
        skipped_steps: steps whose loss or gradient was not finite, which changed nothing.
        num_micro_batches: parts of each batch since memory ran out; 1 before.
    """

    epoch: int
    epochs: int
    loss_sum: float
    loss_per_step: float
    dev_accuracy: float | None
    dev_loss_per_step: float | None
    best: bool
    learning_rate: float
    tokens_per_second: float
    seconds: float
    dev_perplexity: float | None = None
    dev_span_f1: float | None = None
    skipped_steps: int = 0
    num_micro_batches: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """Training is over.

    Attributes:
        reason: ``"all epochs"``, ``"no improvement for 5 epochs"``, ``"time is up"``.
        best_epoch: the epoch whose weights are kept, 1-based.
        best_accuracy: its dev accuracy (0 to 1); None without dev.
        seconds: since the start of training.
        best_perplexity: its dev perplexity per unit; None without a language-model head or without dev.
        best_span_f1: its dev F1 of spans (0 to 1); None where the labels write none.
    """

    reason: str
    best_epoch: int
    best_accuracy: float | None
    seconds: float
    best_perplexity: float | None = None
    best_span_f1: float | None = None


Event: TypeAlias = Started | Step | EpochEnd | Finished
Listener: TypeAlias = Callable[[Event], None]


class Stateful(Protocol):
    """Something whose state can be saved and restored."""

    def state_dict(self) -> dict[str, Any]:
        """Return the whole state: dictionaries with string keys, lists, numbers, strings, None and tensors."""

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what ``state_dict`` returned; tuples have become lists."""


class Callback:
    """Takes part in the training loop. Each method gets the trainer; the defaults do nothing."""

    def on_train_begin(self, trainer: Stateful) -> Sequence[str]:
        """Prepare, before the first event; return notes for the user."""
        return ()

    def on_step_end(self, trainer: Stateful) -> None:
        """React to an optimizer step."""

    def on_epoch_end(self, trainer: Stateful) -> None:
        """React to an epoch, its score included."""
