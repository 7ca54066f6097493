"""``tagger inspect``."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from tagger.cli.train_commands.options import DEFAULT_MODEL

if TYPE_CHECKING:
    from tagger.interpretability.gate_activations import Gates

EPILOG = """\b
Examples:
  tagger inspect --text "They can fish."
  tagger inspect runs/pos --text "They can fish." --gate forget --direction forward --top 10
  tagger inspect runs/pos --text "They can fish." --units 1,5,9
  tagger inspect runs/pos --text "They can fish." --png gates.png --html gates.html
"""


def _read_units(_: click.Context, __: click.Parameter, value: str | None) -> tuple[int, ...] | None:
    if value is None:
        return None
    parts = [part.strip() for part in value.split(",")]
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise click.BadParameter(f"'{value}'; expected numbers from 0, separated by commas, as in 1,5,9")
    return tuple(dict.fromkeys(map(int, parts)))


@click.command(epilog=EPILOG)
@click.argument("model", metavar="[MODEL]", default=DEFAULT_MODEL)
@click.option("--text", metavar="TEXT", help="The text to read.")
@click.option("--tokens", metavar="WORDS", help="One sentence instead of a text, words separated by blanks.")
@click.option("--gate", "names", multiple=True, metavar="NAME", help="Only this gate or state; may be repeated.")
@click.option("--layer", type=click.IntRange(min=1), help="Only this layer, from 1.  [default: all]")
@click.option("--direction", type=click.Choice(("forward", "backward")), help="Only this direction.  [default: both]")
@click.option("--units", callback=_read_units, metavar="N,N,...", help="Show these units, from 0, instead of means.")
@click.option(
    "--top", type=click.IntRange(min=0), default=5, show_default=True, help="Number of most active units to list."
)
@click.option("--png", metavar="FILE", help="Draw heat maps, words by units (needs matplotlib).")
@click.option("--average", is_flag=True, help="Draw means over the units.")
@click.option("--sort", is_flag=True, help="Draw units in the order of the words where they move most.")
@click.option("--html", metavar="FILE", help="Write a self-contained page to explore in a browser.")
@click.option("--json", "json_", metavar="FILE", help="Write all values as JSON; - is the standard output.")
def inspect(**values: Any) -> None:
    """Run a text through the recurrent cells of MODEL, gate by gate, and show them.

    MODEL is a model folder or the name of a model that ships; en if none is named.

    \b
    LSTM  input_gate, forget_gate, output_gate, candidate, cell_state, hidden_state
    GRU   reset_gate, update_gate, candidate, hidden_state
    RNN   hidden_state: it has no gates

    A gate lies between 0 (closed) and 1 (open). In the backward direction, the model reads from the last word to
    the first.
    """  # noqa: D301
    if (values["text"] is None) == (values["tokens"] is None):
        raise click.UsageError("give the text with --text, or the words of one sentence with --tokens")
    _check_files(values)
    gates = _run(values["model"], (values["tokens"] or "").split() if values["text"] is None else values["text"])
    gates = gates.pick(
        names=values["names"], direction=values["direction"], layer=values["layer"], units=values["units"]
    )
    _write(gates, values)
    if "-" not in _files(values):
        from tagger.cli.output.gates import render_gates
        from tagger.cli.output.terminal import TerminalCapabilities

        click.echo(render_gates(gates, TerminalCapabilities.of(sys.stdout), top=values["top"]))


def _run(model: str, text: str | list[str]) -> Gates:
    """Load a model and record its gates on a text."""
    from tagger.serialization.manifest import find_model, heads_of

    if "tag" in heads_of(find_model(model)):
        from tagger.inference.tagger import Tagger

        return Tagger.load(model, device="cpu", precision="float32").gates(text)
    from tagger.language_modelling.language_model import LanguageModel

    return LanguageModel.load(model, device="cpu").gates(text)


def _files(values: Mapping[str, Any]) -> tuple[str | None, ...]:
    return values["png"], values["html"], values["json_"]


def _check_files(values: Mapping[str, Any]) -> None:
    if (values["average"] or values["sort"]) and values["png"] is None:
        raise click.UsageError("--average and --sort are about the picture; give --png FILE, too")
    if values["average"] and (values["sort"] or values["units"] is not None):
        raise click.UsageError("--average leaves no single units; give it without --units and --sort")
    if _files(values).count("-") > 1:
        raise click.UsageError("only one of --png, --html and --json can go to the standard output")


def _write(gates: Gates, values: Mapping[str, Any]) -> None:
    """Write the files that were asked for."""
    png, html, json_ = _files(values)
    if png is not None:
        from tagger.interpretability.heat_map import heat_map

        _put(png, heat_map(gates, average=values["average"], sort=values["sort"]), "heat map")
    if html is not None:
        from tagger.interpretability.html_page import gates_page

        _put(html, gates_page(gates).encode("utf-8"), "page")
    if json_ is not None:
        _put(json_, (json.dumps(gates.to_dict(), ensure_ascii=False) + "\n").encode("utf-8"), "values")


def _put(path: str, content: bytes, what: str) -> None:
    from tagger.cli.output.output_file import output_stream

    with output_stream(path) as stream:
        stream.write(content)
    if path != "-":
        click.echo(f"{what}: {path}", err=True)
