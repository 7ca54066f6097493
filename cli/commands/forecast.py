"""``tagger forecast``."""

from __future__ import annotations

import sys
from typing import Any

import click

from tagger.cli.train_commands.options import renamed

EPILOG = """\b
Examples:
  tagger forecast runs/series --steps 14 --picture forecast.png
  tagger forecast runs/load load.csv --steps 48 --output jsonl -o next.jsonl
  tagger forecast runs/prices prices.parquet --series MSFT --steps 6
"""


@click.command(epilog=EPILOG)
@click.argument("model")
@click.argument("file", required=False)
@click.option("--steps", type=int, default=14, show_default=True, help="Steps to forecast.")
@click.option("--series", "groups", multiple=True, metavar="NAME", help="Forecast this series alone; repeat for more.")
@click.option(
    "--output", type=click.Choice(["table", "jsonl"]), default="table", show_default=True, help="Format of the output."
)
@click.option("-o", "out", metavar="FILE", help="Write to this file instead of the standard output, when all is done.")
@click.option("--picture", metavar="FILE", help="Draw history, forecast and intervals into this PNG.")
@click.option("--skip-invalid", is_flag=True, help="Leave out what cannot be read, and count it.")
@renamed("--ignore-bad", "--skip-invalid", is_flag=True)
@click.option("--offline", is_flag=True, help="Never use the network.")
@click.option("--quiet", is_flag=True, help="No notes on standard error.")
def forecast(**values: Any) -> None:
    """Predict the next steps after the last row of FILE; without FILE, of the training data of MODEL.

    Beyond its horizon the model reads its own predictions, step by step. The intervals held 80 and 95 per cent of the
    errors of such forecasts on values that training had not seen.
    """
    from tagger.cli.output.forecast_scores import forecast_lines, render_forecast
    from tagger.cli.output.output_file import output_stream
    from tagger.cli.output.terminal import TerminalCapabilities
    from tagger.corpora.formats.sentence import clipped
    from tagger.forecasting.forecaster import Forecaster
    from tagger.forecasting.plots import draw_forecasts
    from tagger.model_cards.plots import MISSING
    from tagger.runtime.device import intra_op_threads

    model = Forecaster.load(values["model"])
    if values["file"] is None and not values["quiet"] and model.source is not None:
        click.echo(f"note: reading {clipped(model.source)}, which the model was trained on", err=True)
    with intra_op_threads(1):
        table = model.read(values["file"], skip_invalid=values["skip_invalid"], offline=values["offline"])
        forecasts = model.forecast(table, values["steps"], groups=values["groups"] or None)
    if not values["quiet"]:
        for note in dict.fromkeys([*table.notes, *(note for one in forecasts for note in one.notes)]):
            click.echo(f"note: {clipped(note)}", err=True)
    if values["output"] == "jsonl":
        text = "".join(map(forecast_lines, forecasts))
    else:
        terminal = TerminalCapabilities.of(sys.stdout)
        text = "\n".join(f"{render_forecast(one, terminal)}\n" for one in forecasts)
    with output_stream(values["out"]) as stream:
        stream.write(text.encode())
    drawn = values["picture"] is None or draw_forecasts(values["picture"], table, forecasts)
    if not drawn and not values["quiet"]:
        click.echo(f"note: {MISSING}", err=True)
