"""Runs that are killed, starved of disk, or started twenty at a time.

Run: ``python -m benchmarks.robustness.faults --help``.

Every run works on a corpus that takes a second or two, in a process of its own (``tests/killing.py``). What is resumed
must end in the bytes that an unbroken run ends in. The exit code is 1 if anything fails.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.measuring import machine_facts, markdown, report
from benchmarks.robustness.commands import Row, content, pos_command
from benchmarks.robustness.disks import every_change, full_disk, slow_disk, small_disk
from benchmarks.robustness.kills import big_file, tag, tag_on_copies, train_lm, train_pos, train_series, train_words
from tests.killing import Nursery


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of the full number of runs")
    parser.add_argument("--only", default="", help="names of faults, separated by commas")
    parser.add_argument("--out", type=Path, default=None)
    arguments = parser.parse_args()
    before = machine_facts()
    rows = []
    with tempfile.TemporaryDirectory(prefix="tagger-faults-") as name, Nursery() as nursery:
        for fault, number in FAULTS.items():
            if arguments.only and fault.__name__ not in arguments.only.split(","):
                continue
            folder = Path(name) / fault.__name__
            folder.mkdir()
            rows.append(fault(nursery, folder, max(1, round(number * arguments.share))))
            sys.stderr.write(f"{rows[-1]}\n")
            shutil.rmtree(folder)
    text = markdown(("fault", "times", "failures", "notes"), [(a, f"{b:,}", f"{c:,}", d) for a, b, c, d in rows])
    report("Faults", text, {"rows": rows}, arguments.out, before)
    sys.exit(1 if any(row[2] for row in rows) else 0)


def signals(nursery: Nursery, folder: Path, number: int) -> Row:
    """Tell runs to stop, with one signal; then resume them."""
    command = [*pos_command(folder), "--checkpoint-minutes", "1e-9"]
    end = nursery.run([*command, "--out", folder / "whole"])
    chance = random.Random(2)
    failures = 0
    for one in range(number):
        which = (signal.SIGINT, signal.SIGTERM)[one % 2]
        out = folder / f"out{one}"
        state = out.with_name(out.name + ".partial") / "training" / "1" / "000001"
        stopped = nursery.run([*command, "--out", out], after=chance.uniform(0, 0.3), with_=which, until=state)
        again = nursery.run([*command, "--out", out, "--resume", "auto"])
        sound = stopped.code in (128 + which, 0) and stopped.message.startswith("tagger: ") == (stopped.code != 0)
        if not sound or again.code or content(out) != content(folder / "whole"):
            failures += 1
            sys.stderr.write(f"signal {which}: {stopped}\n{again}\n")
    return "SIGINT or SIGTERM, then --resume", number, failures, f"exit codes 130 and 143; {end.seconds:.1f} s a run"


def twins(nursery: Nursery, folder: Path, number: int) -> Row:
    """Start N runs into one folder at once, several times."""
    command = pos_command(folder)
    failures = 0
    for one in range(number):
        ends = nursery.run_at_once([*command, "--out", folder / f"out{one}"], number)
        refused = [end for end in ends if end.code == 1 and _is_refusal(end.message)]
        if len(refused) != number - 1 or sum(end.code == 0 for end in ends) != 1:
            failures += 1
            sys.stderr.write(f"at once: {[(end.code, end.message) for end in ends]}\n")
    return (
        f"{number} runs into one folder at once",
        number,
        failures,
        "one trained, the others were refused in one line",
    )


def _is_refusal(message: str) -> bool:
    return "another run is writing this model" in message or "already holds a model" in message


FAULTS: dict[Callable[[Nursery, Path, int], Row], int] = {
    train_pos: 30,
    train_lm: 15,
    train_series: 15,
    train_words: 15,
    tag: 15,
    tag_on_copies: 15,
    slow_disk: 50,
    full_disk: 1000,
    every_change: 1000,
    small_disk: 12,
    signals: 20,
    twins: 20,
    big_file: 100_000,
}
"""And how often."""


if __name__ == "__main__":
    main()
