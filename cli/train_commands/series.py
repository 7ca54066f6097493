"""``tagger train series``."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger.cli.train_commands.options import machine_options, renamed
from tagger.cli.train_commands.resume import Resumable, resume_options
from tagger.cli.train_commands.start import NUMBERS, given, may_start, run_options, size_of

if TYPE_CHECKING:
    from tagger.config.forecaster import ForecasterConfig
    from tagger.forecasting.train import SeriesTraining

SETTINGS = {
    "time": "data.time",
    "group": "data.group",
    "horizon": "data.horizon",
    "window": "data.window",
    "calendar": "data.calendar",
    "season": "data.season",
    "dev_share": "data.dev",
    "test_share": "data.test",
    **NUMBERS,
}
"""Options that are settings of ``tagger.config.forecaster.ForecasterConfig``, by their dotted names."""

EPILOG = """\b
Examples:
  tagger train series                                            the temperatures that ship
  tagger train series load.csv --time hour --targets load --features wind,holiday --horizon 24
  tagger train series prices.parquet --time date --targets close --group symbol
  tagger train series reading-times.conllu --targets RT         a number beside every word
"""


@click.command(cls=Resumable, epilog=EPILOG)
@click.argument("source", metavar="[CORPUS|FILE]", required=False)
@click.option("--targets", default=None, help="Columns to predict, separated by commas.")
@click.option("--features", default=None, help="Further columns to read, separated by commas.")
@click.option("--time", default=None, help="Column of times.  [default: time, date, timestamp ...]")
@click.option("--time-format", default=None, help="Format of the times as of strptime, where it is not recognised.")
@click.option("--group", default=None, help="Column that tells series apart.")
@click.option("--horizon", type=int, default=None, help="Steps ahead that are predicted.  [default: 1]")
@click.option(
    "--window", type=int, default=None, help="Steps read at a time.  [default: 64, or half of a short series]"
)
@click.option(
    "--calendar/--no-calendar", default=None, help="Read the day of the week and of the year.  [default: yes]"
)
@click.option("--season", type=int, default=None, help="Steps of a season, for the seasonal naive forecast.")
@click.option(
    "--dev-share", type=float, default=None, help="Share of the rows between train and test.  [default: 0.15]"
)
@click.option("--test-share", type=float, default=None, help="Share of the rows at the end.  [default: 0.15]")
@click.option("--loss", type=click.Choice(["squared", "absolute", "huber"]), default=None, help="[default: squared]")
@click.option("--delta", type=float, default=None, help="Of the Huber loss, in standard deviations.  [default: 1]")
@click.option("--over", type=click.Choice(["auto", "time", "words"]), default="auto", help="What the steps are.")
@click.option("--format", "format_", default=None, help="Format of the file, where it is not recognised.")
@click.option("--tokens-column", default=None, help="Name of the column that holds the words, over words.")
@click.option("--skip-invalid", is_flag=True, help="Leave out what cannot be read, and count it.")
@renamed("--ignore-bad", "--skip-invalid", is_flag=True)
@click.option("--offline", is_flag=True, help="Never use the network.")
@click.option("--out", default="runs/series", show_default=True, type=click.Path(path_type=Path), help="Model folder.")
@click.option("--overwrite", is_flag=True, help="Replace the model that is there.")
@click.option("--cell", type=click.Choice(["lstm", "gru", "rnn"]), default=None, help="[default: lstm]")
@click.option("--layers", type=int, default=None, help="[default: 1]")
@click.option("--hidden-size", type=int, default=None, help="Units of each layer.")
@click.option("--epochs", type=int, default=None)
@click.option("--batch-tokens", type=int, default=None, help="Steps in a batch.")
@click.option("--learning-rate", type=float, default=None, help="Peak rate of AdamW.")
@click.option("--schedule", type=click.Choice(["cosine", "linear", "constant", "plateau"]), default=None)
@click.option("--dropout", type=float, default=None)
@click.option("--patience", type=int, default=None, help="Epochs without a lower dev loss before stopping.")
@click.option("--seed", type=int, default=None)
@click.option("--seeds", type=int, default=1, help="Train so many models, print mean and spread, keep the best on dev.")
@click.option("--max-minutes", type=float, default=None, help="Time budget; the schedule ends with it.")
@click.option("--max-memory", default=None, metavar="SIZE", help="Use no more, e.g. 2G: batches are divided to fit.")
@machine_options
@resume_options
@click.option("--config", "config_file", default=None, help="TOML file of settings; options override it.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def series(**values: Any) -> None:
    """Train a model that predicts numbers: the next values of a time series, or a number beside every word.

    Over time, FILE is a table (CSV, TSV, Parquet, JSON lines, or OWNER/NAME on the Hugging Face hub) with a column of
    times and columns of numbers; train, dev and test follow each other in time. Over words, CORPUS is any labelled
    corpus with a numeric column for every word: a key in MISC, a column, a list in JSON lines.
    """
    from tagger.cli.train_commands.token_regression import is_over_words, run_words

    if is_over_words(values):
        run_words(values)
    else:
        run(values)


def run(values: dict[str, Any]) -> None:
    """Read, train, report."""
    from tagger.cli.output.forecast_scores import describe
    from tagger.cli.output.training_display import TrainingDisplay
    from tagger.corpora.series.read import read_series
    from tagger.forecasting.train import options_of, train_series_runs, with_bundled_columns

    if values["tokens_column"] is not None:
        raise click.UsageError("--tokens-column is for numbers over words; over time there are none")
    config = with_bundled_columns(_config(values), values["source"])
    if not may_start(values):
        return
    options = options_of(
        config, form=values["format_"], time_format=values["time_format"], skip_invalid=values["skip_invalid"],
        offline=values["offline"],
    )  # fmt: skip
    table = read_series(values["source"], options)
    if not values["quiet"]:
        click.echo(describe(table, config.data.targets), err=True)
    with TrainingDisplay(quiet=values["quiet"]) as display:
        training = train_series_runs(
            table,
            config,
            seeds=values["seeds"],
            listener=display,
            time_format=values["time_format"],
            **run_options(values),
        )
    if not values["quiet"]:
        _report(training, values)


def _config(values: dict[str, Any]) -> ForecasterConfig:
    """Settings from the TOML file and the options over it."""
    from tagger.config.forecaster import ForecasterConfig
    from tagger.corpora.series.read import column_list

    path = values["config_file"]
    config = ForecasterConfig() if path is None else ForecasterConfig.from_toml(path)
    columns = {
        f"data.{name}": list(column_list(values[name])) for name in ("targets", "features") if values[name] is not None
    }
    return config.with_settings({**given(values, SETTINGS), **columns}, where="command line")


def _report(training: SeriesTraining, values: dict[str, Any]) -> None:
    from tagger.cli.output.forecast_scores import render_coverage, render_scores, render_seeds
    from tagger.cli.output.terminal import TerminalCapabilities
    from tagger.forecasting.results import CURVES

    look = TerminalCapabilities.of(sys.stdout)
    best = training.best
    if len(training.runs) > 1 and best.scores:
        click.echo(render_seeds(training.runs, best.seed, look))
    if best.scores:
        click.echo(render_scores(best.scores, look))
    if words := render_coverage(best):
        click.echo(words)
    out: Path = values["out"]
    drawn = f", with the picture {CURVES}" if (out / CURVES).exists() else ""
    click.echo(f"model saved in {out} ({size_of(out)}{drawn})")
    source = "" if values["source"] is None else f" {shlex.quote(values['source'])}"
    click.echo(f"next: tagger forecast {shlex.quote(os.fspath(out))}{source} --steps 14 --picture forecast.png")
