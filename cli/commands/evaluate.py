"""``tagger evaluate``."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import click

from tagger.cli.train_commands.options import (
    label_options,
    machine_options,
    reading,
    renamed,
    text_options,
    text_reading,
)
from tagger.errors import CorpusError


@click.command(epilog="Example: tagger evaluate runs/pos my-treebank/ --split test --json -")
@click.argument("model")
@click.argument("corpus", required=False)
@click.option("--split", default="test", show_default=True, help="Split to score, where CORPUS has several.")
@label_options("that of MODEL")
@click.option("--head", type=click.Choice(["tag", "language"]), help="Head to score, where MODEL has both.")
@text_options
@click.option("--neural-cache", is_flag=True, help="Also score with a neural cache, chosen on --cache-dev.")
@renamed("--cache", "--neural-cache", is_flag=True)
@click.option(
    "--cache-dev", default=None, metavar="CORPUS", help="Text to choose the cache on.  [default: dev of CORPUS]"
)
@machine_options
@click.option("--json", "json_file", default=None, help="Write all figures as JSON to this file, or - for stdout.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def evaluate(model: str, corpus: str | None, split: str, **values: Any) -> None:
    """Score MODEL on CORPUS; on the bundled corpus if none is named.

    For a tagger, CORPUS is anything that `tagger train pos` takes; for a language model, which gets a perplexity, it is
    anything that `tagger train lm` takes. A single file is scored as a whole.
    """
    from tagger.serialization.manifest import find_model, heads_of

    if values.pop("head") == "language" or "tag" not in heads_of(find_model(model)):
        _language(model, corpus, split, values)
    else:
        _tags(model, corpus, split, values)


def _tags(model: str, corpus: str | None, split: str, values: dict[str, Any]) -> None:
    from tagger.cli.output.scores import render_report
    from tagger.cli.output.terminal import printable
    from tagger.corpora.read_corpus import read_split
    from tagger.inference.tagger import Tagger

    tagger = Tagger.load(model, device=values["device"], threads=values["threads"])
    column = {"column": values["column"]} if values["column"] else {}
    data = read_split(corpus, split, **tagger.reading_options({**column, **reading(values)}))
    if not values["quiet"]:
        for note in data.notes:
            click.echo(f"note: {printable(note)}", err=True)
    scores = tagger.evaluate(data)
    _report({"model": model, "corpus": corpus or "bundled", split: scores}, split, render_report, values)


def _language(model: str, corpus: str | None, split: str, values: dict[str, Any]) -> None:
    from tagger.cli.output.scores import render_language_scores
    from tagger.language_modelling.language_model import LanguageModel

    loaded = LanguageModel.load(model, device=values["device"], threads=values["threads"])
    options = text_reading(values)
    cache = None
    if values["neural_cache"] or values["cache_dev"]:
        if values["cache_dev"] is None and split == "dev":
            raise CorpusError("a cache chosen on dev must not be scored on dev; name another text with --cache-dev")
        cache = loaded.choose_cache(values["cache_dev"] or corpus or "bundled", split="dev", **options)
    scores = loaded.evaluate(corpus or "bundled", split=split, cache=cache, **options)
    _report({"model": model, "corpus": corpus or "bundled", split: scores}, split, render_language_scores, values)


def _report(result: dict[str, Any], split: str, render: Callable[..., str], values: dict[str, Any]) -> None:
    """Write the scores as JSON and print them, as the options ask."""
    from tagger.cli.output.output_file import output_stream
    from tagger.cli.output.terminal import TerminalCapabilities

    scores, path = result[split], values["json_file"]
    if path:
        text = json.dumps({**result, split: scores.to_dict()}, ensure_ascii=False, indent=2)
        with output_stream(path) as stream:
            stream.write(f"{text}\n".encode())
    if path != "-" and not values["quiet"]:
        click.echo(render({split: scores}, TerminalCapabilities.of(sys.stdout)))
