"""Damaged corpora through check, train and tag. Run: ``python -m benchmarks.robustness.mutated_corpora --help``.

Every mutant either passes a command or is refused in one line (exit code 1); training accepts what the validator
calls sound and nothing else; what is accepted is what a reader of a dozen lines finds in the file. Anything else
is written down with the mutant's number, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from itertools import islice
from pathlib import Path

from benchmarks.measuring import machine_facts, markdown, report

LEGS = ("check", "train", "tag")


def main() -> None:
    """Damage, run, count."""
    arguments = _arguments()
    before = machine_facts()
    with tempfile.TemporaryDirectory(prefix="tagger-mutations-") as folder:
        os.environ["TAGGER_CACHE"] = str(Path(folder) / "cache")
        counts, failures, slowest = run(Path(folder), arguments.mutants, arguments.seed)
    formats = sorted({name for name, _ in counts})
    rows = [(name, *(f"{counts[name, leg]:,}" for leg in ("all", *LEGS))) for name in formats]
    text = markdown(("file", "mutants", *(f"{leg}: accepted" for leg in LEGS)), rows)
    text += f"\n\n{len(failures)} failures; the slowest mutant took {slowest:.1f} s."
    named = {f"{name} {leg}": count for (name, leg), count in counts.items()}
    report(
        f"{arguments.mutants:,} damaged corpora", text, {"counts": named, "failures": failures}, arguments.out, before
    )
    sys.exit(1 if failures else 0)


def run(folder: Path, number: int, seed: int) -> tuple[Counter[tuple[str, str]], list[str], float]:
    """Send mutants through all legs.

    Args:
        folder: to work in.
        number: how many mutants.
        seed: of the damage.

    Returns:
        How many of each file were made, and accepted by each leg; what went wrong; seconds of the slowest.
    """
    from tagger import train_pos
    from tests.mutation_legs import Legs
    from tests.mutations import mutants
    from tests.tiny import SETTINGS, write_corpus

    model = folder / "tiny"
    train_pos(str(write_corpus(folder / "treebank")), out=model, settings=SETTINGS, threads=1)
    (folder / "work").mkdir()
    legs = Legs(folder / "work", model)
    chance = random.Random(seed)
    counts: Counter[tuple[str, str]] = Counter()
    failures: list[str] = []
    slowest = 0.0
    for name, data in islice(mutants(seed), number):
        started = time.perf_counter()
        kind = name.partition("-")[2]
        counts[kind, "all"] += 1
        options = {"skip_invalid": chance.random() < 0.2, "repair": chance.random() < 0.2}
        try:
            accepted = legs.run(name, data, **options)
            counts.update((kind, leg) for leg, passed in accepted.items() if passed)
        except Exception as error:
            failures.append(f"{name} {options}: {type(error).__name__}: {error}")
            traceback.print_exc()
        slowest = max(slowest, time.perf_counter() - started)
    return counts, failures, slowest


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.robustness.mutated_corpora", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--mutants", type=int, default=2000, help="[default: 2000]")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="write OUT.md and OUT.json")
    return parser.parse_args()


if __name__ == "__main__":
    main()
