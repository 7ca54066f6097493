"""Two checkouts of the project beside each other, in turn: is the later one as fast?

Run: ``python -m benchmarks.speed.commits BEFORE AFTER --test TEST.conllu --train TRAIN.conllu --dev DEV.conllu``.

Every round runs each checkout in a process of its own through the public interface; the order changes from round to
round. Figures are medians over the rounds; a ratio above 1 says that AFTER is slower.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.measuring import command_seconds, machine_facts, markdown, report

IN_PROCESS = """
import json, statistics, sys, time
from tagger import LanguageModel, Tagger

path, model = sys.argv[1:]
sentences, words = [], []
for line in open(path, encoding="utf-8"):
    if line[:1].isdigit() and line.split("\\t")[0].isdigit():
        words.append(line.split("\\t")[1])
    elif not line.strip() and words:
        sentences.append(words)
        words = []

def seconds(work):
    started = time.perf_counter()
    work()
    return time.perf_counter() - started

results = {}
tagger = Tagger.load(model)
results["first call, test set"] = seconds(lambda: [s.tags for s in tagger.tag_sentences(sentences)])
results["later call, test set"] = statistics.median(
    seconds(lambda: [s.tags for s in tagger.tag_sentences(sentences)]) for _ in range(5)
)
fifteen = [s for s in sentences if len(s) == 15][:200] or sentences[:200]
results["one sentence"] = statistics.median(seconds(lambda: tagger.tag(s).tags) for s in fifteen)
writer = LanguageModel.load("en")
writer.generate("The", max_tokens=20, seed=1)
results["write one text, 300 tokens"] = statistics.median(
    seconds(lambda: writer.generate("The river", max_tokens=300, seed=seed)) for seed in range(3)
)
writer.generate("The", max_tokens=20, samples=16, seed=1)
results["write 16 texts, 300 tokens each"] = statistics.median(
    seconds(lambda: writer.generate("The river", max_tokens=300, samples=16, seed=seed)) for seed in range(3)
)
print(json.dumps(results))
"""


def main() -> None:
    """Compare, print a table."""
    arguments = _arguments()
    before = machine_facts()
    checkouts = {"before": arguments.before.resolve(), "after": arguments.after.resolve()}
    measured: dict[str, list[dict[str, float]]] = {name: [] for name in checkouts}
    for number in range(arguments.rounds):
        for name in sorted(checkouts, reverse=number % 2 == 0):
            measured[name].append(_round(checkouts[name], arguments))
            print(f"round {number + 1}, {name}: {measured[name][-1]}", file=sys.stderr)
    rows = []
    for what in measured["after"][0]:
        old, new = (statistics.median(entry[what] for entry in measured[name]) for name in ("before", "after"))
        rows.append((what, f"{1000 * old:,.1f}", f"{1000 * new:,.1f}", f"{new / old:.3f}"))
    table = markdown(("what", "before, ms", "after, ms", "ratio"), rows)
    report("Speed of two commits", table, {"measured": measured}, arguments.out, before)


def _round(checkout: Path, arguments: argparse.Namespace) -> dict[str, float]:
    """Every figure of one checkout, in seconds."""
    environment = {**os.environ, "PYTHONPATH": str(checkout), "HF_HUB_OFFLINE": "1", "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run(
        [sys.executable, "-c", IN_PROCESS, str(arguments.test.resolve()), arguments.model],
        env=environment, cwd=checkout, check=True, capture_output=True, text=True,
    )  # fmt: skip
    figures: dict[str, float] = json.loads(done.stdout)
    for what, words, times in _commands(arguments):
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "tagger.cli.main", *(word.format(out=folder) for word in words)]
            command = ["env", *_assignments(environment), *command]
            figures[what] = statistics.median(command_seconds(command) for _ in range(times))
    return figures


def _commands(arguments: argparse.Namespace) -> Iterator[tuple[str, Sequence[str], int]]:
    """Name, arguments and number of runs of each command; the first run of a checkout compiles its modules."""
    yield "--help", ["--help"], 11
    if arguments.train is not None:
        data = ["--train", str(arguments.train.resolve()), "--dev", str(arguments.dev.resolve())]
        yield "train pos, one epoch", ["train", "pos", *data, "--epochs", "1", "--quiet", "--out", "{out}/model"], 1
    if arguments.long is not None:
        long = str(arguments.long.resolve())
        yield "tag a long file", ["tag", long, "--model", arguments.model, "-o", "{out}/tagged"], 1


def _assignments(environment: dict[str, Any]) -> list[str]:
    return [f"{name}={environment[name]}" for name in ("PYTHONPATH", "HF_HUB_OFFLINE", "PYTHONDONTWRITEBYTECODE")]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.speed.commits", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("before", type=Path, help="checkout of the earlier commit")
    parser.add_argument("after", type=Path, help="checkout of the later commit")
    parser.add_argument("--test", type=Path, required=True, help="CoNLL-U file to tag in one call")
    parser.add_argument("--train", type=Path, help="CoNLL-U file to train one epoch on")
    parser.add_argument("--dev", type=Path, help="CoNLL-U file of its development data")
    parser.add_argument("--long", type=Path, help="file for `tagger tag`, e.g. a million lines of tokens")
    parser.add_argument("--model", default="en", help="model folder that both can load [default: en]")
    parser.add_argument("--rounds", type=int, default=5, help="[default: 5]")
    parser.add_argument("--out", type=Path, help="write OUT.md and OUT.json")
    return parser.parse_args()


if __name__ == "__main__":
    main()
