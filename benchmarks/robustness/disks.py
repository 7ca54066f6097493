"""Runs on disks that are slow or full, and runs that end right before the disk changes."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from pathlib import Path

from benchmarks.robustness.commands import Row, content, pos_command
from tests.killing import Nursery


def slow_disk(nursery: Nursery, folder: Path, number: int) -> Row:
    """Kill runs that spend nearly all of their time writing states: a whole one is there, but for the first moment."""
    from tagger.training.checkpoint_store import CheckpointStore

    command = [*pos_command(folder), "--out", folder / "out", "--checkpoint-minutes", "1e-9"]
    states = folder / "out.partial" / "training" / "1"
    first = states / "000001" / "manifest.json"
    failures = torn = 0
    chance = random.Random(1)
    end = nursery.run([*command, "--resume", "auto"], after=0.0, until=first, hook="slow_disk", value=0.01)
    for _ in range(number):
        torn += (states / "next").exists()
        store = CheckpointStore(states)
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
        reported = "No space left on device" in end.message and "MB are needed" in end.message
        if (
            end.code != 1
            or not reported
            or "Traceback" in end.err
            or again.code
            or content(out) != content(folder / "whole")
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
        if end.code != 137 or again.code or left != ["m"] or content(place / "m") != content(folder / "whole"):
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
        failures += end.code != 0 or whole.code != 0 or content(disk / "m") != content(folder / "whole")
        return (
            "a small disk (tmpfs)",
            len(sizes),
            failures,
            f"{sizes[0]} to {sizes[-1]} kB, then room: the same to the bit",
        )
    finally:
        subprocess.run(["umount", str(disk)], check=True)
