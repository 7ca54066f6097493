"""``tagger train lm``."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger.cli.train_commands.options import Command, machine_options, renamed, together
from tagger.cli.train_commands.resume import Resumable, resume_options
from tagger.cli.train_commands.start import may_start, run_options, size_of

if TYPE_CHECKING:
    from tagger.corpora.text.text_split import TextCorpus
    from tagger.language_modelling.train import LanguageTraining


SETTINGS = {
    "unit": "head.unit",
    "vocabulary_size": "head.vocabulary_size",
    "min_count": "head.min_count",
    "lowercase": "head.lowercase",
    "digits": "head.digits",
    "untied": "head.tied",
    "softmax": "head.softmax",
    "bidirectional": "head.bidirectional",
    "cell": "encoder.cell",
    "layers": "encoder.layers",
    "hidden_size": "encoder.hidden_size",
    "embedding_size": "words.embedding_size",
    "characters": "words.characters",
    "bptt": "streams.bptt",
    "batch_size": "streams.batch_size",
    "dropout": "streams.dropout",
    "input_dropout": "streams.input_dropout",
    "output_dropout": "streams.output_dropout",
    "embedding_dropout": "streams.embedding_dropout",
    "weight_drop": "streams.weight_drop",
    "activation_penalty": "streams.activation_penalty",
    "temporal_penalty": "streams.temporal_penalty",
    "epochs": "training.epochs",
    "optimizer": "training.optimizer",
    "learning_rate": "training.learning_rate",
    "schedule": "training.schedule",
    "weight_decay": "training.weight_decay",
    "clip": "training.clip",
    "patience": "training.patience",
    "max_minutes": "training.max_minutes",
    "max_memory": "training.max_memory",
    "seed": "training.seed",
}


def given(values: dict[str, Any]) -> dict[str, Any]:
    """Take the settings that were given out of a command's values."""
    found = {SETTINGS[name]: values.pop(name) for name in SETTINGS}
    found["head.tied"] = False if found["head.tied"] else None
    flags = ("head.lowercase", "head.digits", "head.bidirectional")
    return {name: value for name, value in found.items() if value is not None and not (name in flags and not value)}


text_options: Callable[[Command], Command] = together(
    click.option("--tokenised", "--tokenized", is_flag=True, help="Words are parted by blanks, a sentence a line."),
    click.option("--format", "format_", default=None, help="text, or a format of labelled corpora.  [default: seen]"),
    click.option("--text-column", default=None, help="Name of the column that holds the text."),
    click.option("--tokens-column", default=None, help="Name of the column that holds the words."),
    click.option("--skip-invalid", is_flag=True, help="Leave out lines that are not text, and count them."),
    renamed("--ignore-bad", "--skip-invalid", is_flag=True),
    click.option("--offline", is_flag=True, help="Never use the network."),
)

size_options: Callable[[Command], Command] = together(
    click.option("--unit", type=click.Choice(["word", "bpe", "char"]), default=None, help="[default: word]"),
    click.option("--vocabulary-size", type=int, default=None, help="Most units.  [default: 30000 words, 8000 pieces]"),
    click.option("--min-count", type=int, default=None, help="Rarer units are <unk>.  [default: 2; 1 if tokenised]"),
    click.option("--lowercase", is_flag=True, help="Read capitals as small letters."),
    click.option("--digits", is_flag=True, help="Read every digit as 0."),
    click.option("--cell", type=click.Choice(["lstm", "gru", "rnn"]), default=None, help="[default: lstm]"),
    click.option("--layers", type=int, default=None, help="Layers of each direction.  [default: 2]"),
    click.option("--embedding-size", type=int, default=None),
    click.option("--hidden-size", type=int, default=None, help="H of each layer.  [default: 200; 256 for characters]"),
    click.option("--characters", default=None, help="Sub-word model of words, as for `train pos`.  [default: none]"),
    click.option("--untied", is_flag=True, help="Give the softmax a table of its own."),
    click.option(
        "--softmax",
        type=click.Choice(["full", "adaptive"]),
        default=None,
        help="Every word scored at every step, or rare ones in clusters.  [default: adaptive from 8,000 words on]",
    ),
    click.option("--bidirectional", is_flag=True, help="Also train a backward stack; a tagger can start from both."),
)

