"""``tagger train pos``."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger.cli.output.tag_scores import render_report, render_seeds
from tagger.cli.output.terminal import TerminalCapabilities, printable
from tagger.cli.output.training_display import TrainingDisplay
from tagger.cli.train_commands.options import machine_options, reading, reading_options, renamed
from tagger.cli.train_commands.resume import Resumable, resume_options
from tagger.cli.train_commands.start import may_start, run_options, size_of

if TYPE_CHECKING:
    from tagger.config.tagger import Config
    from tagger.corpora.sources.corpus import Corpus
    from tagger.corpora.text.text_split import TextCorpus
    from tagger.sequence_labelling.train import Training


# Options that are settings of tagger.config.tagger.Config, by their dotted names.
SETTINGS = {
    "column": "column",
    "cell": "encoder.cell",
    "layers": "encoder.layers",
    "hidden_size": "encoder.hidden_size",
    "characters": "words.characters",
    "jamo": "words.jamo",
    "jamo_prefixes": "words.jamo_prefixes",
    "vectors": "words.vectors",
    "epochs": "training.epochs",
    "batch_tokens": "training.batch_tokens",
    "learning_rate": "training.learning_rate",
    "schedule": "training.schedule",
    "dropout": "training.dropout",
    "dropout_kind": "training.dropout_kind",
    "word_dropout": "training.word_dropout",
    "label_smoothing": "training.label_smoothing",
    "patience": "training.patience",
    "seed": "training.seed",
    "max_minutes": "training.max_minutes",
    "max_memory": "training.max_memory",
    "init_from": "training.init_from",
    "pretrained_lr_scale": "training.pretrained_lr_scale",
    "freeze_epochs": "training.freeze_epochs",
    "lm_weight": "training.lm_weight",
}


class TrainGroup(click.Group):
    """Loads a command's module when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All kinds of models."""
        return ["pos", "lm", "series"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """`lm` and `series` live in modules of their own."""
        if cmd_name == "lm":
            from tagger.cli.train_commands.lm import lm

            return lm
        if cmd_name == "series":
            from tagger.cli.train_commands.series import series

            return series
        return super().get_command(ctx, cmd_name)


@click.group(cls=TrainGroup)
def train() -> None:
    """Train a model: a tagger (pos), a language model (lm), or one that predicts numbers (series)."""


@train.command(cls=Resumable, epilog="Example: tagger train pos my-treebank/ --column xpos --out runs/xpos")
@click.argument("corpus", required=False)
@click.option("--train", "train_file", default=None, help="File of the training split, instead of CORPUS.")
@click.option("--dev", default=None, help="File of the development split.")
@click.option("--test", default=None, help="File of the test split.")
@reading_options
@click.option("--out", default="runs/pos", show_default=True, type=click.Path(path_type=Path), help="Model folder.")
@click.option("--overwrite", is_flag=True, help="Replace the model that is there.")
@click.option("--cell", type=click.Choice(["lstm", "gru", "rnn"]), default=None, help="[default: lstm]")
@click.option("--layers", type=int, default=None, help="Layers of each direction.  [default: 1]")
@click.option("--hidden-size", type=int, default=None, help="Units of each layer and direction.")
@click.option(
    "--characters",
    default=None,
    type=click.Choice(["affix", "lstm", "cnn", "affix+lstm", "affix+cnn", "none"]),
    help="Sub-word model: hashed affixes and shape, a character LSTM or CNN, both, or none.",
)
@click.option(
    "--jamo",
    type=int,
    default=None,
    help="Longest suffix over decomposed Hangul (0: none).  [default: 6 for Hangul text]",
)
@click.option(
    "--jamo-prefixes", type=int, default=None, help="Longest prefix over decomposed Hangul (0: none).  [default: 0]"
)
@click.option("--vectors", default=None, help="Pre-trained word vectors (word2vec, GloVe or fastText text).")
@click.option("--epochs", type=int, default=None)
@click.option("--batch-tokens", type=int, default=None, help="Words in a batch.")
@click.option("--learning-rate", type=float, default=None, help="Peak rate of AdamW.")
@click.option("--schedule", type=click.Choice(["cosine", "linear", "constant", "plateau"]), default=None)
@click.option("--dropout", type=float, default=None)
@click.option("--dropout-kind", type=click.Choice(["locked", "plain"]), default=None)
@click.option("--word-dropout", type=float, default=None)
@click.option("--label-smoothing", type=float, default=None)
@click.option("--auxiliary", default=None, help="Label columns to learn along, separated by commas.")
@click.option("--patience", type=int, default=None, help="Epochs without a better dev accuracy before stopping.")
@click.option("--seed", type=int, default=None)
@click.option("--seeds", type=int, default=1, help="Train so many models, print mean and spread, keep the best on dev.")
@click.option("--max-minutes", type=float, default=None, help="Time budget; the schedule ends with it.")
@click.option("--max-memory", default=None, metavar="SIZE", help="Use no more, e.g. 2G: batches are divided to fit.")
@click.option("--init-from", default=None, metavar="MODEL", help="Start from the words and stacks of a language model.")
@click.option(
    "--pretrained-lr-scale", type=float, default=None, help="Factor of the learning rate for these.  [default: 1]"
)
@renamed("--init-rate", "--pretrained-lr-scale")
@click.option("--freeze-epochs", type=int, default=None, help="Epochs before these begin to learn.  [default: 0]")
@renamed("--frozen-epochs", "--freeze-epochs")
@click.option("--lm-weight", type=float, default=None, help="Train a language-model head along, with this weight.")
@click.option("--text", default=None, metavar="CORPUS", help="Further text for it, as for `train lm`.")
@click.option("--text-tokenised", is_flag=True, help="Words of --text are parted by blanks, a sentence a line.")
@resume_options
@machine_options
@click.option("--config", "config_file", default=None, help="TOML file of settings; options override it.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def pos(**values: Any) -> None:
    """Train a tagger on CORPUS; on the bundled English corpus if none is named.

    CORPUS is a file, folder or glob (CoNLL-U, CoNLL columns, JSON lines, CSV/TSV, Parquet, word/TAG text), a
    name that the catalogue knows, or OWNER/NAME[:CONFIG][@REVISION] on the Hugging Face hub. What is not set is
    chosen from the size of the corpus.
    """
    from tagger.cli.train_commands.pos import run

    run(_config(values), reading(values), values)


def _config(values: dict[str, Any]) -> Config:
    """Settings from the TOML file and the options over it."""
    from tagger.config.tagger import Config

    path = values.pop("config_file")
    config = Config() if path is None else Config.from_toml(path)
    given = {SETTINGS[name]: values.pop(name) for name in SETTINGS}
    auxiliary = values.pop("auxiliary")
    if auxiliary is not None:
        given["training.auxiliary"] = [column for column in auxiliary.split(",") if column]
    return config.with_settings(
        {name: value for name, value in given.items() if value is not None}, where="command line"
    )


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
    look = TerminalCapabilities.of(sys.stdout)
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
