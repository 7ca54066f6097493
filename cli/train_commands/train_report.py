"""What ``tagger train pos`` does and prints."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger.cli.output.tag_scores import render_report, render_seeds
from tagger.cli.output.terminal import Look, printable
from tagger.cli.output.training_display import TrainingDisplay
from tagger.cli.train_commands.starting import may_start, run_options, size_of

if TYPE_CHECKING:
    from tagger.config.tagger import Config
    from tagger.corpora.sources.corpus import Corpus
    from tagger.corpora.text.text_split import TextCorpus
    from tagger.sequence_labelling.train import Training

LINE = 90


def run(config: Config, reading: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Read, train, report.

    Args:
        config: all settings.
        reading: keyword arguments of ``read_corpus``.
        values: the other options by name.
    """
    from tagger.corpora.read_corpus import read_corpus

    if not may_start(values):
        return
    corpus = read_corpus(
        values["corpus"],
        train=values["train_file"],
        dev=values["dev"],
        test=values["test"],
        column=config.column,
        seed=config.training.seed,
        **reading,
    )
    text = _text(config, reading, values)
    if not values["quiet"]:
        click.echo(describe(corpus), err=True)
    from tagger.sequence_labelling.train import train_runs

    with TrainingDisplay(quiet=values["quiet"]) as display:
        training = train_runs(
            corpus,
            config,
            seeds=values["seeds"],
            listener=display,
            text=text,
            **run_options(values),
        )
    if not values["quiet"]:
        _report(training, values)


def _text(config: Config, reading: Mapping[str, Any], values: Mapping[str, Any]) -> TextCorpus | None:
    """Further text for a language model that is trained along."""
    if values["text"] is None:
        return None
    if not config.training.lm_weight:
        raise click.UsageError("--text is for a language model that is trained along; give --lm-weight, too")
    from tagger.corpora.text.text_corpus import read_text_corpus

    return read_text_corpus(
        values["text"], tokenised=values["text_tokenised"], offline=reading["offline"], seed=config.training.seed
    )


def describe(corpus: Corpus) -> str:
    """What was understood of a corpus: splits, sentences, words, labels, unknown words."""
    known = {word for sentence in (corpus.train.tokens() if corpus.train else []) for word in sentence}
    labels = {tag for tags in (corpus.train.tags() if corpus.train else []) for tag in tags}
    lines = [f"corpus {corpus.name}, column {corpus.column}: {len(labels)} labels"]
    for split in corpus.splits:
        words = [word for sentence in split.tokens() for word in sentence]
        line = f"  {split.name:5} {len(split):>9,} sentences {len(words):>11,} words"
        if split.name == "train":
            line += f" {len(known):>9,} types"
        elif words:
            line += f" {100 * sum(word not in known for word in words) / len(words):>8.2f} % unknown"
        lines.append(line)
    if corpus.train is not None and len(corpus.train):
        lines.append(f"  first  {_shortened(corpus.train.data[0])}")
    return "\n".join(lines)


def _shortened(row: Mapping[str, Any]) -> str:
    """A sentence as it was understood, cut to a line."""
    shown = " ".join(f"{token}/{tag}" for token, tag in zip(row["tokens"], row["tags"], strict=True))
    return printable(shown if len(shown) <= LINE else shown[: LINE - 4] + " ...")


def _report(training: Training, values: Mapping[str, Any]) -> None:
    look = Look.of(sys.stdout)
    if len(training.runs) > 1:
        runs = {one.seed: one.scores for one in training.runs}
        click.echo(render_seeds(runs, kept=training.best.seed, look=look))
    if training.best.scores:
        click.echo(render_report(training.best.scores, look))
    if training.best.language:
        from tagger.cli.output.perplexity import render_language_scores

        click.echo(render_language_scores(training.best.language, look))
    out: Path = values["out"]
    click.echo(f"model saved in {out} ({size_of(out)})")
    click.echo(f"next: tagger tag --model {shlex.quote(os.fspath(out))} --text 'They can fish.'")
