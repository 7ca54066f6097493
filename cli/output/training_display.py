"""Show the progress of training on standard error.

On a terminal a progress line moves below a table that grows by one row an epoch; elsewhere the rows alone are
printed. A display that fails goes silent: it never stops training.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Self, TextIO

from tagger.cli.output.terminal import TerminalCapabilities
from tagger.corpora.formats.sentence import number_of
from tagger.model_cards.plots import ASCII_BLOCKS, BLOCKS, spark
from tagger.training.events import EpochEnd, Event, Finished, Started, Step

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

HEADER: Final = "  epoch  loss/step  loss/sent.  dev loss  dev accuracy  tokens/s     time"
HEADERS: Final = {
    "lm": "  epoch  loss/step  perplexity  dev loss  dev perplexity  tokens/s     time",
    "series": "  epoch  loss/step loss/series  dev loss   steps/s     time",
}
"""Of the tasks that have other columns."""
REFRESH_SECONDS: Final = 0.1
"""Least time between two drawings of the progress line."""
LOG_SECONDS: Final = 60.0
"""Time within a long epoch after which a stream that is no terminal gets a line."""


def started_lines(event: Started) -> list[str]:
    """Describe notes, the size of data and model, the machine."""
    return [
        *(f"note: {note}" for note in event.notes),
        _data_line(event),
        f"model: {event.parameters:,} parameters, on {event.device} with {number_of(event.threads, 'thread')}",
        f"plan:  {number_of(event.epochs, 'epoch')} of {number_of(event.steps_per_epoch, 'step')}",
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
        steps, numbers = number_of(event.tokens, "step"), number_of(event.labels, "number")
        return f"data:  {event.sentences:,} series, {steps} to learn from, {numbers} to predict at each"
    sizes = {"sentence": event.sentences, "token": event.tokens, "label": event.labels}
    return f"data:  {', '.join(number_of(size, noun) for noun, size in sizes.items())}"


def step_figures(event: Step, dev: str | None) -> str:
    """Format the figures beside the progress bar; ``dev`` is the last score on dev."""
    figures = [f"loss {event.loss_per_step:.4f}", f"{event.tokens_per_second:,.0f} tokens/s"]
    if dev is not None:
        figures.append(f"dev {dev}")
    if event.seconds_left is not None:
        figures.append(f"{clock(event.seconds_left)} left")
    return "  ".join(figures)


def dev_value(event: EpochEnd) -> float | None:
    """Return F1 of spans or accuracy on dev in per cent, perplexity, or the loss of a regression."""
    if event.dev_span_f1 is not None:
        return 100 * event.dev_span_f1
    if event.dev_accuracy is not None:
        return 100 * event.dev_accuracy
    return event.dev_loss_per_step if event.dev_perplexity is None else event.dev_perplexity


def dev_figure(event: EpochEnd) -> str | None:
    """Format the score on dev with its name; None without dev."""
    if (value := dev_value(event)) is None:
        return None
    if event.dev_accuracy is not None:
        return f"{'span F1 ' * (event.dev_span_f1 is not None)}{value:.2f} %"
    return f"loss {value:.4f}" if event.dev_perplexity is None else f"perplexity {value:,.2f}"


def epoch_line(event: EpochEnd, task: str = "pos") -> str:
    """Format a row below the header; it ends with ``best`` if dev was never better."""
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
        f"  ({event.num_micro_batches} micro-batches a batch: memory ran out)" if event.num_micro_batches > 1 else "",
    ]
    if not language and event.dev_perplexity is not None:
        columns.append(f"  (language model: dev perplexity {event.dev_perplexity:,.2f})")
    if event.dev_span_f1 is not None:
        columns.append(f"  (dev span F1 {100 * event.dev_span_f1:.2f} %)")
    return "".join(columns)


def _dev_column(event: EpochEnd) -> str:
    if event.dev_accuracy is not None:
        return f"{100 * event.dev_accuracy:.2f} %"
    value = dev_value(event)
    return "-" if value is None else f"{value:,.2f}"


def _perplexity(nats: float) -> str:
    return f"{math.exp(nats):,.2f}" if nats < 20 else f"{nats / math.log(10):.0f} digits"


def finished_lines(event: Finished, values: list[float], blocks: str = BLOCKS) -> list[str]:
    """Say why training ended, and draw the ``dev_value`` of each epoch as a curve."""
    best = f"best epoch {event.best_epoch}"
    if event.best_span_f1 is not None:
        best += f", dev span F1 {100 * event.best_span_f1:.2f} %"
    if event.best_accuracy is not None:
        best += f", dev accuracy {100 * event.best_accuracy:.2f} %"
    elif event.best_perplexity is not None:
        best += f", dev perplexity {event.best_perplexity:,.2f}"
    lines = [f"finished after {clock(event.seconds)} ({event.reason}); {best}"]
    if len(values) > 1:
        name, unit = ("accuracy", " %") if event.best_accuracy is not None else ("perplexity", "")
        name = "span F1" if event.best_span_f1 is not None else name
        form = ",.2f"
        if event.best_accuracy is None and event.best_perplexity is None:
            name, form = "loss", ".4f"
        lines.append(f"dev {name}  {values[0]:{form}} {spark(values, blocks=blocks)} {values[-1]:{form}}{unit}")
    return lines


def clock(seconds: float) -> str:
    """Format a duration as ``m:ss`` or ``h:mm:ss``."""
    if not math.isfinite(seconds):
        return "?"
    minutes, rest = divmod(round(max(0.0, seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class TrainingDisplay:
    """Listen to the events of training and show them.

    ``with TrainingDisplay() as display: train(..., listener=display)``

    Args:
        quiet: shows nothing.
        stream: written to; standard error if None.
    """

    def __init__(self, *, quiet: bool = False, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._console: Console | None = None
        self._progress: Progress | None = None
        self._started: Started | None = None
        self._values: list[float] = []
        self._dev: str | None = None
        self._last_shown = time.monotonic()
        if not quiet:
            self._guarded(self._open_console)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._guarded(self._close)
        self._console = None

    def __call__(self, event: Event) -> None:
        """Show one event; never raises an `Exception`."""
        if self._console is not None:
            self._guarded(lambda: self._show(event))

    def _guarded(self, action: Callable[[], object]) -> None:
        try:
            action()
        except Exception:  # whatever is wrong with the terminal, training matters more
            self._console = None
            with suppress(Exception):
                self._close()

    def _open_console(self) -> None:
        """Make a console that raises on a broken pipe; that of rich ends the program."""
        from rich.console import Console

        class LastingConsole(Console):
            def on_broken_pipe(self) -> None:
                self.quiet = True
                raise BrokenPipeError("nobody reads the display any more")

        self._console = LastingConsole(file=self._stream, highlight=False)

    def _close(self) -> None:
        progress, self._progress = self._progress, None
        if progress is not None:
            progress.stop()

    def _show(self, event: Event) -> None:
        match event:
            case Started():
                self._close()
                self._values, self._dev, self._started = [], None, event
                self._print(*started_lines(event), HEADERS.get(event.task, HEADER))
                if self._stream.isatty():
                    self._start_progress(event)
            case Step():
                self._show_step(event)
            case EpochEnd():
                if (value := dev_value(event)) is not None:
                    self._values.append(value)
                self._dev = dev_figure(event)
                self._print(epoch_line(event, "pos" if self._started is None else self._started.task))
            case Finished():
                self._close()
                blocks = BLOCKS if TerminalCapabilities.of(self._stream).unicode else ASCII_BLOCKS
                self._print(*finished_lines(event, self._values, blocks))

    def _print(self, *lines: str) -> None:
        from rich.text import Text

        assert self._console is not None
        for line in lines:
            shown = Text(line, style="dim" if line.startswith("  epoch") else "")
            shown.highlight_regex(r"  best$", "bold green")
            self._console.print(shown, soft_wrap=True)
        self._last_shown = time.monotonic()

    def _start_progress(self, event: Started) -> None:
        """Start a progress line that the training thread itself draws, so as to leave cores alone."""
        from rich.progress import BarColumn, Progress, TextColumn

        self._progress = Progress(
            TextColumn("{task.fields[place]}"),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[figures]}"),
            console=self._console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,  # results are not ours to move
            expand=True,
        )
        self._progress.add_task("", total=event.epochs * event.steps_per_epoch, place="starting", figures="")
        self._progress.start()

    def _show_step(self, event: Step) -> None:
        waited = time.monotonic() - self._last_shown
        figures = step_figures(event, self._dev)
        if self._progress is None:
            if waited >= LOG_SECONDS and event.step < event.steps:
                self._print(f"{event.epoch:>5}     step {event.step:,}/{event.steps:,}  {figures}")
        elif self._started is not None and (waited >= REFRESH_SECONDS or event.step == event.steps):
            self._last_shown = time.monotonic()
            self._progress.update(
                self._progress.task_ids[0],
                completed=(event.epoch - 1) * self._started.steps_per_epoch + event.step,
                place=f"epoch {event.epoch}/{self._started.epochs}  step {event.step:,}/{event.steps:,}",
                figures=figures,
            )
            self._progress.refresh()
