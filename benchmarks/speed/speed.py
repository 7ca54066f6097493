"""Tagging speed, peers beside ours in turn. Run: ``python -m benchmarks.speed.speed --help``.

Every system sits in a process of its own with its model loaded; then each in turn tags the whole test set in
one call, token lists in, tag strings out, round after round (A B C A B C). A "first call" is made with a model
that was loaded just before, so that nothing is cached; a "later call" follows it. The libraries are warm.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.measuring import command_seconds, machine_facts, markdown, report
from benchmarks.peers import conllu_lines, systems
from benchmarks.peers.worker import SENTENCE_WORDS

REPEATS = 5
HEADER = (
    "system",
    "first call tokens/s",
    "later calls tokens/s",
    "ours, 1 thread",
    "ours, best",
    "one sentence ms",
    "load s",
)
FIRST_SENTENCE = (
    "import sys; from tagger import Tagger; Tagger.load(sys.argv[1], device='cpu').tag(sys.argv[2].split(' '))"
)


@dataclass(slots=True)
class Measured:
    """One system and its times in seconds.

    Args:
        variant: threads, arithmetic, processes.
        serving: the process.
        first: calls with a fresh model.
        later: calls after them.
        single: one sentence a call, all sentences of all rounds.
        load: loading the model, libraries imported.
    """

    variant: str
    serving: systems.Serving
    first: list[float] = field(default_factory=list)
    later: list[float] = field(default_factory=list)
    single: list[float] = field(default_factory=list)
    load: list[float] = field(default_factory=list)

    def round(self) -> None:
        """Take every measure once."""
        self.load.append(self.serving.ask("load"))
        self.first.append(self.serving.ask("pass"))
        self.later.append(self.serving.ask("pass"))
        self.load.append(self.serving.ask("load"))
        self.single += self.serving.ask("single")

    def speed(self, seconds: list[float]) -> float:
        """Tokens per second, median over the rounds."""
        return float(self.serving.facts["tokens"]) / statistics.median(seconds)

    def results(self) -> dict[str, Any]:
        """All figures."""
        return {
            "system": self.serving.system,
            "variant": self.variant,
            "name": self.serving.facts["name"],
            "version": self.serving.facts["version"],
            "first_call_tokens_per_second": self.speed(self.first),
            "later_call_tokens_per_second": self.speed(self.later),
            "single_sentence_ms": 1000 * statistics.median(self.single) if self.single else None,
            "load_seconds": statistics.median(self.load),
            "seconds": {"first": self.first, "later": self.later},
        }


def main() -> None:
    """Measure, print two tables."""
    arguments = _arguments()
    before = machine_facts()
    results = _throughput(arguments)
    processes = _processes(arguments)
    size = folder_megabytes(arguments.model)
    text = f"{_table(results)}\n\n{_process_table(processes, size)}"
    report("Tagging speed", text, {"tagging": results, "processes": processes, "model_mb": size}, arguments.out, before)


def _throughput(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    with ExitStack() as stack:
        measured: list[Measured] = []
        for variant, serving in _serving(arguments):
            measured.append(Measured(variant, stack.enter_context(serving)))
        for number in range(arguments.rounds):
            for system in measured:
                system.round()
            print(f"round {number + 1} of {arguments.rounds}", file=sys.stderr, flush=True)
        return [system.results() for system in measured]


def _serving(arguments: argparse.Namespace) -> Iterator[tuple[str, systems.Serving]]:
    """Ours in each variant, then each peer."""
    for precision in arguments.precisions.split(","):
        for threads in map(int, arguments.threads.split(",")):
            options = {"threads": str(threads), "precision": precision}
            variant = f"{threads} thread{'s' if threads > 1 else ''}, {precision}"
            yield (
                variant,
                systems.Serving(systems.OURS, sys.executable, arguments.model, arguments.test, options, threads),
            )
    for peer in systems.chosen_peers(arguments):
        model = _peer_model(arguments.models, peer)
        options = systems.peer_options(arguments, peer)
        yield "1 thread", systems.Serving(peer, arguments.peers_python, model, arguments.test, options)
        if peer == "spacy" and arguments.spacy_processes > 1:
            options = {**options, "processes": str(arguments.spacy_processes)}
            yield (
                f"{arguments.spacy_processes} processes",
                systems.Serving(peer, arguments.peers_python, model, arguments.test, options),
            )


def _peer_model(models: Path | None, peer: str) -> Path:
    """The first model that ``benchmarks.quality.accuracy --models`` kept of a peer."""
    found = sorted(models.glob(f"{peer}/seed-*")) if models else []
    if not found:
        raise SystemExit(
            f"no model of {peer} in {models}; train it first: python -m benchmarks.quality.accuracy --models DIR"
        )
    return found[0]


def _table(results: list[dict[str, Any]]) -> str:
    """One row a system; the ratios say how many times faster our fastest variant makes its later calls."""
    ours = {r["variant"]: r["later_call_tokens_per_second"] for r in results if r["system"] == systems.OURS}
    best = max(ours.values())
    alone = max((speed for variant, speed in ours.items() if variant.startswith("1 ")), default=None)
    rows = []
    for r in results:
        single = r["single_sentence_ms"]
        rows.append(
            (
                f"{r['name']} {r['version']}, {r['variant']}",
                f"{r['first_call_tokens_per_second']:,.0f}",
                f"{r['later_call_tokens_per_second']:,.0f}",
                "" if alone is None else f"{alone / r['later_call_tokens_per_second']:.2f} x",
                f"{best / r['later_call_tokens_per_second']:.2f} x",
                "" if single is None else f"{single:.2f}",
                f"{r['load_seconds']:.2f}",
            )
        )
    return markdown(HEADER, rows)


def _processes(arguments: argparse.Namespace) -> dict[str, float]:
    """Times of whole processes, medians of ``REPEATS``, the kinds in turn."""
    tokens, _ = conllu_lines.read(arguments.test)
    words = next((sentence for sentence in tokens if len(sentence) == SENTENCE_WORDS), tokens[0])
    tagger, text = systems.tagger_command(), " ".join(words)
    commands = {
        "tagger --help": [*tagger, "--help"],
        "new Python process: import, load, tag the first sentence": [
            sys.executable,
            "-c",
            FIRST_SENTENCE,
            str(arguments.model),
            text,
        ],
        "tagger tag --text": [*tagger, "tag", "--model", str(arguments.model), "--text", text],
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(REPEATS):
        for name, command in commands.items():
            times[name].append(command_seconds(command))
    return {name: statistics.median(values) for name, values in times.items()}


def _process_table(processes: dict[str, float], size: float) -> str:
    rows = [(name, f"{seconds:.2f} s") for name, seconds in processes.items()]
    return markdown(("process", "median"), [*rows, ("model folder", f"{size:.1f} MB")])


def folder_megabytes(folder: Path) -> float:
    """Size of a model folder without the state for resuming, in MB (10^6 bytes)."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return sum(p.stat().st_size for p in files if p.relative_to(folder).parts[0] != "training") / 1e6


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.speed.speed", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("model", type=Path, help="model folder of ours")
    parser.add_argument("test", type=Path, help="CoNLL-U file to tag")
    parser.add_argument(
        "--models", type=Path, help="folder of peers' models, from benchmarks.quality.accuracy --models"
    )
    parser.add_argument("--threads", default="1,2", help="of ours [default: 1,2]")
    parser.add_argument("--precisions", default="float32,bfloat16", help="of ours [default: %(default)s]")
    parser.add_argument("--spacy-processes", type=int, default=2, help="number of processes of a second spaCy run")
    parser.add_argument("--rounds", type=int, default=7, help="[default: 7]")
    parser.add_argument("--out", type=Path, help="write OUT.md and OUT.json")
    systems.add_peer_options(parser)
    return parser.parse_args()


if __name__ == "__main__":
    main()
