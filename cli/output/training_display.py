"""The live display of training, on standard error.

On a terminal a progress line moves below a table that grows by one row per epoch; elsewhere only the
rows are printed. With ``quiet`` nothing is. A display that fails goes silent: it never stops training.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Final, Protocol, Self, TextIO

from tagger.cli.output.training_lines import (
    dev_figure,
    dev_value,
    epoch_line,
    finished_lines,
    header,
    started_lines,
    step_figures,
)
from tagger.model_cards.learning_curves import ASCII_BLOCKS, BLOCKS
from tagger.training.events import EpochEnd, Event, Finished, Started, Step

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

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
