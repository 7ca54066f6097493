"""The events of training in words and figures."""

from __future__ import annotations

import math
from typing import Final

from tagger.curves import BLOCKS, spark
from tagger.events import EpochEnd, Finished, Started, Step

HEADER: Final = "  epoch  loss/step  loss/sent.  dev loss  dev accuracy  tokens/s     time"


def started_lines(event: Started) -> list[str]:
    """What training starts with: notes, the size of data and model, the machine."""
    return [
        *(f"note: {note}" for note in event.notes),
        f"data:  {event.sentences:,} sentences, {event.tokens:,} tokens, {event.labels:,} labels",
        f"model: {event.parameters:,} parameters, on {event.device} "
        f"with {event.threads} thread{'s' * (event.threads != 1)}",
        f"plan:  {event.epochs} epochs of {event.steps_per_epoch:,} steps",
    ]


def step_figures(event: Step, accuracy: float | None) -> str:
    """The figures beside the progress bar."""
    figures = [f"loss {event.loss_per_step:.4f}", f"{event.tokens_per_second:,.0f} tokens/s"]
    if accuracy is not None:
        figures.append(f"dev {100 * accuracy:.2f} %")
    if event.seconds_left is not None:
        figures.append(f"{clock(event.seconds_left)} left")
    return "  ".join(figures)


def epoch_line(event: EpochEnd) -> str:
    """One row below `HEADER`; ``best`` at its end if dev never was better."""
    width = len(str(event.epochs))
    columns = [
        f"{event.epoch:>{width}}/{event.epochs}".rjust(7),
        f"{event.loss_per_step:.4f}".rjust(11),
        f"{event.loss_sum:.3f}".rjust(12),
        ("-" if event.dev_loss_per_step is None else f"{event.dev_loss_per_step:.4f}").rjust(10),
        ("-" if event.dev_accuracy is None else f"{100 * event.dev_accuracy:.2f} %").rjust(14),
        f"{event.tokens_per_second:,.0f}".rjust(10),
        clock(event.seconds).rjust(9),
        "  best" if event.best else "",
    ]
    return "".join(columns)


def finished_lines(event: Finished, accuracies: list[float], blocks: str = BLOCKS) -> list[str]:
    """How training ended, and the course of dev accuracy in one line."""
    best = f"best epoch {event.best_epoch}"
    if event.best_accuracy is not None:
        best += f", dev accuracy {100 * event.best_accuracy:.2f} %"
    lines = [f"finished after {clock(event.seconds)} ({event.reason}); {best}"]
    if len(accuracies) > 1:
        first, last = 100 * accuracies[0], 100 * accuracies[-1]
        lines.append(f"dev accuracy  {first:.2f} {spark(accuracies, blocks=blocks)} {last:.2f} %")
    return lines


def clock(seconds: float) -> str:
    """A duration as ``m:ss`` or ``h:mm:ss``."""
    if not math.isfinite(seconds):
        return "?"
    minutes, rest = divmod(round(max(0.0, seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
