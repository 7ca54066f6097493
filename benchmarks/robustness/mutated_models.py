"""Damaged and hostile model folders, loaded. Run: ``python -m benchmarks.robustness.mutated_models --help``.

The model is a tagger, or one of numbers: over time, or over words (``--model``). Each damaged copy must be refused in
one line or give the same weights; none may raise anything else, take longer than ten seconds or more memory than twice
the size of the folder beyond what the sound model takes. Every mutant is loaded by a process of its own. The exit code
is 1 if any fails.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.measuring import machine_facts, markdown, report

SECONDS = 10
SLACK = 8_000_000  # bytes by which the memory of a process differs from run to run


def main() -> None:
    """Damage, load, count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutants", type=int, default=2000)
    parser.add_argument("--model", choices=list(KINDS), default="tags")
    parser.add_argument("--out", type=Path, default=None)
    arguments = parser.parse_args()
    before = machine_facts()
    with tempfile.TemporaryDirectory(prefix="tagger-models-") as folder:
        counts, failures, slowest, largest = run(Path(folder), arguments.mutants, arguments.model)
    kinds = sorted({kind for kind, _ in counts})
    rows = [(kind, *(f"{counts[kind, end]:,}" for end in ("refused", "same weights"))) for kind in kinds]
    text = markdown(("damage", "refused", "same weights"), rows)
    text += (
        f"\n\n{len(failures)} failures; the slowest took {slowest:.2f} s, the largest {largest / 1e6:.1f} MB more than "
    )
    text += "the process had."
    named = {f"{kind} {end}": count for (kind, end), count in counts.items()}
    report(
        f"{arguments.mutants:,} damaged model folders ({arguments.model})",
        text,
        {"counts": named, "failures": failures},
        arguments.out,
        before,
    )
    sys.exit(1 if failures else 0)


def run(folder: Path, number: int, kind: str = "tags") -> tuple[Counter[tuple[str, str]], list[str], float, float]:
    """Load mutants.

    Args:
        folder: to work in.
        number: how many.
        kind: of the model.

    Returns:
        How many of each kind ended how; what went wrong; seconds of the slowest; bytes of the largest.
    """
    import torch

    from tagger.forecasting.checkpoint import load_any
    from tests.model_mutations import mutant

    torch.set_num_threads(1)
    model = folder / "model"
    KINDS[kind](folder, model)
    sound = load_any(model)[1].state_dict()
    size = sum(path.stat().st_size for path in model.iterdir())
    allowed = _load(model, sound)["memory"] + 2 * size + SLACK
    counts: Counter[tuple[str, str]] = Counter()
    failures: list[str] = []
    slowest = largest = 0.0
    for one in range(number):
        damage = mutant(model, folder / "mutant", one)
        end = _load(folder / "mutant", sound)
        counts[damage, end["end"]] += 1
        slowest, largest = max(slowest, end["seconds"]), max(largest, end["memory"])
        if end["end"] not in ("refused", "same weights") or end["memory"] > allowed:
            failures.append(f"{one} {damage}: {end}")
    return counts, failures, slowest, largest


def _load(folder: Path, sound: Any) -> dict[str, Any]:
    """Load a folder in a process of its own; how that ended."""
    reading, writing = os.pipe()
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        os.close(reading)
        signal.alarm(SECONDS)
        with os.fdopen(writing, "w") as answer:
            answer.write(json.dumps(_outcome(folder, sound)))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        answered = answer.read()
    _, status = os.waitpid(child, 0)
    found = json.loads(answered) if answered else {"end": f"ended with status {status}", "memory": 0}
    return {**found, "seconds": time.monotonic() - began}


def _outcome(folder: Path, sound: Any) -> dict[str, Any]:
    import torch

    from tagger.errors import ModelError
    from tagger.forecasting.checkpoint import load_any

    before = _resident()
    try:
        found = load_any(folder)[1].state_dict()
        same = list(found) == list(sound) and all(torch.equal(found[name], sound[name]) for name in sound)
        end = "same weights" if same else "other weights"
    except ModelError as error:
        end = "refused" if "\n" not in str(error) else "refused in several lines"
    except BaseException as error:
        end = f"{type(error).__name__}: {error}"[:200]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"end": end, "memory": max(0, peak - before)}


def _resident() -> int:
    """Bytes of memory of this process at its largest so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _train_tagger(folder: Path, out: Path) -> None:
    from tagger import train_pos
    from tests.tiny import SETTINGS, write_corpus

    train_pos(str(write_corpus(folder / "corpus")), out=out, settings={**SETTINGS, "training.epochs": 2}, threads=1)


def _train_series(folder: Path, out: Path) -> None:
    from tagger.forecasting.train import train_series
    from tests.tagger.forecasting.synthetic_series import QUICK, write_wave

    train_series(str(write_wave(folder / "wave.csv")), targets=["load"], out=out, settings=QUICK, threads=1)


def _train_words(folder: Path, out: Path) -> None:
    from tagger.config.token_regressor import TokenRegressorConfig
    from tagger.corpora.series.token_values import read_token_values
    from tagger.token_regression.train import train_token_regressor
    from tagger.training.task import RunOptions
    from tests.tagger.token_regression.synthetic_values import QUICK, sentences, write_conllu

    corpus = read_token_values(str(write_conllu(folder / "c.conllu", sentences())), ["rt"])
    train_token_regressor(corpus, TokenRegressorConfig().with_settings(QUICK), RunOptions(out=out, threads=1))


KINDS: dict[str, Callable[[Path, Path], None]] = {"tags": _train_tagger, "time": _train_series, "words": _train_words}
"""How a small model of each kind is trained."""


if __name__ == "__main__":
    main()
