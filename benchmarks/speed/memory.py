"""Memory of another process and those that it starts over time, from Linux' ``/proc``."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measuring import ROOT

SHARES = (0.25, 0.5, 0.75, 1.0)
FLAT = 1.1
"""Memory counts as flat if the second half of the run takes at most this many times what the first half took."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Memory at one moment, in MB (2^20 bytes).

    Args:
        seconds: since the start of the process.
        resident: all pages in memory, mapped files among them; those that several processes share count once.
        anonymous: pages that are no file's: what the processes really allocated.
    """

    seconds: float
    resident: float
    anonymous: float


@dataclass(frozen=True, slots=True)
class Watched:
    """A process that has ended.

    Args:
        seconds: wall-clock time.
        samples: in order of time.
    """

    seconds: float
    samples: list[Sample]

    @property
    def peak(self) -> float:
        """The most memory that was resident at once, MB."""
        return max(sample.resident for sample in self.samples)

    def at(self, share: float) -> Sample:
        """The last sample before a share of the time had passed."""
        before = [sample for sample in self.samples if sample.seconds <= share * self.seconds]
        return (before or self.samples)[-1 if before else 0]

    def growth(self) -> float:
        """The most resident memory of the second half of the run over that of the first half."""
        halves: tuple[list[float], list[float]] = ([], [])
        for sample in self.samples:
            halves[sample.seconds > self.seconds / 2].append(sample.resident)
        return max(halves[1], default=0.0) / max(halves[0], default=1.0)

    def results(self) -> dict[str, Any]:
        """The figures that reports show."""
        return {
            "seconds": self.seconds,
            "peak_mb": self.peak,
            "resident_mb": {f"{share:.0%}": self.at(share).resident for share in SHARES},
            "anonymous_mb": {f"{share:.0%}": self.at(share).anonymous for share in SHARES},
            "growth": self.growth(),
            "flat": self.growth() <= FLAT,
        }


def watch(command: Sequence[str], *, environment: Mapping[str, str] | None = None, interval: float = 0.1) -> Watched:
    """Run a command that must succeed; standard output is thrown away.

    Args:
        command: to run, in the root of the repository.
        environment: variables to set besides those of this process.
        interval: seconds between samples.

    Raises:
        SystemExit: this is no Linux, the command failed, or it ended before it could be looked at.
    """
    if not sys.platform.startswith("linux"):
        raise SystemExit("memory over time is read from /proc, which only Linux has")
    samples: list[Sample] = []
    started = time.perf_counter()
    variables = {**os.environ, **(environment or {})}
    with subprocess.Popen(command, cwd=ROOT, env=variables, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            values = [_memory(pid) for pid in _family(process.pid)]
            if any(values):
                resident, anonymous = (sum(one.get(name, 0.0) for one in values) for name in ("Pss", "Pss_Anon"))
                samples.append(Sample(time.perf_counter() - started, resident, anonymous))
            time.sleep(interval)
    seconds = time.perf_counter() - started
    if process.returncode or not samples:
        raise SystemExit(f"{command[0]}: ended with status {process.returncode} after {seconds:.1f} s; see above")
    return Watched(seconds, samples)


def _family(pid: int) -> list[int]:
    """A process and all that it started, directly or not."""
    found = [pid]
    for one in found:
        try:
            for thread in Path(f"/proc/{one}/task").iterdir():
                found += map(int, (thread / "children").read_text(encoding="utf-8").split())
        except OSError:  # it has ended
            continue
    return found


def _memory(pid: int) -> dict[str, float]:
    """The memory figures of a process, MB; nothing once it has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    pairs = (line.split(":", 1) for line in lines if line.endswith(" kB"))
    return {name: int(value.split()[0]) / 1024 for name, value in pairs}


def rows(watched: Watched) -> list[tuple[str, str]]:
    """Lines of a table about memory."""
    found = [("peak memory", f"{watched.peak:,.0f} MB")]
    for share in SHARES:
        sample = watched.at(share)
        found.append((f"at {share:.0%} of the run", f"{sample.resident:,.0f} MB ({sample.anonymous:,.0f} anonymous)"))
    verdict = "flat" if watched.growth() <= FLAT else "not flat"
    return [*found, ("second half over first", f"{watched.growth():.2f} ({verdict})")]
