"""What single changes of the settings do, on dev only. Run: ``python -m benchmarks.quality.ablation --help``.

There is no option for test data on purpose: choices are made on dev. A run that stands in the results file
already, with every resolved setting the same, is not made again, so a long table can be made in pieces. The seeds
are in the outer loop: half a table is a table with half the seeds. When the code of the model or of training has
changed, start a new results file.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measuring import machine_facts, markdown, percent, report
from benchmarks.peers import conllu_lines
from benchmarks.settings import parse_settings

if TYPE_CHECKING:
    from tagger.config.tagger import Config
    from tagger.corpora.sources.corpus import Corpus

BASE = "default"
HEADER = ("change", "settings", "dev %", "against default", "unknown words %", "training s", "CPU s", "epochs", "seeds")

Changes = dict[str, dict[str, Any]]


def main() -> None:
    """Train what is missing, print the table."""
    arguments = _arguments()
    before = machine_facts()
    changes = read_changes(arguments.changes, arguments.change, arguments.only)
    base = parse_settings(arguments.set)
    with _read(arguments) as corpus:
        done = _Results(arguments.results, {"corpus": corpus.fingerprint, "column": corpus.column})
        seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
        for seed in seeds:
            for name, settings in changes.items():
                config = resolved(corpus, base | settings, seed)
                if done.find(config) is None:
                    done.add(train(corpus, config, arguments.threads))
                    _tell(f"{name}, seed {seed}: {100 * done.runs[-1]['dev_accuracy']:.2f} %")
        named = {
            name: [run for seed in seeds if (run := done.find(resolved(corpus, base | settings, seed)))]
            for name, settings in changes.items()
        }
        facts = f"{len(corpus.train or ())} training sentences, {len(corpus.dev or ())} of dev"
    report(f"What was tried: {facts}", table(changes, named), {"runs": named}, arguments.out, before)


def read_changes(path: Path | None, given: list[str], only: str | None) -> Changes:
    """The named changes, the default first.

    Args:
        path: TOML file, a table of dotted settings a change.
        given: ``NAME: SETTING=VALUE SETTING=VALUE`` each.
        only: which of the file, separated by commas; all of them if None.
    """
    changes: Changes = {} if path is None else tomllib.loads(path.read_text(encoding="utf-8"))
    wanted = list(changes) if only is None else [name.strip() for name in only.split(",")]
    if unknown := [name for name in wanted if name not in changes]:
        raise SystemExit(f"unknown change {unknown[0]!r}; {path} has: {', '.join(changes)}")
    changes = {BASE: {}, **{name: changes[name] for name in wanted}}
    for text in given:
        name, colon, settings = text.partition(":")
        if not colon:
            raise SystemExit(f"{text!r} is no change; expected 'NAME: SETTING=VALUE ...'")
        changes[name.strip()] = parse_settings(settings.split())
    return changes


def resolved(corpus: Corpus, settings: Mapping[str, Any], seed: int) -> Config:
    """The full configuration of a run, what depends on the corpus decided."""
    from tagger.config.defaults import Facts, resolve
    from tagger.config.tagger import Config

    config = Config(column=corpus.column).with_settings(settings).with_seed(seed)
    return resolve(config, Facts.of(corpus))


def train(corpus: Corpus, config: Config, threads: int | None) -> dict[str, Any]:
    """Train one model and score it on dev."""
    from tagger.sequence_labelling.train import train_runs
    from tagger.training.events import Event, Finished, Started
    from tagger.training.task import RunOptions

    clock: dict[type[Event], tuple[float, float]] = {}

    def listen(event: Event) -> None:
        if isinstance(event, Started | Finished):
            clock[type(event)] = time.perf_counter(), time.process_time()

    best = train_runs(corpus, config, RunOptions(device="cpu", threads=threads, listener=listen)).best
    scores = best.scores["dev"]
    return {
        "seed": config.training.seed,
        "dev_accuracy": scores.accuracy,
        "dev_unknown_accuracy": scores.unknown_accuracy,
        "train_seconds": clock[Finished][0] - clock[Started][0],
        "cpu_seconds": clock[Finished][1] - clock[Started][1],
        "epochs": len(best.log),
        "config": _plain(config),
    }


def table(changes: Changes, named: Mapping[str, list[dict[str, Any]]]) -> str:
    """One row a change: mean and standard deviation over the seeds, medians of the times."""
    base = {run["seed"]: run["dev_accuracy"] for run in named[BASE]}
    return markdown(HEADER, [_row(name, changes[name], runs, base) for name, runs in named.items() if runs])


def _row(
    name: str, settings: Mapping[str, Any], runs: list[dict[str, Any]], base: Mapping[int, float]
) -> tuple[str, ...]:
    behind = [run["dev_accuracy"] - base[run["seed"]] for run in runs if run["seed"] in base]
    unknown = [run["dev_unknown_accuracy"] for run in runs if run["dev_unknown_accuracy"] is not None]
    return (
        name,
        ", ".join(f"`{key}={json.dumps(value)}`" for key, value in settings.items()),
        percent([run["dev_accuracy"] for run in runs]),
        "" if name == BASE or not behind else f"{100 * statistics.fmean(behind):+.2f}",
        percent(unknown) if unknown else "",
        f"{statistics.median(run['train_seconds'] for run in runs):.0f}",
        f"{statistics.median(run['cpu_seconds'] for run in runs):.0f}",
        f"{statistics.median(run['epochs'] for run in runs):g}",
        str(len(runs)),
    )


class _Results:
    """Finished runs, one line of JSON each, kept from one call to the next.

    Args:
        path: the file, or None to keep nothing.
        key: what the runs belong to; runs of other corpora in the file are left alone.
    """

    def __init__(self, path: Path | None, key: Mapping[str, Any]) -> None:
        self.path = path
        self.key = dict(key)
        lines = path.read_text(encoding="utf-8").splitlines() if path is not None and path.exists() else []
        entries = [json.loads(line) for line in lines]
        self.runs: list[dict[str, Any]] = [entry for entry in entries if key.items() <= entry.items()]

    def find(self, config: Config) -> dict[str, Any] | None:
        """The run with exactly these settings and this seed."""
        wanted = _plain(config)
        return next((run for run in self.runs if run["config"] == wanted), None)

    def add(self, run: Mapping[str, Any]) -> None:
        """Keep a run, on disk at once."""
        self.runs.append({**self.key, **run})
        if self.path is not None:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(self.runs[-1]) + "\n")


def _plain(config: Config) -> dict[str, Any]:
    """Settings as they come back from JSON."""
    plain: dict[str, Any] = json.loads(json.dumps(config.to_dict()))
    return plain


@contextmanager
def _read(arguments: argparse.Namespace) -> Iterator[Corpus]:
    """Train and dev as the toolkit reads them, after shortening and splitting."""
    from tagger.corpora.read_corpus import read_corpus

    with tempfile.TemporaryDirectory(prefix="tagger-ablation-") as folder:
        files = conllu_lines.prepare(Path(folder), arguments.train, arguments.dev, None, limit=arguments.limit)
        yield read_corpus(train=str(files["train"]), dev=str(files["dev"]), column=arguments.column, offline=True)


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.quality.ablation", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--train", type=Path, required=True, help="CoNLL-U file")
    parser.add_argument("--dev", type=Path, help="CoNLL-U file [default: the last tenth of the training file]")
    parser.add_argument("--limit", type=int, help="train on the first N sentences only")
    parser.add_argument("--column", default="upos")
    parser.add_argument("--changes", type=Path, help="TOML file of changes, e.g. benchmarks/quality/ablation.toml")
    parser.add_argument("--change", action="append", default=[], metavar="'NAME: SETTING=VALUE ...'", help="one more")
    parser.add_argument("--only", help="names of changes in the file, separated by commas")
    parser.add_argument("--set", action="append", default=[], metavar="SETTING=VALUE", help="for all runs")
    parser.add_argument("--seeds", type=int, default=3, help="[default: 3]")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--threads", type=int, help="[default: all cores]")
    parser.add_argument("--results", type=Path, help="JSON lines of finished runs, read and added to")
    parser.add_argument("--out", type=Path, help="write OUT.md and OUT.json")
    return parser.parse_args()


if __name__ == "__main__":
    main()
