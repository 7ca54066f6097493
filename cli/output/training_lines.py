"""The events of training in words and figures."""

from __future__ import annotations

import math
from typing import Final

from tagger.model_cards.learning_curves import BLOCKS, spark
from tagger.training.events import EpochEnd, Finished, Started, Step

HEADER: Final = "  epoch  loss/step  loss/sent.  dev loss  dev accuracy  tokens/s     time"
SERIES_HEADER: Final = "  epoch  loss/step loss/series  dev loss   steps/s     time"
LANGUAGE_HEADER: Final = "  epoch  loss/step  perplexity  dev loss  dev perplexity   units/s     time"


def started_lines(event: Started) -> list[str]:
    """What training starts with: notes, the size of data and model, the machine."""
    return [
        *(f"note: {note}" for note in event.notes),
        _data_line(event),
        f"model: {event.parameters:,} parameters, on {event.device} "
        f"with {event.threads} thread{'s' * (event.threads != 1)}",
        f"plan:  {event.epochs} epochs of {event.steps_per_epoch:,} steps",
    ]


def _data_line(event: Started) -> str:
    if event.task == "lm":
        names = {"word": "words", "bpe": "pieces", "char": "characters"}
        passages = "sentences" if event.unit == "word" else "lines"
        return (
            f"data:  {event.tokens:,} {names[event.unit]} in {event.sentences:,} {passages}, their ends counted; "
            f"vocabulary of {event.labels:,}"
        )
    if event.task == "series":
        predicted = f"{event.labels:,} number{'s' * (event.labels != 1)} to predict at each"
        return f"data:  {event.sentences:,} series, {event.tokens:,} steps to learn from, {predicted}"
    return f"data:  {event.sentences:,} sentences, {event.tokens:,} tokens, {event.labels:,} labels"


def header(event: Started) -> str:
    """What stands above the rows of the epochs."""
    return {"lm": LANGUAGE_HEADER, "series": SERIES_HEADER}.get(event.task, HEADER)


def step_figures(event: Step, dev: str | None) -> str:
    """The figures beside the progress bar.

    Args:
        event: a step.
        dev: how dev went last, as ``dev_figure`` says it.
    """
    figures = [f"loss {event.loss_per_step:.4f}", f"{event.tokens_per_second:,.0f} tokens/s"]
    if dev is not None:
        figures.append(f"dev {dev}")
    if event.seconds_left is not None:
        figures.append(f"{clock(event.seconds_left)} left")
    return "  ".join(figures)


def dev_value(event: EpochEnd) -> float | None:
    """What the course of training is drawn from: accuracy in per cent, perplexity, or the loss of a regression."""
    if event.dev_accuracy is not None:
        return 100 * event.dev_accuracy
    return event.dev_loss_per_step if event.dev_perplexity is None else event.dev_perplexity


def dev_figure(event: EpochEnd) -> str | None:
    """How dev went, in one figure; None without dev."""
    value = dev_value(event)
    if value is None:
        return None
    if event.dev_accuracy is not None:
        return f"{value:.2f} %"
    return f"loss {value:.4f}" if event.dev_perplexity is None else f"perplexity {value:,.2f}"


def epoch_line(event: EpochEnd, task: str = "pos") -> str:
    """One row below the header; ``best`` at its end if dev never was better."""
    width = len(str(event.epochs))
    language = task == "lm"
    columns = [
        f"{event.epoch:>{width}}/{event.epochs}".rjust(7),
        f"{event.loss_per_step:.4f}".rjust(11),
        (_perplexity(event.loss_per_step) if language else f"{event.loss_sum:.3f}").rjust(12),
        ("-" if event.dev_loss_per_step is None else f"{event.dev_loss_per_step:.4f}").rjust(10),
        "" if task == "series" else _dev_column(event).rjust(16 if language else 14),
        f"{event.tokens_per_second:,.0f}".rjust(10),
        clock(event.seconds).rjust(9),
        "  best" if event.best else "",
        f"  (batches in {event.parts} parts for want of memory)" if event.parts > 1 else "",
    ]
    if not language and event.dev_perplexity is not None:
        columns.append(f"  (language model: dev perplexity {event.dev_perplexity:,.2f})")
    return "".join(columns)


def _dev_column(event: EpochEnd) -> str:
    value = dev_value(event)
    if value is None:
        return "-"
    return f"{value:,.2f}" if event.dev_accuracy is None else f"{value:.2f} %"


def _perplexity(nats: float) -> str:
    return f"{math.exp(nats):,.2f}" if nats < 20 else f"{nats / math.log(10):.0f} digits"


def finished_lines(event: Finished, values: list[float], blocks: str = BLOCKS) -> list[str]:
    """How training ended, and the course of dev accuracy or perplexity in one line.

    Args:
        event: the last one.
        values: ``dev_value`` of each epoch.
        blocks: characters by height.
    """
    best = f"best epoch {event.best_epoch}"
    if event.best_accuracy is not None:
        best += f", dev accuracy {100 * event.best_accuracy:.2f} %"
    elif event.best_perplexity is not None:
        best += f", dev perplexity {event.best_perplexity:,.2f}"
    lines = [f"finished after {clock(event.seconds)} ({event.reason}); {best}"]
    if len(values) > 1:
        name, unit = ("accuracy", " %") if event.best_accuracy is not None else ("perplexity", "")
        form = ",.2f"
        if event.best_accuracy is None and event.best_perplexity is None:
            name, form = "loss", ".4f"
        lines.append(f"dev {name}  {values[0]:{form}} {spark(values, blocks=blocks)} {values[-1]:{form}}{unit}")
    return lines


def clock(seconds: float) -> str:
    """A duration as ``m:ss`` or ``h:mm:ss``."""
    if not math.isfinite(seconds):
        return "?"
    minutes, rest = divmod(round(max(0.0, seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
