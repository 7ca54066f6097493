"""Reading CoNLL-U, cold and cached, and memory on a huge file. Run: ``python -m benchmarks.speed.reading --help``.

Every reading happens in a process of its own with its own cache folder. Importing the ``datasets`` library is
reported separately, since it costs the same whatever is read.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.measuring import ROOT, machine_facts, markdown, report
from benchmarks.speed.generating import bundled_file, check_space, write_conllu
from benchmarks.speed.memory import rows, watch

CACHE = "TAGGER_CACHE"


def main() -> None:
    """Measure, print one or two tables."""
    arguments = _arguments()
    before = machine_facts()
    source = (arguments.file or bundled_file()).resolve()
    results: dict[str, Any] = {"reading": _cold_and_cached(source, arguments.repeats)}
    tables = [_reading_table(results["reading"])]
    if arguments.gigabytes > 0:
        results["huge"], table = _huge(arguments, source)
        tables.append(table)
    report("Reading", "\n\n".join(tables), results, arguments.out, before)


def _cold_and_cached(source: Path, repeats: int) -> dict[str, list[dict[str, float]]]:
    """Cold and cached readings in turn, each cold one into an empty cache."""
    runs: dict[str, list[dict[str, float]]] = {"cold": [], "cached": []}
    for _ in range(repeats):
        with tempfile.TemporaryDirectory(prefix="tagger-reading-") as cache:
            for kind in runs:
                done = subprocess.run(
                    _command(source), cwd=ROOT, env={**os.environ, CACHE: cache}, stdout=subprocess.PIPE, check=True
                )
                runs[kind].append(json.loads(done.stdout))
    return runs


def _reading_table(runs: dict[str, list[dict[str, float]]]) -> str:
    first = runs["cold"][0]
    header = (
        f"{first['sentences']:,.0f} sentences, {first['words']:,.0f} words",
        "reading s",
        "importing s",
        "words/s",
    )
    lines = []
    for kind, of_kind in runs.items():
        seconds = statistics.median(run["read_seconds"] for run in of_kind)
        imports = statistics.median(run["import_seconds"] for run in of_kind)
        lines.append((kind, f"{seconds:.2f}", f"{imports:.2f}", f"{first['words'] / seconds:,.0f}"))
    return markdown(header, lines)


def _huge(arguments: argparse.Namespace, source: Path) -> tuple[dict[str, Any], str]:
    """Read a generated file of many gigabytes, cold, and watch the memory."""
    size = round(arguments.gigabytes * 1e9)
    with tempfile.TemporaryDirectory(prefix="tagger-huge-", dir=arguments.work) as folder:
        work = Path(folder).resolve()
        check_space(work, 2 * size)
        words = write_conllu(work / "huge.conllu", source, size=size, rare_every=arguments.rare_every)
        watched = watch(_command(work / "huge.conllu"), environment={CACHE: str(work / "cache")})
    table = markdown(
        (f"a file of {size / 1e9:.2f} GB, {words / 1e6:.1f} million words", ""),
        [("time", f"{watched.seconds:,.1f} s"), ("speed", f"{words / watched.seconds:,.0f} words/s"), *rows(watched)],
    )
    return {"bytes": size, "words": words, "memory": watched.results()}, table


def _command(source: Path) -> list[str]:
    return [sys.executable, "-m", "benchmarks.speed.read_once", str(source)]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.speed.reading", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--file", type=Path, help="CoNLL-U file [default: the bundled corpus]")
    parser.add_argument("--repeats", type=int, default=5, help="[default: 5]")
    parser.add_argument("--gigabytes", type=float, default=2, help="size of the huge file; 0 leaves it out")
    parser.add_argument("--rare-every", type=int, default=100, help="words from one invented word to the next")
    parser.add_argument("--work", type=Path, help="folder with room for it [default: that for temporary files]")
    parser.add_argument("--out", type=Path, help="write OUT.md and OUT.json")
    return parser.parse_args()


if __name__ == "__main__":
    main()
