"""The process in which one system trains or tags; the standard library alone, so it runs in any environment.

A module such as ``peer_nltk`` describes a system and calls ``main``. Two commands:

``train`` trains, saves, scores and prints one line of JSON.
``serve`` loads a model and then answers each line on standard input with one line of JSON, so that several
systems can stay loaded and be measured in turn: ``load`` loads the model afresh, ``pass`` tags the whole test
set in one call, ``single`` tags each sentence of 15 words in a call of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

from benchmarks.peers import conllu_lines
from benchmarks.peers.conllu_lines import Sentences

Tag = Callable[[Sentences], Sentences]
Options = dict[str, str]

SENTENCE_WORDS = 15
PASSES = 5
SINGLES = 200


@dataclass(frozen=True, slots=True)
class Data:
    """The files of a corpus, CoNLL-U.

    Args:
        train: to learn from.
        dev: to choose settings by.
        test: to score on, once.
        column: the labels, upos or xpos.
    """

    train: Path
    dev: Path
    test: Path
    column: str


class System(Protocol):
    """A tagger under measurement.

    Attributes:
        name: as tables show it.
    """

    name: str

    def version(self) -> str:
        """Which release it is."""

    def train(self, data: Data, out: Path, seed: int, options: Options) -> dict[str, Any]:
        """Train on ``data.train`` (and ``data.dev``), save into ``out``; return at least ``train_seconds``."""

    def load(self, folder: Path, options: Options) -> Tag:
        """Load what ``train`` saved; the function takes B token lists to B tag lists."""


def main(system: System) -> None:
    """Parse the command line and run ``system``; only answers reach standard output."""
    arguments = _parser().parse_args()
    options = dict(pair.split("=", 1) for pair in arguments.option)
    with _answers() as answers:
        if arguments.command == "train":
            data = Data(arguments.train, arguments.dev, arguments.test, arguments.column)
            _say(answers, train(system, data, arguments.out, arguments.seed, options))
        else:
            serve(system, arguments.model, arguments.test, options, sys.stdin, answers)


def train(system: System, data: Data, out: Path, seed: int, options: Options) -> dict[str, Any]:
    """Train and score.

    Returns:
        name, version, seed, train_seconds, cpu_seconds (of this process, scoring left out), peak_mb, accuracy,
        known_accuracy, unknown_accuracy, tokens_per_second, and what the system itself adds.
    """
    out.mkdir(parents=True, exist_ok=True)
    facts: dict[str, Any] = {"name": system.name, "version": system.version(), "seed": seed}
    started = time.process_time()
    facts |= system.train(data, out, seed, options)
    facts["cpu_seconds"] = time.process_time() - started
    facts["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    tag = system.load(out, options)
    tokens, gold = conllu_lines.read(data.test, data.column)
    known = {word for sentence in conllu_lines.read(data.train, data.column)[0] for word in sentence}
    facts |= score(tokens, gold, tag(tokens), known)
    facts["tokens_per_second"] = facts["tokens"] / statistics.median(_timed(tag, tokens) for _ in range(PASSES))
    return facts


def score(tokens: Sentences, gold: Sentences, predicted: Sentences, known: set[str]) -> dict[str, Any]:
    """Token accuracy on all, known and unknown words."""
    right: dict[bool, int] = {True: 0, False: 0}
    total: dict[bool, int] = {True: 0, False: 0}
    for words, tags, guesses in zip(tokens, gold, predicted, strict=True):
        for word, tag, guess in zip(words, tags, guesses, strict=True):
            total[word in known] += 1
            right[word in known] += tag == guess
    return {
        "tokens": sum(total.values()),
        "accuracy": sum(right.values()) / max(1, sum(total.values())),
        "known_accuracy": right[True] / max(1, total[True]),
        "unknown_accuracy": right[False] / max(1, total[False]),
        "unknown_tokens": total[False],
    }


def serve(system: System, folder: Path, test: Path, options: Options, commands: IO[str], answers: IO[str]) -> None:
    """Answer ``load``, ``pass`` and ``single`` until the input ends; a first pass, untimed, warms everything."""
    tokens, _ = conllu_lines.read(test)
    singles = [sentence for sentence in tokens if len(sentence) == SENTENCE_WORDS][:SINGLES]
    tag = system.load(folder, options)
    tag(tokens)
    _say(answers, {"name": system.name, "version": system.version(), "tokens": sum(map(len, tokens))})
    for command in map(str.strip, commands):
        if command == "load":
            started = time.perf_counter()
            tag = system.load(folder, options)
            _say(answers, {"seconds": time.perf_counter() - started})
        elif command == "pass":
            _say(answers, {"seconds": _timed(tag, tokens)})
        elif command == "single":
            _say(answers, {"seconds": [_timed(tag, [sentence]) for sentence in singles]})
        else:
            raise SystemExit(f"worker: unknown command {command!r}; expected load, pass or single")


def _timed(tag: Tag, sentences: Sentences) -> float:
    started = time.perf_counter()
    tag(sentences)
    return time.perf_counter() - started


def _answers() -> IO[str]:
    """The real standard output; whatever libraries print goes to standard error instead."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers


def _say(answers: IO[str], value: dict[str, Any]) -> None:
    answers.write(json.dumps(value) + "\n")
    answers.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Train or serve one system; run by the other scripts here.")
    commands = parser.add_subparsers(dest="command", required=True)
    training = commands.add_parser("train")
    for name in ("train", "dev", "test", "out"):
        training.add_argument(f"--{name}", type=Path, required=True)
    training.add_argument("--column", choices=sorted(conllu_lines.COLUMNS), default="upos")
    training.add_argument("--seed", type=int, default=1)
    serving = commands.add_parser("serve")
    for name in ("model", "test"):
        serving.add_argument(f"--{name}", type=Path, required=True)
    for command in (training, serving):
        command.add_argument("--option", action="append", default=[], metavar="NAME=VALUE")
    return parser
