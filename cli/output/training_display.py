"""The live display of training, on standard error.

On a terminal a progress line moves below a table that grows by one row per epoch; elsewhere only the
rows are printed. With ``quiet`` nothing is. A display that fails goes silent: it never stops training.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Final, Protocol, Self, TextIO

from tagger.model_cards.learning_curves import ASCII_BLOCKS, BLOCKS, spark
from tagger.training.events import EpochEnd, Event, Finished, Started, Step

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID


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
        f"  ({event.num_micro_batches} micro-batches a batch: memory ran out)" if event.num_micro_batches > 1 else "",
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


_REFRESH: Final = 0.1  # seconds between two drawings of the progress line
_QUIET: Final = 60.0  # seconds after which a log hears of a long epoch


class _View(Protocol):
    """Where lines and progress go: a terminal or a plain stream."""

    def line(self, text: str) -> None: ...
    def start(self, event: Started) -> None: ...
    def step(self, event: Step, dev: str | None) -> None: ...
    def close(self) -> None: ...


class TrainingDisplay:
    """Shows the events of training.

    ``with TrainingDisplay() as display: train(..., listener=display)``

    Args:
        quiet: shows nothing.
        stream: where to; standard error unless given.
    """

    def __init__(self, *, quiet: bool = False, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._view: _View | None = None
        self._values: list[float] = []
        self._dev: str | None = None
        self._task = "pos"
        self._guarded(lambda: None if quiet else self._open())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        view, self._view = self._view, None
        if view is not None:
            self._guarded(view.close)

    def __call__(self, event: Event) -> None:
        """Shows one event. Never raises an `Exception`."""
        view = self._view
        if view is not None:
            self._guarded(lambda: self._show(view, event))

    def _open(self) -> None:
        self._view = _Terminal(self._stream) if self._stream.isatty() else _Plain(self._stream)

    def _guarded(self, action: Callable[[], object]) -> None:
        try:
            action()
        except Exception:  # whatever went wrong with the terminal, training matters more
            broken, self._view = self._view, None
            if broken is not None:
                self._guarded(broken.close)

    def _show(self, view: _View, event: Event) -> None:
        match event:
            case Started():
                self._values.clear()
                self._dev, self._task = None, event.task
                for line in [*started_lines(event), header(event)]:
                    view.line(line)
                view.start(event)
            case Step():
                view.step(event, self._dev)
            case EpochEnd():
                if (value := dev_value(event)) is not None:
                    self._values.append(value)
                self._dev = dev_figure(event)
                view.line(epoch_line(event, self._task))
            case Finished():
                view.close()
                for line in finished_lines(event, self._values, _blocks(self._stream)):
                    view.line(line)


class _Plain:
    """Lines alone, for logs and pipes; within a long epoch one a minute."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._told = time.monotonic()

    def line(self, text: str) -> None:
        self._told = time.monotonic()
        print(text, file=self._stream, flush=True)

    def start(self, event: Started) -> None:
        pass

    def step(self, event: Step, dev: str | None) -> None:
        if time.monotonic() - self._told >= _QUIET and event.step < event.steps:
            self.line(f"{event.epoch:>5}     step {event.step:,}/{event.steps:,}  {step_figures(event, dev)}")

    def close(self) -> None:
        self._stream.flush()


class _Terminal:
    """Lines above one progress line that is drawn anew with the steps, by rich.

    Drawn from the thread that trains, at most ten times a second: no second thread competes for cores.
    """

    def __init__(self, stream: TextIO) -> None:
        self._console = _console(stream)
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._steps = self._epochs = 1
        self._drawn = 0.0

    def line(self, text: str) -> None:
        from rich.text import Text

        shown = Text(text, style="dim" if text.startswith("  epoch") else "")
        shown.highlight_regex(r"  best$", "bold green")
        self._console.print(shown, soft_wrap=True)

    def start(self, event: Started) -> None:
        from rich.progress import BarColumn, Progress, TextColumn

        self.close()
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
        self._steps = event.steps_per_epoch
        self._epochs = event.epochs
        total = event.epochs * event.steps_per_epoch
        self._task = self._progress.add_task("", total=total, place="starting", figures="")
        self._progress.start()

    def step(self, event: Step, dev: str | None) -> None:
        if self._progress is None or self._task is None:
            return
        now = time.monotonic()
        if now - self._drawn < _REFRESH and event.step < event.steps:
            return
        self._drawn = now
        self._progress.update(
            self._task,
            completed=(event.epoch - 1) * self._steps + event.step,
            place=f"epoch {event.epoch}/{self._epochs}  step {event.step:,}/{event.steps:,}",
            figures=step_figures(event, dev),
        )
        self._progress.refresh()

    def close(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None


def _console(stream: TextIO) -> Console:
    """A console that reports a broken pipe instead of ending the program, as rich would."""
    from rich.console import Console

    class LastingConsole(Console):
        def on_broken_pipe(self) -> None:
            self.quiet = True
            raise BrokenPipeError("nobody reads the display any more")

    return LastingConsole(file=stream, highlight=False)


def _blocks(stream: TextIO) -> str:
    """Characters of the spark curve that the stream can show."""
    try:
        BLOCKS.encode(stream.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return ASCII_BLOCKS
    return BLOCKS
