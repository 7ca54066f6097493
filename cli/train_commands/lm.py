"""``tagger train lm``."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger.cli.train_commands.language_options import given, size_options, text_options, training_options
from tagger.cli.train_commands.options import machine_options
from tagger.cli.train_commands.resume import Resumable, resume_options
from tagger.cli.train_commands.starting import may_start, run_options, size_of

if TYPE_CHECKING:
    from tagger.corpora.text.text_split import TextCorpus
    from tagger.language_modelling.train import LanguageTraining

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
    from tagger.config.language_choices import make_config
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
        ignore_bad=values["ignore_bad"],
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
    from tagger.cli.output.terminal import Look

    if training.run.scores:
        click.echo(render_language_scores(training.run.scores, Look.of(sys.stdout)))
    click.echo(f"model saved in {out} ({size_of(out)})")
    click.echo(f"next: tagger generate --model {shlex.quote(os.fspath(out))} 'The'")
