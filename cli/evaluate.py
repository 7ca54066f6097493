"""``tagger evaluate``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from tagger.cli.options import machine_options, reading, reading_options


@click.command(epilog="Example: tagger evaluate runs/pos my-treebank/ --split test --json -")
@click.argument("model")
@click.argument("corpus", required=False)
@click.option("--split", default="test", show_default=True, help="Which split, where CORPUS has several.")
@reading_options
@machine_options
@click.option("--json", "json_file", default=None, help="Write all figures as JSON to this file, or - for stdout.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def evaluate(model: str, corpus: str | None, split: str, **values: Any) -> None:
    """Tag CORPUS with MODEL and score the tags; the bundled corpus if none is named.

    CORPUS is anything that `tagger train pos` takes; a single file is scored as a whole.
    """
    from tagger.cli.look import Look
    from tagger.cli.report import render_report
    from tagger.corpora.sources import read_split
    from tagger.tagging import Tagger

    tagger = Tagger.load(model, device=values["device"], threads=values["threads"])
    column = values.pop("column") or tagger.column
    found = read_split(corpus, split, column=column, **reading(values))
    scores = tagger.evaluate(found)
    if values["json_file"]:
        _write_json(values["json_file"], {"model": model, "corpus": corpus or "bundled", split: scores.to_dict()})
    if values["json_file"] != "-" and not values["quiet"]:
        click.echo(render_report({split: scores}, Look.of(sys.stdout)))


def _write_json(path: str, value: dict[str, Any]) -> None:
    from tagger.errors import OutputError

    text = json.dumps(value, ensure_ascii=False, indent=2)
    if path == "-":
        click.echo(text)
        return
    try:
        Path(path).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{path}: cannot write: {error.strerror}") from error
