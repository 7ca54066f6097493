"""``tagger train lm``."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger.cli.train_commands.options import (
    chosen_settings,
    renamed,
    setting_options,
    source_options,
    split_options,
    text_options,
    text_reading,
)
from tagger.cli.train_commands.start import Resumable, displayed_run, may_start, print_closing, run_options
from tagger.config.language_model import LanguageConfig, make_config

if TYPE_CHECKING:
    from tagger.corpora.text.text_split import TextCorpus
    from tagger.language_modelling.train import LanguageRun
    from tagger.training.run import TrainingResult

SETTINGS = (
    "head.unit head.vocabulary_size head.min_count head.lowercase head.digits encoder.cell encoder.layers "
    "words.embedding_size encoder.hidden_size words.characters head.tied head.softmax head.bidirectional "
    "streams.bptt streams.batch_size training.epochs training.optimizer training.learning_rate training.schedule "
    "training.clip training.weight_decay streams.input_dropout streams.dropout streams.output_dropout "
    "streams.embedding_dropout streams.weight_drop streams.activation_penalty streams.temporal_penalty "
    "training.patience training.seed training.max_minutes training.max_memory"
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
@split_options
@text_options
@source_options
@click.option("--streaming", is_flag=True, help="Read a data set of the hub over the network, without storing it.")
@click.option("--stream-chunk", type=int, default=None, help="Tokens of a stream in an epoch.  [default: 2,000,000]")
@renamed("--stretch", "--stream-chunk")
@click.option("--preset", default=None, help="Published settings: small, medium or awd.")
@setting_options(LanguageConfig(), SETTINGS)
@click.option("--neural-cache", is_flag=True, help="Also score with a neural cache, chosen on dev.")
@renamed("--cache", "--neural-cache", is_flag=True)
@run_options("runs/lm")
def lm(**values: Any) -> None:
    """Train a language model on CORPUS; on the bundled English text if none is named.

    CORPUS is plain text (a file, folder or glob, or - for the standard input), any labelled corpus that `tagger train
    pos` takes (its words are read), or OWNER/NAME[:CONFIG][@REVISION] on the Hugging Face hub.
    """
    from tagger.corpora.text.text_corpus import read_text_corpus
    from tagger.language_modelling.train import train_language_model

    config = make_config(values["config_file"], values["preset"], chosen_settings(values), where="command line")
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
        **text_reading(values),
        streaming=values["streaming"],
        seed=config.training.seed,
    )
    first = [] if corpus.train is None else [word for part in islice(corpus.train, 1) for word in part.words]
    if not values["quiet"]:
        click.echo(describe(corpus, first), err=True)
    with displayed_run(values) as options:
        training = train_language_model(
            corpus, config, options, cache=values["neural_cache"], stream_chunk=values["stream_chunk"]
        )
    if not values["quiet"]:
        _report(training, values["out"], first)


def describe(corpus: TextCorpus, first: Sequence[str]) -> str:
    """Describe a text that was read: its splits and its first sentence."""
    from tagger.cli.output.terminal import printable

    lines = [f"text {corpus.name}: {', '.join(split.name for split in corpus.splits)}"]
    if first:
        shown = " ".join(first)
        lines.append(f"  first  {printable(shown if len(shown) <= 90 else shown[:86] + ' ...')}")
    return "\n".join(lines)


def _report(training: TrainingResult[LanguageRun], out: Path, first: Sequence[str]) -> None:
    from tagger.cli.output.scores import render_language_scores
    from tagger.cli.output.terminal import TerminalCapabilities

    if training.best.scores:
        click.echo(render_language_scores(training.best.scores, TerminalCapabilities.of(sys.stdout)))
    print_closing(out, "tagger generate --model", shlex.quote(first[0]) if first else "")
