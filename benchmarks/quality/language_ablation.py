"""What each regulariser of a preset is worth. Run: ``python -m benchmarks.quality.language_ablation --help``.

Each row trains the preset with one thing switched off and scores the validation text; there is no option for a test
text. Sizes and epochs can be cut down for a CPU: the order of what helps is then that of a smaller model.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from benchmarks.measuring import machine_facts, markdown, report
from tagger.config.language_model import make_config
from tagger.corpora.text.text_corpus import read_text_corpus
from tagger.corpora.text.text_split import TextCorpus
from tagger.language_modelling.train import train_language_model
from tagger.training.events import EpochEnd, Event
from tagger.training.task import RunOptions

REMOVED: dict[str, dict[str, Any]] = {
    "nothing": {},
    "dropout of states and word vectors": {
        "streams.input_dropout": 0.0,
        "streams.dropout": 0.0,
        "streams.output_dropout": 0.0,
    },
    "one mask a chunk (one a step instead)": {"streams.dropout_kind": "plain"},
    "embedding dropout": {"streams.embedding_dropout": 0.0},
    "weight drop": {"streams.weight_drop": 0.0},
    "penalties on states (AR, TAR)": {"streams.activation_penalty": 0.0, "streams.temporal_penalty": 0.0},
    "weight decay": {"training.weight_decay": 0.0},
    "varying lengths of chunks": {"streams.jitter": False},
    "tied weights": {"head.tied": False},
}


def main() -> None:
    """Train once for each row, print a table."""
    arguments = _arguments()
    before = machine_facts()
    corpus = read_text_corpus(train=str(arguments.train), dev=str(arguments.dev), tokenised=True)
    found = {name: _train(corpus, arguments, changes) for name, changes in REMOVED.items()}
    full = found["nothing"]["perplexity"]
    rows = [
        (name, f"{one['perplexity']:.2f}", f"{one['perplexity'] - full:+.2f}", f"{one['train']:.1f}", str(one["epoch"]))
        for name, one in found.items()
    ]
    header = ("removed", "valid perplexity", "against all", "train perplexity", "best epoch")
    title = f"What each regulariser of `{arguments.preset}` is worth"
    report(title, markdown(header, rows), {"rows": found}, arguments.out, before)


def _train(corpus: TextCorpus, arguments: argparse.Namespace, changes: dict[str, Any]) -> dict[str, float]:
    sizes = {"words.embedding_size": arguments.size, "encoder.hidden_size": arguments.size} if arguments.size else {}
    settings = {"training.epochs": arguments.epochs, "head.min_count": arguments.min_count, **sizes, **changes}
    ends: list[EpochEnd] = []

    def listen(event: Event) -> None:
        if isinstance(event, EpochEnd):
            ends.append(event)

    train_language_model(corpus, make_config(None, arguments.preset, settings), RunOptions(listener=listen))
    best = min(ends, key=lambda end: end.dev_perplexity or float("inf"))
    return {"perplexity": best.dev_perplexity or 0.0, "train": 2.718281828**best.loss_per_step, "epoch": best.epoch}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--train", type=Path, required=True, help="tokenised text")
    parser.add_argument("--dev", type=Path, required=True, help="tokenised text to score")
    parser.add_argument("--preset", default="medium")
    parser.add_argument("--size", type=int, help="embedding and hidden size instead of those of the preset")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--min-count", type=int, default=1, help="rarer words are unknown")
    parser.add_argument("--out", type=Path, help="write NAME.md and NAME.json")
    return parser.parse_args()


if __name__ == "__main__":
    main()