training_options: Callable[[Command], Command] = together(
    click.option("--bptt", type=int, default=None, help="Steps of a stretch.  [default: 35]"),
    click.option("--batch-size", type=int, default=None, help="Streams read side by side."),
    click.option("--epochs", type=int, default=None),
    click.option("--optimizer", type=click.Choice(["adamw", "sgd", "asgd"]), default=None, help="[default: adamw]"),
    click.option("--learning-rate", type=float, default=None, help="Peak rate."),
    click.option("--schedule", type=click.Choice(["cosine", "linear", "constant", "plateau"]), default=None),
    click.option("--clip", type=float, default=None, help="Largest norm of the gradient of the loss per step."),
    click.option("--weight-decay", type=float, default=None),
    click.option("--input-dropout", type=float, default=None, help="Of the word vectors."),
    click.option("--dropout", type=float, default=None, help="Between layers."),
    click.option("--output-dropout", type=float, default=None, help="Of the states that the softmax reads."),
    click.option("--embedding-dropout", type=float, default=None, help="Of whole words."),
    click.option("--weight-drop", type=float, default=None, help="Of recurrent weights."),
    click.option("--activation-penalty", type=float, default=None, help="Alpha, on large states."),
    click.option("--temporal-penalty", type=float, default=None, help="Beta, on restless states."),
    click.option("--patience", type=int, default=None, help="Epochs without a lower dev perplexity before stopping."),
    click.option("--seed", type=int, default=None),
    click.option("--max-minutes", type=float, default=None, help="Time budget; the schedule ends with it."),
    click.option(
        "--max-memory", default=None, metavar="SIZE", help="Use no more, e.g. 2G: batches are divided to fit."
    ),
)


EPILOG = """\b
Examples:
  tagger train lm novels/ --out runs/novels
  tagger train lm --train t.txt --dev d.txt --test e.txt --tokenised --preset small
  tagger train lm shakespeare.txt --unit char --hidden-size 512
  tagger train lm treebank.conllu --bidirectional --characters affix
"""


@click.command(cls=Resumable, epilog=EPILOG)
@click.argument("corpus", required=False)
@click.option("--train", "train_file", default=None, help="File of the training text, instead of CORPUS.")
@click.option("--dev", default=None, help="File of the development text.")
@click.option("--test", default=None, help="File of the test text.")
@text_options
@click.option("--streaming", is_flag=True, help="Read a data set of the hub over the network, without storing it.")
@click.option("--stretch", type=int, default=None, help="Units of a stream read at a time.  [default: 2,000,000]")
@click.option("--out", default="runs/lm", show_default=True, type=click.Path(path_type=Path), help="Model folder.")
@click.option("--overwrite", is_flag=True, help="Replace the model that is there.")
@click.option("--preset", default=None, help="Published settings: small, medium or awd.")
@size_options
@training_options
@resume_options
@machine_options
@click.option("--cache", is_flag=True, help="Also score with a neural cache, chosen on dev.")
@click.option("--config", "config_file", default=None, help="TOML file of settings; options override it.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def lm(**values: Any) -> None:
    """Train a language model on CORPUS; on the bundled English text if none is named.

    CORPUS is plain text (a file, folder or glob, or - for the standard input), any labelled corpus that `tagger train
    pos` takes (its words are read), or OWNER/NAME[:CONFIG][@REVISION] on the Hugging Face hub.
    """
    run(values)


def run(values: dict[str, Any]) -> None:
    """Read, train, report."""
    from tagger.cli.output.training_display import TrainingDisplay
    from tagger.config.language_model import make_config
    from tagger.corpora.text.text_corpus import read_text_corpus
    from tagger.language_modelling.train import train_language_model

    settings = given(values)
    config = make_config(values["config_file"], values["preset"], settings, where="command line")
    if values["tokenised"] and config.head.min_count is None:
        config = config.with_settings({"head.min_count": 1})
    if not may_start(values):
        return
    corpus = read_text_corpus(
        values["corpus"],
        train=values["train_file"],
        dev=values["dev"],
        test=values["test"],
        unit=config.head.unit,
        tokenised=values["tokenised"],
        format=values["format_"],
        text_column=values["text_column"],
        tokens_column=values["tokens_column"],
        offline=values["offline"],
        streaming=values["streaming"],
        seed=config.training.seed,
        skip_invalid=values["skip_invalid"],
    )
    if not values["quiet"]:
        click.echo(describe(corpus), err=True)
    with TrainingDisplay(quiet=values["quiet"]) as display:
        training = train_language_model(
            corpus,
            config,
            listener=display,
            cache=values["cache"],
            stretch=values["stretch"],
            **run_options(values),
        )
    if not values["quiet"]:
        _report(training, values["out"])


def describe(corpus: TextCorpus) -> str:
    """What was understood of a text."""
    from tagger.cli.output.terminal import printable

    lines = [f"text {corpus.name}: {', '.join(split.name for split in corpus.splits)}"]
    first = next(iter(corpus.train), None) if corpus.train is not None else None
    if first is not None:
        shown = " ".join(first.words)
        lines.append(f"  first  {printable(shown if len(shown) <= 90 else shown[:86] + ' ...')}")
    return "\n".join(lines)


def _report(training: LanguageTraining, out: Path) -> None:
    from tagger.cli.output.perplexity import render_language_scores
    from tagger.cli.output.terminal import TerminalCapabilities

    if training.run.scores:
        click.echo(render_language_scores(training.run.scores, TerminalCapabilities.of(sys.stdout)))
    click.echo(f"model saved in {out} ({size_of(out)})")
    click.echo(f"next: tagger generate --model {shlex.quote(os.fspath(out))} 'The'")
