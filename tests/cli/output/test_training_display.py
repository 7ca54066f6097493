"""What the display of training writes to terminals, pipes and broken streams."""

from __future__ import annotations

import io
import re
import sys
from dataclasses import replace

import pytest

from tagger.cli.output.training_display import HEADER, TrainingDisplay, clock, epoch_line, finished_lines
from tagger.model_cards.plots import ASCII_BLOCKS
from tagger.training.events import EpochEnd, Event, Finished, Started, Step

STARTED = Started(
    parameters=1_234_567, sentences=12_543, tokens=204_577, labels=17, epochs=2, steps_per_epoch=3, device="cpu",
    threads=1, notes=("dev: 10 % of train",),
)  # fmt: skip
STEP = Step(
    epoch=1, step=3, steps=3, loss_per_step=0.91234, tokens_per_second=23_456.7, learning_rate=0.002, seconds=61,
    seconds_left=65,
)  # fmt: skip
EPOCH = EpochEnd(
    epoch=1, epochs=2, loss_sum=16.3, loss_per_step=0.9123, dev_accuracy=0.8764, dev_loss_per_step=0.4, best=True,
    learning_rate=0.002, tokens_per_second=23_456.7, seconds=61,
)  # fmt: skip
EVENTS: list[Event] = [
    STARTED,
    replace(STEP, step=1),
    replace(STEP, step=2),
    STEP,
    EPOCH,
    replace(STEP, epoch=2, step=1),
    replace(EPOCH, epoch=2, dev_accuracy=0.86, best=False),
    Finished(reason="all epochs", best_epoch=1, best_accuracy=0.8764, seconds=3_725),
]


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class Broken(io.StringIO):
    """A stream that fails, as a closed pipe does, after some writes."""

    def __init__(self, writes: int, *, terminal: bool) -> None:
        super().__init__()
        self.left, self.terminal = writes, terminal

    def isatty(self) -> bool:
        return self.terminal

    def write(self, text: str) -> int:
        self.left -= 1
        if self.left < 0:
            raise BrokenPipeError("gone")
        return super().write(text)


def shown(stream: io.StringIO, *, quiet: bool = False) -> str:
    with TrainingDisplay(quiet=quiet, stream=stream) as display:
        for event in EVENTS:
            display(event)
    return stream.getvalue()


def test_an_epoch_in_micro_batches_says_so() -> None:
    assert (
        epoch_line(replace(EPOCH, num_micro_batches=4))
        == epoch_line(EPOCH) + "  (4 micro-batches a batch: memory ran out)"
    )


def test_plain_output_is_one_line_per_epoch() -> None:
    assert shown(io.StringIO()).splitlines() == [
        "note: dev: 10 % of train",
        "data:  12,543 sentences, 204,577 tokens, 17 labels",
        "model: 1,234,567 parameters, on cpu with 1 thread",
        "plan:  2 epochs of 3 steps",
        "  epoch  loss/step  loss/sent.  dev loss  dev accuracy  tokens/s     time",
        "    1/2     0.9123      16.300    0.4000       87.64 %    23,457     1:01  best",
        "    2/2     0.9123      16.300    0.4000       86.00 %    23,457     1:01",
        "finished after 1:02:05 (all epochs); best epoch 1, dev accuracy 87.64 %",
        "dev accuracy  87.64 █▁ 86.00 %",
    ]


def test_spans_are_judged_by_their_f1() -> None:
    events: list[Event] = [replace(EPOCH, dev_span_f1=0.5), replace(EPOCH, epoch=2, dev_span_f1=0.25, best=False)]
    stream = io.StringIO()
    done = Finished(reason="all epochs", best_epoch=1, best_accuracy=0.8764, best_span_f1=0.5, seconds=5)
    with TrainingDisplay(stream=stream) as display:
        for event in [STARTED, *events, done]:
            display(event)
    lines = stream.getvalue().splitlines()
    assert lines[5].endswith("87.64 %    23,457     1:01  best  (dev span F1 50.00 %)")
    assert lines[7] == "finished after 0:05 (all epochs); best epoch 1, dev span F1 50.00 %, dev accuracy 87.64 %"
    assert lines[8] == "dev span F1  50.00 █▁ 25.00 %"


def test_without_dev_the_columns_stay_in_place() -> None:
    line = epoch_line(replace(EPOCH, dev_accuracy=None, dev_loss_per_step=None, best=False))
    assert len(line) == len(HEADER)
    assert line.split() == ["1/2", "0.9123", "16.300", "-", "-", "23,457", "1:01"]
    assert finished_lines(Finished(reason="time is up", best_epoch=2, best_accuracy=None, seconds=5), []) == [
        "finished after 0:05 (time is up); best epoch 2"
    ]


def test_terminal_shows_progress_and_keeps_the_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("tagger.cli.output.training_display.REFRESH_SECONDS", 0)
    raw = shown(Terminal())
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", raw)
    assert "epoch 1/2  step 3/3" in text
    assert "loss 0.9123  23,457 tokens/s  1:05 left" in text
    assert "dev 87.64 %" in text
    assert text.count("16.300") == 2
    assert raw.count("\x1b[?25l") == raw.count("\x1b[?25h") == 1  # the cursor comes back
    assert text.rstrip().endswith("dev accuracy  87.64 █▁ 86.00 %")


def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m|38;5", shown(Terminal()))


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()])
def test_quiet_is_silent(stream: io.StringIO) -> None:
    assert shown(stream, quiet=True) == ""


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize("writes", range(0, 40, 3))
def test_a_broken_stream_never_stops_training(writes: int, terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr("tagger.cli.output.training_display.REFRESH_SECONDS", 0)
    streams = sys.stdout, sys.stderr
    shown(Broken(writes, terminal=terminal))
    assert (sys.stdout, sys.stderr) == streams


def test_a_closed_stream_never_stops_training() -> None:
    stream = io.StringIO()
    stream.close()
    with TrainingDisplay(stream=stream) as display:
        for event in EVENTS:
            display(event)


def test_the_cursor_comes_back_after_an_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    stream = Terminal()
    display = TrainingDisplay(stream=stream)
    display(STARTED)
    display.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert "\x1b[?25h" in stream.getvalue()


def test_a_second_run_starts_its_own_curve() -> None:
    stream = io.StringIO()
    with TrainingDisplay(stream=stream) as display:
        for event in [*EVENTS, *EVENTS]:
            display(event)
    assert stream.getvalue().count("dev accuracy  87.64 █▁ 86.00 %") == 2


def test_streams_without_block_characters_get_others() -> None:
    raw = io.BytesIO()
    with TrainingDisplay(stream=io.TextIOWrapper(raw, encoding="ascii")) as display:
        for event in EVENTS:
            display(event)
        assert f"87.64 {ASCII_BLOCKS[-1]}{ASCII_BLOCKS[0]} 86.00 %" in raw.getvalue().decode("ascii")


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, "0:00"), (59.6, "1:00"), (3599, "59:59"), (3600, "1:00:00"), (-1, "0:00"), (float("inf"), "?")],
)
def test_clock(seconds: float, expected: str) -> None:
    assert clock(seconds) == expected
