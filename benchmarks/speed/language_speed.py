"""Speed of writing, and of training with a full and an adaptive softmax.

Run: ``python -m benchmarks.speed.language_speed``.

Generation: tokens a second for one text and for sixteen together, sampling and text included, medians of rounds.
Softmax: two models of 2 x 200 on the same text with the same vocabulary, one with each; units a second and perplexity.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path
from typing import Any

from benchmarks.measuring import machine_facts, markdown, report
from tagger.config.language_model import LanguageConfig
from tagger.corpora.text.text_corpus import read_text_corpus
from tagger.language_modelling.language_model import LanguageModel
from tagger.language_modelling.train import train_language_model
from tagger.training.events import EpochEnd, Event
from tagger.training.task import RunOptions

TOKENS = 400


def main() -> None:
    """Measure what was asked for."""
    arguments = _arguments()
    before = machine_facts()
    if arguments.train is None:
        title, (text, results) = "Writing", generation(arguments.model, arguments.rounds)
    else:
        title, (text, results) = "Full and adaptive softmax", softmaxes(arguments)
    report(title, text, results, arguments.out, before)


def generation(name: str, rounds: int) -> tuple[str, dict[str, Any]]:
    """Tokens a second."""
    model = LanguageModel.load(name)
    model.generate("The river", max_tokens=50)
    found: dict[str, list[float]] = {}
    for seed in range(rounds):
        for samples in (1, 16):
            start = time.perf_counter()
            made = model.generate("The river", max_tokens=TOKENS, samples=samples, seed=seed)
            speed = sum(len(one.tokens) for one in made) / (time.perf_counter() - start)
            found.setdefault(f"{samples} together" if samples > 1 else "one text", []).append(speed)
    rows = [(case, f"{statistics.median(s):,.0f}", f"{min(s):,.0f}", f"{max(s):,.0f}") for case, s in found.items()]
    header = (f"`{name}`, {model.subwords.size:,} words", "tokens/s", "slowest", "fastest")
    return markdown(header, rows), {"tokens_per_second": found}


def softmaxes(arguments: argparse.Namespace) -> tuple[str, dict[str, Any]]:
    """Training with each softmax in turn."""
    corpus = read_text_corpus(train=str(arguments.train), dev=str(arguments.dev), tokenised=True)
    found: dict[str, dict[str, float]] = {}
    for kind in ("full", "adaptive"):
        settings = {
            "head.softmax": kind,
            "head.vocabulary_size": arguments.vocabulary_size,
            "head.min_count": 1,
            "training.epochs": arguments.epochs,
        }
        ends: list[EpochEnd] = []

        def listen(event: Event, ends: list[EpochEnd] = ends) -> None:
            if isinstance(event, EpochEnd):
                ends.append(event)

        train_language_model(corpus, LanguageConfig().with_settings(settings), RunOptions(listener=listen))
        speed = statistics.median(end.tokens_per_second for end in ends)
        found[kind] = {"speed": speed, "perplexity": ends[-1].dev_perplexity or 0.0}
    full, adaptive = found["full"], found["adaptive"]
    rows = [
        (kind, f"{one['speed']:,.0f}", f"{one['speed'] / full['speed']:.2f}", f"{one['perplexity']:.2f}")
        for kind, one in found.items()
    ]
    text = markdown((f"softmax over {arguments.vocabulary_size:,} words", "units/s", "times full", "valid"), rows)
    worse = 100 * (adaptive["perplexity"] / full["perplexity"] - 1)
    return f"{text}\n\nPerplexity of the adaptive softmax: {worse:+.1f} %.", {"softmax": found}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--model", default="en", help="of which the speed of writing is measured")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--train", type=Path, help="tokenised text: measure training with both kinds of softmax")
    parser.add_argument("--dev", type=Path, help="tokenised text to score")
    parser.add_argument("--vocabulary-size", type=int, default=30_000)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--out", type=Path, help="write NAME.md and NAME.json")
    return parser.parse_args()


if __name__ == "__main__":
    main()
