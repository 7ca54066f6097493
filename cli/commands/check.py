"""``tagger check``."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from tagger.cli.train_commands.options import read_options, reading_options, split_options


@click.command(epilog="Example: tagger check my-treebank/ --column xpos --places 20")
@click.argument("corpus", required=False)
@split_options
@reading_options
@click.option(
    "--places", type=click.IntRange(min=1), default=None, help="Places to show of each kind.  [default: 5; in JSON 100]"
)
@click.option("--strict", is_flag=True, help="Exit 1 if there are warnings.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole report as JSON.")
@click.pass_context
def check(context: click.Context, /, corpus: str | None, *, strict: bool, as_json: bool, **values: Any) -> None:
    """Check CORPUS and list its errors, without changing anything.

    CORPUS is anything that `tagger train pos` takes. Exits 1 if there are errors, which would stop training;
    0 otherwise.
    """
    from tagger.cli.output.check import render_report
    from tagger.cli.output.terminal import TerminalCapabilities
    from tagger.corpora.validation.validate import validate_corpus

    report = validate_corpus(
        corpus,
        train=values["train_file"],
        dev=values["dev"],
        test=values["test"],
        options=read_options(values),
        places=values["places"] or (100 if as_json else 5),
    )
    if as_json:
        click.echo(json.dumps(report.to_dict(), ensure_ascii=False, indent=2))
    else:
        click.echo(render_report(report, TerminalCapabilities.of(sys.stdout)))
    context.exit(1 if report.errors or (strict and report.findings) else 0)
