"""What every script here needs: medians, facts about the machine, Markdown tables, results on disk."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("sequence-tagger", "torch", "numpy", "datasets")


def machine_facts() -> dict[str, Any]:
    """Processor, cores, versions, and how busy the machine is: figures from a busy one are not to be trusted."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "processor": _processor(),
        "cores": cores,
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "load_average": list(os.getloadavg()),
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def command_seconds(command: Sequence[str]) -> float:
    """Wall-clock time of a command that must succeed, from its start to its end; its output is thrown away."""
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


def mean_sd(values: Sequence[float]) -> tuple[float, float | None]:
    """Mean and sample standard deviation (None for a single value)."""
    return statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else None


def percent(values: Sequence[float]) -> str:
    """Shares as ``95.44 ± 0.05`` per cent."""
    mean, sd = mean_sd(values)
    return f"{100 * mean:.2f}" if sd is None else f"{100 * mean:.2f} ± {100 * sd:.2f}"


def markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; the first column is text, the others are figures."""
    rule = ["---", *["---:"] * (len(header) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in (header, rule, *rows))


def report(title: str, text: str, results: dict[str, Any], out: Path | None, before: dict[str, Any]) -> None:
    """Print Markdown, and write ``OUT.md`` and ``OUT.json``.

    Args:
        title: of the section.
        text: Markdown, mostly tables.
        results: every figure behind it.
        out: path without ending; None writes nothing.
        before: what ``machine_facts`` said when the measurement began.
    """
    facts = {**before, "load_average_after": list(os.getloadavg())}
    text = f"## {title}\n\n{text}\n\n{_about(facts)}\n"
    print(text)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        Path(f"{out}.md").write_text(text, encoding="utf-8")
        document = {"title": title, "machine": facts, **results}
        Path(f"{out}.json").write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _about(facts: dict[str, Any]) -> str:
    packages = ", ".join(f"{name} {number}" for name, number in facts["packages"].items() if number)
    load = f"load {facts['load_average'][0]:.1f} before, {facts['load_average_after'][0]:.1f} after"
    return (
        f"{facts['processor']}, {facts['cores']} cores, {load}; {facts['system']}, "
        f"Python {facts['python']}, {packages}; {facts['date']}."
    )
