"""``tagger evaluate``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from tagger.cli.train_commands.options import machine_options, reading, reading_options
from tagger.errors import CorpusError, OutputError


@click.command(epilog="Example: tagger evaluate runs/pos my-treebank/ --split test --json -")
@click.argument("model")
@click.argument("corpus", required=False)
@click.option("--split", default="test", show_default=True, help="Which split, where CORPUS has several.")
@reading_options
@click.option("--head", type=click.Choice(["tag", "language"]), help="Which head of a model that has both.")
@click.option("--tokenised", "--tokenized", is_flag=True, help="Text: words are parted by blanks, a sentence a line.")
@click.option("--text-column", default=None, help="Text: name of the column that holds it.")
@click.option("--cache", is_flag=True, help="Perplexity with a neural cache, too, chosen on --cache-dev.")
@click.option("--cache-dev", default=None, metavar="CORPUS", help="Validation text.  [default: dev of CORPUS]")
@machine_options
@click.option("--json", "json_file", default=None, help="Write all figures as JSON to this file, or - for stdout.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def evaluate(model: str, corpus: str | None, split: str, **values: Any) -> None:
    """Score MODEL on CORPUS; on the bundled corpus if none is named.

    A tagger tags CORPUS, which is anything that `tagger train pos` takes, and its tags are scored. A language model
    reads it, which is anything that `tagger train lm` takes, and its perplexity is told. A single file is scored as a
    whole.
    """
    from tagger.serialization.manifest import find_model, heads_of

    if values.pop("head") == "language" or "tag" not in heads_of(find_model(model)):
        _language(model, corpus, split, values)
    else:
        _tags(model, corpus, split, values)


def _tags(model: str, corpus: str | None, split: str, values: dict[str, Any]) -> None:
    from tagger.cli.output.tag_scores import render_report
    from tagger.cli.output.terminal import TerminalCapabilities, printable
    from tagger.corpora.read_corpus import read_split
    from tagger.inference.tagger import Tagger

    tagger = Tagger.load(model, device=values["device"], threads=values["threads"])
    column = values.pop("column") or tagger.column
    found = read_split(corpus, split, column=column, **reading(values))
    if not values["quiet"]:
        for note in found.notes:
            click.echo(f"note: {printable(note)}", err=True)
    scores = tagger.evaluate(found)
    if values["json_file"]:
        _write_json(values["json_file"], {"model": model, "corpus": corpus or "bundled", split: scores.to_dict()})
    if values["json_file"] != "-" and not values["quiet"]:
        click.echo(render_report({split: scores}, TerminalCapabilities.of(sys.stdout)))


def _language(model: str, corpus: str | None, split: str, values: dict[str, Any]) -> None:
    from tagger.cli.output.perplexity import render_language_scores
    from tagger.cli.output.terminal import TerminalCapabilities
    from tagger.language_modelling.language_model import LanguageModel

    loaded = LanguageModel.load(model, device=values["device"], threads=values["threads"])
    options = {
        "tokenised": values["tokenised"],
        "format": values["format_"],
        "text_column": values["text_column"],
        "tokens_column": values["tokens_column"],
        "offline": values["offline"],
        "skip_invalid": values["skip_invalid"],
    }
    cache = None
    if values["cache"] or values["cache_dev"]:
        if values["cache_dev"] is None and split == "dev":
            raise CorpusError("a cache chosen on dev must not be scored on dev; name another text with --cache-dev")
        cache = loaded.choose_cache(values["cache_dev"] or corpus or "bundled", split="dev", **options)
    scores = loaded.evaluate(corpus or "bundled", split=split, cache=cache, **options)
    if values["json_file"]:
        _write_json(values["json_file"], {"model": model, "corpus": corpus or "bundled", split: scores.to_dict()})
    if values["json_file"] != "-" and not values["quiet"]:
        click.echo(render_language_scores({split: scores}, TerminalCapabilities.of(sys.stdout)))


def _write_json(path: str, value: dict[str, Any]) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=2)
    if path == "-":
        click.echo(text)
        return
    try:
        Path(path).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{path}: cannot write: {error.strerror}") from error
