"""``tagger corpora``: the catalogue, one corpus, conversion."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from tagger.cli.output.terminal import TerminalCapabilities
from tagger.cli.train_commands.options import ShowGroup, read_options, reading, reading_options
from tagger.corpora.files.paths import user_path


class CorporaGroup(ShowGroup):
    """A group whose first argument may also be the name of a corpus, which is then shown."""

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Show the three ways to call it."""
        formatter.write_usage("tagger corpora", "[CORPUS [--stats] | convert CORPUS OUT [OPTIONS]]")


@click.group(
    cls=CorporaGroup,
    invoke_without_command=True,
    epilog="Examples: tagger corpora en_ewt; tagger corpora my-treebank/ --stats; "
    "tagger corpora convert a.conllu a.jsonl",
)
@click.pass_context
def corpora(context: click.Context) -> None:
    """List the corpora of the catalogue; show or convert any corpus."""
    if context.invoked_subcommand is None:
        from tagger.cli.output.corpora import render_catalogue
        from tagger.corpora.hub.catalogue import entries

        click.echo(render_catalogue(entries(), TerminalCapabilities.of(sys.stdout)))


@corpora.command(epilog="Example: tagger corpora show en_ewt --stats")
@click.argument("corpus")
@click.option("--stats", is_flag=True, help="Read it and count sentences, words, types, unknown words, labels.")
@reading_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(corpus: str, *, stats: bool, as_json: bool, **values: Any) -> None:
    """Describe CORPUS: a name in the catalogue, a file, a folder, OWNER/NAME."""
    from tagger.cli.output import corpora as report

    if not stats:
        description = report.describe(corpus)
        click.echo(json.dumps(description, ensure_ascii=False, indent=2) if as_json else report.as_lines(description))
        return
    from tagger.corpora.read_corpus import read_corpus
    from tagger.corpora.validation.statistics import corpus_statistics

    data = read_corpus(corpus, column=values["column"], **reading(values))
    statistics = corpus_statistics(data)
    if as_json:
        splits = [split.to_dict() for split in statistics.splits]
        facts = {"name": data.name, "column": data.column, "parts": splits}
        click.echo(json.dumps(facts, ensure_ascii=False, indent=2))
    else:
        click.echo(report.render_stats(data, statistics.splits, TerminalCapabilities.of(sys.stdout)))


@corpora.command(epilog="Example: tagger corpora convert wnut17/ out/ --to jsonl --column tag --scheme IOBES")
@click.argument("corpus")
@click.argument("out", type=user_path)
@click.option(
    "--to", "form", type=click.Choice(["conllu", "columns", "jsonl", "parquet"]),
    help="Format of OUT.  [default: by its name]",
)  # fmt: skip
@click.option(
    "--scheme", type=click.Choice(["IOB1", "IOB2", "IOBES", "BILOU"], case_sensitive=False),
    help="Scheme in which OUT writes labelled spans.",
)  # fmt: skip
@click.option("--bare", is_flag=True, help="Write only the words and the labels of --column.")
@click.option("--overwrite", is_flag=True, help="Replace existing files.")
@reading_options
def convert(corpus: str, out: Path, **values: Any) -> None:
    """Write CORPUS to OUT, in another format or label scheme.

    OUT is a file if CORPUS has one split, else a folder. Everything that the format can hold is kept: comments,
    multiword ranges, HEAD, DEPS and MISC too. Where --column is named, every word must have a label in it.
    """
    from tagger.corpora.conversion.convert import convert as run
    from tagger.corpora.formats.sentence import number_of

    given = {name: values[name] for name in ("scheme", "bare", "overwrite")}
    done = run(corpus, out, values["form"], options=read_options(values), **given)
    for note in done.notes:
        click.echo(f"note: {note}", err=True)
    for path, sentences in done.files.items():
        click.echo(f"{path}: {number_of(sentences, 'sentence')}")
