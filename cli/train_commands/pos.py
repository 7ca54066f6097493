"""``tagger train pos``."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from tagger.cli.train_commands.options import (
    chosen_config,
    reading,
    reading_options,
    renamed,
    setting_options,
    split_options,
)
from tagger.cli.train_commands.start import (
    EXAMPLE_WORDS,
    Resumable,
    displayed_run,
    may_start,
    print_closing,
    run_options,
)
from tagger.config.tagger import Config
from tagger.corpora.formats.sentence import MISSING, number_of

if TYPE_CHECKING:
    from tagger.corpora.sources.corpus import Corpus
    from tagger.corpora.text.text_split import TextCorpus
    from tagger.evaluation.scores import Scores
    from tagger.sequence_labelling.task import Run
    from tagger.training.run import TrainingResult


SETTINGS = (
    "encoder.cell encoder.layers encoder.hidden_size words.characters words.jamo words.jamo_prefixes words.vectors "
    "training.epochs training.batch_tokens training.learning_rate training.schedule training.dropout "
    "training.dropout_kind training.word_dropout training.label_smoothing training.auxiliary training.patience "
    "training.seed training.max_minutes training.max_memory training.init_from training.pretrained_lr_scale "
    "training.freeze_epochs training.lm_weight"
)
LINE = 90  # characters of a sentence that is shown


class TrainGroup(click.Group):
    """Group that loads the module of a command on demand."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List all kinds of models."""
        return ["pos", "lm", "series"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import `lm` and `series` from modules of their own."""
        if cmd_name in ("lm", "series"):
            command: click.Command = getattr(import_module(f"tagger.cli.train_commands.{cmd_name}"), cmd_name)
            return command
        return super().get_command(ctx, cmd_name)


@click.group(cls=TrainGroup)
def train() -> None:
    """Train a model: a tagger (pos), a language model (lm), or one that predicts numbers (series)."""


@train.command(cls=Resumable, epilog="Example: tagger train pos my-treebank/ --column xpos --out runs/xpos")
@click.argument("corpus", required=False)
@split_options
@reading_options
@setting_options(Config(), SETTINGS)
@renamed("--init-rate", "--pretrained-lr-scale")
@renamed("--frozen-epochs", "--freeze-epochs")
@click.option("--text", default=None, metavar="CORPUS", help="More text for --lm-weight, as for `train lm`.")
@click.option("--text-tokenised", is_flag=True, help="Words of --text are separated by blanks, a sentence a line.")
@click.option("--seeds", type=int, default=1, help="Train this number of models, print mean and std, keep the best.")
@click.option(
    "--folds", type=click.IntRange(min=2), metavar="K",
    help="First cross-validate: test on each K-th of all sentences in turn, print mean and spread.",
)  # fmt: skip
@run_options("runs/pos")
def pos(**values: Any) -> None:
    """Train a tagger on CORPUS; on the bundled English corpus if none is named.

    CORPUS is a file, folder or glob (CoNLL-U, CoNLL columns, JSON lines, CSV/TSV, Parquet, word/TAG text), a
    name that the catalogue knows, or OWNER/NAME[:CONFIG][@REVISION] on the Hugging Face hub. Settings
    that are not given are chosen by the size of the corpus.
    """
    from tagger.corpora.read_corpus import read_corpus

    config = chosen_config(Config, values, column=values["column"])
    if not may_start(values):
        return
    corpus = read_corpus(
        values["corpus"],
        train=values["train_file"],
        dev=values["dev"],
        test=values["test"],
        column=config.column,
        seed=config.training.seed,
        **reading(values),
    )
    text = _text(config, values)
    if not values["quiet"]:
        click.echo(describe(corpus), err=True)
    from tagger.sequence_labelling.train import train_runs

    folds = _cross_validated(corpus, config, text, values) if values["folds"] else []
    with displayed_run(values) as options:
        training = train_runs(corpus, config, options, text=text, folds=folds)
    if not values["quiet"]:
        _report(training, corpus, values)


def _cross_validated(
    corpus: Corpus, config: Config, text: TextCorpus | None, values: Mapping[str, Any]
) -> list[Scores]:
    """Cross-validate; print the scores of each fold, their mean and their spread."""
    from tagger.cli.output.scores import render_seeds
    from tagger.cli.output.terminal import TerminalCapabilities
    from tagger.sequence_labelling.cross_validation import cross_validate
    from tagger.training.task import RunOptions

    def show(number: int, scores: Scores) -> None:
        if not values["quiet"]:
            click.echo(f"fold {number} of {values['folds']}: accuracy {100 * scores.accuracy:.2f} %", err=True)

    options = RunOptions(device=values["device"], threads=values["threads"])
    folds = cross_validate(corpus, config, values["folds"], options, text=text, on_fold=show)
    if not values["quiet"]:
        runs = {number: {"test": scores} for number, scores in enumerate(folds, 1)}
        click.echo(render_seeds(runs, title="Fold", terminal=TerminalCapabilities.of(sys.stdout)) + "\n")
    return folds


def _text(config: Config, values: Mapping[str, Any]) -> TextCorpus | None:
    """Read more text for a language model that is trained along."""
    if values["text"] is None:
        return None
    if not config.training.lm_weight:
        raise click.UsageError("--text is for a language model that is trained along; give --lm-weight, too")
    from tagger.corpora.text.text_corpus import read_text_corpus

    return read_text_corpus(
        values["text"], tokenised=values["text_tokenised"], offline=values["offline"], seed=config.training.seed
    )


def describe(corpus: Corpus) -> str:
    """Describe a corpus that was read: splits, sentences, words, labels, unknown words."""
    known = {word for sentence in (corpus.train.tokens() if corpus.train else []) for word in sentence}
    labels = {tag for tags in (corpus.train.tags() if corpus.train else []) for tag in tags if tag}
    lines = [f"corpus {corpus.name}, column {corpus.column}: {number_of(len(labels), 'label')}"]
    for split in corpus.splits:
        words = [word for sentence in split.tokens() for word in sentence]
        line = f"  {split.name:5} {_aligned(len(split), 'sentence', 9)} {_aligned(len(words), 'word', 11)}"
        if split.name == "train":
            line += f" {_aligned(len(known), 'type', 9)}"
        elif words:
            line += f" {100 * sum(word not in known for word in words) / len(words):>8.2f} % unknown"
        lines.append(line.rstrip())
    if corpus.train is not None and len(corpus.train):
        lines.append(f"  first  {_shortened(corpus.train.data[0])}")
    return "\n".join(lines)


def _aligned(count: int, noun: str, width: int) -> str:
    """Return a count and its noun for a column of them."""
    number, _, counted = number_of(count, noun).partition(" ")
    return f"{number:>{width}} {counted:<{len(noun) + 1}}"


def _shortened(row: Mapping[str, Any]) -> str:
    """Show a sentence with its tags, cut to a line."""
    from tagger.cli.output.terminal import printable

    shown = " ".join(f"{token}/{tag or MISSING}" for token, tag in zip(row["tokens"], row["tags"], strict=True))
    return printable(shown if len(shown) <= LINE else shown[: LINE - 4] + " ...")


def _report(training: TrainingResult[Run], corpus: Corpus, values: Mapping[str, Any]) -> None:
    from tagger.cli.output.scores import FEW_WORDS, render_language_scores, render_report, render_seeds
    from tagger.cli.output.terminal import TerminalCapabilities

    terminal = TerminalCapabilities.of(sys.stdout)
    if len(training.runs) > 1:
        runs = {one.seed: one.scores for one in training.runs}
        click.echo(render_seeds(runs, kept=training.best.seed, terminal=terminal))
    if training.best.scores:
        click.echo(render_report(training.best.scores, terminal))
    if training.best.language:
        click.echo(render_language_scores(training.best.language, terminal))
    measured = list(training.best.scores.values())[-1:]
    if measured and measured[0].tokens < FEW_WORDS and not values["folds"]:
        hint = "--folds 10 tests on every sentence of the corpus, by cross-validation"
        click.echo(f"note: these are few words to measure on; {hint}", err=True)
    note = training.best.model.raw_text_note()
    if note is not None:
        click.echo(f"warning: {note}", err=True)
    print_closing(values["out"], "tagger tag --model", _example(corpus, as_words=note is not None))


def _example(corpus: Corpus, *, as_words: bool) -> str:
    """Make options of `tagger tag` from the first sentence of the corpus, which is in the model's language."""
    assert corpus.train is not None
    split = replace(corpus.train, data=corpus.train.data.select([0]))
    words = " ".join(split.tokens()[0][:EXAMPLE_WORDS])
    text = split.texts()[0]
    example = words if as_words or not text or len(text) > LINE else text
    return f"--text {shlex.quote(example)}" + " --input tokens" * as_words
