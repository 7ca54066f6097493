"""Runs that are killed at random instants and resumed until they end."""

from __future__ import annotations

import random
import signal
import sys
import time
from pathlib import Path

from benchmarks.robustness.commands import Command, Row, content, lm_command, pos_command, tag_command
from tests.killing import Nursery
from tests.number_runs import series_command, words_command


def until_done(
    nursery: Nursery, command: Command, seconds: float, chance: random.Random, hook: str, value: float = 0.0
) -> tuple[int, str]:
    """Kill a command at random instants and resume it, until it ends: how often it was killed, and what is wrong."""
    for killed in range(60):
        longest = seconds * (0.4 if killed < 4 else 1.15)
        end = nursery.run([*command, "--resume", "auto"], after=chance.uniform(0, longest), hook=hook, value=value)
        if end.code == 0:
            return killed, ""
        if end.code != -signal.SIGKILL:
            return killed, f"exit code {end.code}: {end.message}"
    return 60, "never done"


def killed_runs(
    nursery: Nursery, folder: Path, number: int, command: Command, option: str, hook: str, what: str
) -> Row:
    """Kill runs of a command again and again."""
    end = nursery.run([*command, option, folder / "whole"], hook=hook)
    assert end.code == 0, end.err
    expected = content(folder / "whole")
    kills = failures = 0
    for one in range(number):
        out = folder / f"out{one}"
        killed, wrong = until_done(nursery, [*command, option, out], end.seconds, random.Random(one), hook)
        kills += killed
        if wrong or content(out) != expected or [p for p in folder.iterdir() if "part" in p.name]:
            failures += 1
            sys.stderr.write(f"{what} {one}: {wrong or 'another result'}\n")
    return what, number, failures, f"{kills:,} kills; each result the same to the bit"


def train_pos(nursery: Nursery, folder: Path, number: int) -> Row:
    """Kill ``train pos``."""
    return killed_runs(nursery, folder, number, pos_command(folder), "--out", "save_always", "kill -9 of train pos")


def train_lm(nursery: Nursery, folder: Path, number: int) -> Row:
    """Kill ``train lm``."""
    return killed_runs(nursery, folder, number, lm_command(folder), "--out", "save_always", "kill -9 of train lm")


def train_series(nursery: Nursery, folder: Path, number: int) -> Row:
    """Kill ``train series`` over time."""
    command = series_command(folder)
    return killed_runs(nursery, folder, number, command, "--out", "save_always", "kill -9 of train series")


def train_words(nursery: Nursery, folder: Path, number: int) -> Row:
    """Kill ``train series`` over words."""
    command = words_command(folder)
    return killed_runs(nursery, folder, number, command, "--out", "save_always", "kill -9 of train series over words")


def tag(nursery: Nursery, folder: Path, number: int) -> Row:
    """Kill ``tag``."""
    return killed_runs(nursery, folder, number, tag_command(folder, nursery), "-o", "mark_always", "kill -9 of tag")


def tag_on_copies(nursery: Nursery, folder: Path, number: int) -> Row:
    """Kill ``tag`` while worker processes tag for it."""
    command = tag_command(folder, nursery, threads=2)
    return killed_runs(nursery, folder, number, command, "-o", "mark_always", "kill -9 of tag with two copies")


def big_file(nursery: Nursery, folder: Path, number: int) -> Row:
    """Tag a large file, killed five times."""
    command = tag_command(folder, nursery, number, threads=2)
    end = nursery.run([*command, "-o", folder / "whole"])
    chance = random.Random(3)
    started = time.monotonic()
    for _ in range(5):
        nursery.run([*command, "-o", folder / "out", "--resume", "auto"], after=chance.uniform(0.1, 0.25) * end.seconds)
    last = nursery.run([*command, "-o", folder / "out", "--resume", "auto"])
    wrong = last.code != 0 or content(folder / "out") != content(folder / "whole")
    seconds = time.monotonic() - started
    return (
        f"tag {number:,} sentences, killed 5 times",
        1,
        int(wrong),
        f"{end.seconds:.0f} s unbroken, {seconds:.0f} s with the kills",
    )
