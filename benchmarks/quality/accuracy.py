"""Accuracy and training time, peers beside ours on the same files.

Run: ``python -m benchmarks.quality.accuracy --help``.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.measuring import machine_facts, markdown, percent, report
from benchmarks.peers import conllu_lines, systems

HEADER = (
    "system",
    "accuracy %",
    "against ours",
    "unknown words %",
    "dev %",
    "training s",
    "times ours",
    "CPU s",
    "tokens/s",
    "runs",
)


def main() -> None:
    """Train everything in turn, print a table."""
    arguments = _arguments()
    peers = systems.chosen_peers(arguments)
    before = machine_facts()
    with tempfile.TemporaryDirectory(prefix="tagger-benchmark-") as folder:
        scratch = Path(folder).resolve()
        files = conllu_lines.prepare(scratch, arguments.train, arguments.dev, arguments.test, limit=arguments.limit)
        sizes = {split: len(conllu_lines.first(path, None)) for split, path in files.items()}
        models = arguments.models or scratch / "models"
        runs = _train_all(arguments, peers, files, models)
    title = arguments.title or f"Accuracy: {sizes['train']} training sentences"
    text = f"Sentences: {', '.join(f'{split} {size:,}' for split, size in sizes.items())}.\n\n" + table(runs)
    report(title, text, {"sentences": sizes, "runs": runs}, arguments.out, before)


def _train_all(
    arguments: argparse.Namespace, peers: list[str], files: dict[str, Path], models: Path
) -> dict[str, list[dict[str, Any]]]:
    """One round a seed: ours, then each peer that still has a seed to go."""
    rounds = {systems.OURS: arguments.seeds, **dict.fromkeys(peers, arguments.peer_seeds)}
    runs: dict[str, list[dict[str, Any]]] = {system: [] for system in rounds}
    for index in range(max(rounds.values())):
        for system, seeds in rounds.items():
            if index < seeds:
                seed = arguments.first_seed + index
                facts = _train_one(arguments, system, seed, files, models)
                runs[system].append(facts)
                _tell(f"{facts['name']}, seed {seed}: {100 * facts['accuracy']:.2f} %, {facts['train_seconds']:.0f} s")
    return runs


def _train_one(
    arguments: argparse.Namespace, system: str, seed: int, files: dict[str, Path], models: Path
) -> dict[str, Any]:
    ours = system == systems.OURS
    python = sys.executable if ours else arguments.peers_python
    options = _our_options(arguments) if ours else systems.peer_options(arguments, system)
    out = (models / system / f"seed-{seed}").resolve()
    out.parent.mkdir(parents=True, exist_ok=True)
    return systems.train(system, python, {**files, "out": out, "column": arguments.column, "seed": seed}, options)


def _our_options(arguments: argparse.Namespace) -> dict[str, str]:
    options = dict(pair.split("=", 1) for pair in arguments.set)
    return options if arguments.threads is None else {**options, "threads": str(arguments.threads)}


def table(runs: dict[str, list[dict[str, Any]]]) -> str:
    """Mean and standard deviation of the scores, medians of the times, ratios to ours."""
    return markdown(HEADER, [_row(of_system, runs[systems.OURS]) for of_system in runs.values()])


def _row(runs: list[dict[str, Any]], ours: list[dict[str, Any]]) -> tuple[str, ...]:
    accuracy = [run["accuracy"] for run in runs]
    seconds = _median(runs, "train_seconds")
    behind = statistics.fmean(accuracy) - statistics.fmean(run["accuracy"] for run in ours)
    dev = [run["dev_accuracy"] for run in runs if "dev_accuracy" in run]
    return (
        f"{runs[0]['name']} {runs[0]['version']}",
        percent(accuracy),
        "" if runs is ours else f"{100 * behind:+.2f}",
        percent([run["unknown_accuracy"] for run in runs]),
        percent(dev) if dev else "",
        f"{seconds:.1f}",
        "" if runs is ours else f"{seconds / _median(ours, 'train_seconds'):.2f}",
        f"{_median(runs, 'cpu_seconds'):.1f}",
        f"{_median(runs, 'tokens_per_second'):,.0f}",
        str(len(runs)),
    )


def _median(runs: list[dict[str, Any]], name: str) -> float:
    return float(statistics.median(run[name] for run in runs))


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality.accuracy", description=__doc__)
    parser.add_argument("--train", type=Path, required=True, help="CoNLL-U file")
    parser.add_argument("--dev", type=Path, help="CoNLL-U file; or --split-dev")
    parser.add_argument("--test", type=Path, required=True, help="CoNLL-U file")
    parser.add_argument("--split-dev", action="store_true", help="dev is the last tenth of the training file")
    parser.add_argument("--limit", type=int, help="train on the first N sentences only")
    parser.add_argument("--column", choices=sorted(conllu_lines.COLUMNS), default="upos")
    parser.add_argument("--seeds", type=int, default=3, help="runs of ours [default: 3]")
    parser.add_argument("--peer-seeds", type=int, default=1, help="runs of each peer [default: 1]")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--threads", type=int, help="threads of ours [default: all cores]")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a dotted setting of ours")
    parser.add_argument("--models", type=Path, help="keep the models here, for benchmarks.speed.speed")
    parser.add_argument("--title", help="heading of the table")
    parser.add_argument("--out", type=Path, help="write OUT.md and OUT.json")
    systems.add_peer_options(parser)
    arguments = parser.parse_args()
    if arguments.split_dev == (arguments.dev is not None):
        parser.error("give either --dev or --split-dev")
    if min(arguments.seeds, arguments.peer_seeds) < 1:
        parser.error("--seeds and --peer-seeds must be at least 1")
    return arguments


if __name__ == "__main__":
    main()
