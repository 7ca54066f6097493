"""Runs that are killed, starved of disk, or started twenty at a time. Run: ``python -m benchmarks.faults --help``.

Every run works on a corpus that takes a second or two, in a process of its own (``tests/killing.py``). What is resumed
must end in the bytes that an unbroken run ends in. The exit code is 1 if anything fails.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.measuring import machine, markdown, report
from tests.killing import Nursery
from tests.number_runs import series_command, words_command
from tests.tiny import TOML, conllu, sentences, write_corpus

Command = list[str | Path]
Row = tuple[str, int, int, str]
"""What was done, how often, how often it went wrong, and what else there is to say."""
LM = ("--hidden-size", "16", "--embedding-size", "16", "--epochs", "8", "--batch-size", "4", "--bptt", "12")
TAGGED = "model.safetensors"


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of the full number of runs")
    parser.add_argument("--only", default="", help="names of faults, separated by commas")
    parser.add_argument("--out", type=Path, default=None)
    arguments = parser.parse_args()
    before = machine()
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


def pos_command(folder: Path) -> Command:
    """Train a tagger for a second."""
    corpus = write_corpus(folder / "corpus")
    (folder / "settings.toml").write_text(TOML)
    return ["train", "pos", corpus, "--config", folder / "settings.toml", "--threads", "1", "--quiet"]


def lm_command(folder: Path) -> Command:
    """Train a language model for a second."""
    text = write_corpus(folder / "corpus") / "xx_tiny-ud-train.conllu"
    return ["train", "lm", "--train", text, "--dev", text, *LM, "--threads", "1", "--quiet"]


def tag_command(folder: Path, nursery: Nursery, number: int = 40_000, threads: int = 1) -> Command:
    """Tag for a few seconds."""
    assert nursery.run([*pos_command(folder), "--out", folder / "model"]).code == 0
    (folder / "big.conllu").write_text(conllu(sentences(number, 3)), encoding="utf-8")
    return ["tag", folder / "big.conllu", "--model", folder / "model", "--threads", str(threads), "--quiet", "--scores"]


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
    expected = _content(folder / "whole")
    kills = failures = 0
    for one in range(number):
        out = folder / f"out{one}"
        killed, wrong = until_done(nursery, [*command, option, out], end.seconds, random.Random(one), hook)
        kills += killed
        if wrong or _content(out) != expected or [p for p in folder.iterdir() if "part" in p.name]:
            failures += 1
            sys.stderr.write(f"{what} {one}: {wrong or 'another result'}\n")
    return what, number, failures, f"{kills:,} kills; each result the same to the bit"


def _content(out: Path) -> bytes:
    return (out / TAGGED if out.is_dir() else out).read_bytes()


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
    """Kill ``tag`` while copies of its process work for it."""
    command = tag_command(folder, nursery, threads=2)
    return killed_runs(nursery, folder, number, command, "-o", "mark_always", "kill -9 of tag with two copies")


def slow_disk(nursery: Nursery, folder: Path, number: int) -> Row:
    """Kill runs that spend nearly all of their time writing states: a whole one is there, but for the first moment."""
    from tagger.run_checkpoints import Checkpoints

    command = [*pos_command(folder), "--out", folder / "out", "--checkpoint-minutes", "1e-9"]
    states = folder / "out.partial" / "training" / "1"
    first = states / "000001" / "manifest.json"
    failures = torn = 0
    chance = random.Random(1)
    end = nursery.run([*command, "--resume", "auto"], after=0.0, until=first, hook="slow_disk", value=0.01)
    for _ in range(number):
        torn += (states / "next").exists()
        store = Checkpoints(states)
        if end.code != -signal.SIGKILL or store.load() is None or store.damaged:
            failures += 1
            sys.stderr.write(f"slow disk: {end} {store.damaged}\n")
        end = nursery.run(
            [*command, "--resume"], after=chance.uniform(0.1, 0.7), until=states / "next", hook="slow_disk", value=0.01
        )
    return (
        "kill -9 while a state is written to a slow disk",
        number,
        failures,
        f"{torn} of the states were half written",
    )


def full_disk(nursery: Nursery, folder: Path, number: int) -> Row:
    """Let the nth write fail, for all n; then make room and resume."""
    command = [*pos_command(folder), "--epochs", "2", "--checkpoint-minutes", "1e-9"]
    assert nursery.run([*command, "--out", folder / "whole"], hook="save_always").code == 0
    failures = tried = 0
    for write in range(number):
        out = folder / f"out{write}"
        end = nursery.run([*command, "--out", out], hook="full_after", value=write)
        if end.code == 0:
            break  # a run has no more writes than these
        tried += 1
        again = nursery.run([*command, "--out", out, "--resume", "auto"])
        told = "No space left on device" in end.message and "MB are needed" in end.message
        if (
            end.code != 1
            or not told
            or "Traceback" in end.err
            or again.code
            or _content(out) != _content(folder / "whole")
        ):
            failures += 1
            sys.stderr.write(f"full disk at write {write}: {end}\n{again}\n")
    return "no room at the nth write of train pos", tried, failures, "resumed once there was room: the same to the bit"


def every_change(nursery: Nursery, folder: Path, number: int) -> Row:
    """End the process right before the nth change of the disk, for all n, then resume it."""
    command = [*pos_command(folder), "--epochs", "2", "--checkpoint-minutes", "1e-9", "--resume", "auto"]
    assert nursery.run([*command, "--out", folder / "whole"], hook="die_anywhere", value=1e9).code == 0
    failures = tried = 0
    for change in range(number):
        place = folder / str(change)
        place.mkdir()
        end = nursery.run([*command, "--out", place / "m"], hook="die_anywhere", value=change)
        if end.code == 0:
            break  # a run changes no more than that
        tried += 1
        again = nursery.run([*command, "--out", place / "m"], hook="save_always")
        left = [path.name for path in place.iterdir()]
        if end.code != 137 or again.code or left != ["m"] or _content(place / "m") != _content(folder / "whole"):
            failures += 1
            sys.stderr.write(f"killed at change {change}: {end}\n{again}\n{left}\n")
    return "killed right before the nth change of the disk", tried, failures, "each result the same to the bit"


def small_disk(nursery: Nursery, folder: Path, number: int) -> Row:
    """Train on a file system too small for the run, if one may be mounted; then make it larger and resume."""
    disk = folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        return "a small disk (tmpfs)", 0, 0, "not tried: may not mount"
    try:
        command = [*pos_command(folder), "--checkpoint-minutes", "1e-9"]
        failures = 0
        sizes = [64 + 48 * one for one in range(number)]
        for size in sizes:
            subprocess.run(["mount", "-o", f"remount,size={size}k", str(disk)], check=True)
            end = nursery.run([*command, "--out", disk / "m", "--resume", "auto"], hook="save_always")
            if end.code and ("No space left" not in end.message or "Traceback" in end.err or (disk / "m").exists()):
                failures += 1
                sys.stderr.write(f"disk of {size} kB: {end}\n")
        subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
        end = nursery.run([*command, "--out", disk / "m", "--resume", "auto"], hook="save_always")
        whole = nursery.run([*command, "--out", folder / "whole"])
        failures += end.code != 0 or whole.code != 0 or _content(disk / "m") != _content(folder / "whole")
        return (
            "a small disk (tmpfs)",
            len(sizes),
            failures,
            f"{sizes[0]} to {sizes[-1]} kB, then room: the same to the bit",
        )
    finally:
        subprocess.run(["umount", str(disk)], check=True)


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
        if not sound or again.code or _content(out) != _content(folder / "whole"):
            failures += 1
            sys.stderr.write(f"signal {which}: {stopped}\n{again}\n")
    return "SIGINT or SIGTERM, then --resume", number, failures, f"exit codes 130 and 143; {end.seconds:.1f} s a run"


def twins(nursery: Nursery, folder: Path, number: int) -> Row:
    """Start so many runs into one folder at once, so many times."""
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


def big_file(nursery: Nursery, folder: Path, number: int) -> Row:
    """Tag a large file, killed five times."""
    command = tag_command(folder, nursery, number, threads=2)
    end = nursery.run([*command, "-o", folder / "whole"])
    chance = random.Random(3)
    started = time.monotonic()
    for _ in range(5):
        nursery.run([*command, "-o", folder / "out", "--resume", "auto"], after=chance.uniform(0.1, 0.25) * end.seconds)
    last = nursery.run([*command, "-o", folder / "out", "--resume", "auto"])
    wrong = last.code != 0 or _content(folder / "out") != _content(folder / "whole")
    seconds = time.monotonic() - started
    return (
        f"tag {number:,} sentences, killed 5 times",
        1,
        int(wrong),
        f"{end.seconds:.0f} s unbroken, {seconds:.0f} s with the kills",
    )


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
