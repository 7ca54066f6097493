"""``tagger check``."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from tagger.cli.train_commands.options import reading, reading_options


@click.command(epilog="Example: tagger check my-treebank/ --column xpos --places 20")
@click.argument("corpus", required=False)
@click.option("--train", default=None, help="File of the training split, instead of CORPUS.")
@click.option("--dev", default=None, help="File of the development split.")
@click.option("--test", default=None, help="File of the test split.")
@reading_options
@click.option(
    "--places", type=click.IntRange(min=1), default=None, help="Places shown of each kind.  [default: 5; in JSON 100]"
)
@click.option("--strict", is_flag=True, help="Exit 1 if there are warnings.")
@click.option("--json", "as_json", is_flag=True, help="Print all of it as JSON.")
@click.pass_context
def check(context: click.Context, /, corpus: str | None, *, strict: bool, as_json: bool, **values: Any) -> None:
    """Examine CORPUS and say what is wrong with it; nothing is changed.

    CORPUS is anything that `tagger train pos` takes. Exits 1 if there are errors, which would stop training;
    0 otherwise.
    """
    from tagger.cli.output.check import render_report
    from tagger.cli.output.terminal import TerminalCapabilities
    from tagger.corpora.formats.registry import ReadOptions
    from tagger.corpora.validation.validate import validate_corpus

    options = reading(values)
    offline, labels_column = options.pop("offline"), options.pop("labels_column")
    names = options.pop("label_names")
    places = values["places"] or (100 if as_json else 5)
    diagnosis = validate_corpus(
        corpus,
        train=values["train"],
        dev=values["dev"],
        test=values["test"],
        options=ReadOptions(
            column=labels_column or values["column"] or "upos", label_names=tuple(names) if names else None, **options
        ),
        labels_column=labels_column,
        offline=offline,
        places=places,
    )
    if as_json:
        click.echo(json.dumps(diagnosis.to_dict(), ensure_ascii=False, indent=2))
    else:
        click.echo(render_report(diagnosis, TerminalCapabilities.of(sys.stdout)))
    context.exit(1 if diagnosis.errors or (strict and diagnosis.findings) else 0)
