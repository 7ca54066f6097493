"""``tagger train series``."""

from __future__ import annotations

import shlex
import sys
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger.cli.train_commands.options import chosen_config, renamed, setting_options, source_options
from tagger.cli.train_commands.start import (
    EXAMPLE_WORDS,
    Resumable,
    displayed_run,
    may_start,
    print_closing,
    run_options,
)
from tagger.config.forecaster import ForecasterConfig, ForecasterDataConfig
from tagger.config.token_regressor import TokenRegressorConfig
from tagger.corpora.files.paths import user_path
from tagger.errors import ConfigError

if TYPE_CHECKING:
    from tagger.forecasting.task import ForecasterRun
    from tagger.training.run import TrainingResult


SETTINGS = (
    "data.targets data.features data.time data.group data.horizon data.window data.calendar data.season data.dev "
    "data.test head.loss head.delta encoder.cell encoder.layers encoder.hidden_size training.epochs "
    "training.batch_tokens training.learning_rate training.schedule training.dropout training.patience training.seed "
    "training.max_minutes training.max_memory"
)

EPILOG = """\b
Examples:
  tagger train series                                            the temperatures that ship
  tagger train series load.csv --time hour --targets load --features wind,holiday --horizon 24
  tagger train series prices.parquet --time date --targets close --group symbol
  tagger train series reading-times.conllu --targets RT         a number beside every word
"""


@click.command(cls=Resumable, epilog=EPILOG)
@click.argument("source", metavar="[CORPUS|FILE]", required=False)
@setting_options(ForecasterConfig(), SETTINGS)
@click.option("--time-format", default=None, help="Format of the times, as of strptime.")
@click.option(
    "--steps", type=click.Choice(["auto", "time", "words"]), default="auto", help="What the model reads at each step."
)
@renamed("--over", "--steps")
@click.option("--seeds", type=int, default=1, help="Train this number of models, print mean and std, keep the best.")
@source_options
@run_options("runs/series")
def series(**values: Any) -> None:
    """Train a model that predicts numbers: the next values of a time series, or a number beside every word.

    A time series is a table (CSV, TSV, Parquet, JSON lines, or OWNER/NAME on the Hugging Face hub) with a column of
    times and columns of numbers; train, dev and test follow each other in time. With --steps words, CORPUS is any
    labelled corpus with a numeric column: a key in MISC, a column, a list in JSON lines.
    """
    from tagger.cli.train_commands.series import steps_are_words

    if steps_are_words(values):
        _train_on_words(values)
    else:
        _train_on_series(values)


def _train_on_series(values: dict[str, Any]) -> None:
    from tagger.cli.output.forecast_scores import describe
    from tagger.corpora.series.read import read_series
    from tagger.forecasting.forecaster import options_of
    from tagger.forecasting.train import train_forecasters, with_bundled_columns

    if values["tokens_column"] is not None:
        raise click.UsageError("--tokens-column is for --steps words; a time series has none")
    config = with_bundled_columns(chosen_config(ForecasterConfig, values), values["source"])
    if not may_start(values):
        return
    options = options_of(
        config, form=values["format_"], time_format=values["time_format"], skip_invalid=values["skip_invalid"],
        offline=values["offline"],
    )  # fmt: skip
    table = read_series(values["source"], options)
    if not values["quiet"]:
        click.echo(describe(table, config.data.targets), err=True)
    with displayed_run(values) as run:
        training = train_forecasters(table, config, run, time_format=values["time_format"])
    if not values["quiet"]:
        _report(training, values)


def _report(training: TrainingResult[ForecasterRun], values: dict[str, Any]) -> None:
    from tagger.cli.output.forecast_scores import render_coverage, render_scores, render_seeds
    from tagger.cli.output.terminal import TerminalCapabilities
    from tagger.forecasting.task import CURVES

    terminal = TerminalCapabilities.of(sys.stdout)
    best = training.best
    if len(training.runs) > 1 and best.scores:
        click.echo(render_seeds(training.runs, best.seed, terminal))
    if best.scores:
        click.echo(render_scores(best.scores, terminal))
    if words := render_coverage(best):
        click.echo(words)
    out: Path = values["out"]
    drawn = f", with the picture {CURVES}" if (out / CURVES).exists() else ""
    source = "" if values["source"] is None else f"{shlex.quote(values['source'])} "
    print_closing(out, "tagger forecast", f"{source}--steps 14 --picture forecast.png", drawn)


def _time_options(values: dict[str, Any]) -> list[str]:
    """List the given options that only time series have."""
    settings = [field.name for field in fields(ForecasterDataConfig) if field.name != "targets"]
    given = [name for name in settings if values.get(f"data__{name}") is not None]
    options = ["--" + (f"{name}-share" if name in ("dev", "test") else name) for name in given]
    return options + ["--time-format"] * (values["time_format"] is not None)


def steps_are_words(values: dict[str, Any]) -> bool:
    """Tell whether the steps are words, by the options and by the content of the file."""
    from tagger.corpora.series.token_values import holds_words

    if values["steps"] != "auto":
        return bool(values["steps"] == "words")
    source = values["source"]
    if source is None or _time_options(values):
        return False
    if values["tokens_column"] is not None or any(sign in source for sign in "*?["):
        return True
    path = user_path(source)
    return path.is_dir() or (path.is_file() and holds_words(path, source, values["format_"]))


def _train_on_words(values: dict[str, Any]) -> None:
    from tagger.cli.output.forecast_scores import render_scores
    from tagger.cli.output.terminal import TerminalCapabilities
    from tagger.corpora.formats.options import ReadOptions
    from tagger.corpora.series.token_values import read_token_values
    from tagger.token_regression.train import train_token_regressor

    if used := _time_options(values):
        raise click.UsageError(f"{used[0]} is for time series; words have none")
    if values["seeds"] != 1:
        raise click.UsageError("--seeds is for time series; with --steps words, train with one --seed after the other")
    if values["source"] is None:
        raise click.UsageError("name a CORPUS with numbers beside its words")
    shared = {name: value for name, value in values.items() if not name.startswith("data__")}
    config = chosen_config(TokenRegressorConfig, shared, targets=values["data__targets"])
    if not config.targets:
        raise ConfigError("no column to predict is named; name one or several: --targets RT")
    if not may_start(values):
        return
    options = ReadOptions(
        format=values["format_"], tokens_column=values["tokens_column"], skip_invalid=values["skip_invalid"]
    )
    corpus = read_token_values(values["source"], config.targets, options, seed=config.training.seed)
    with displayed_run(values) as run:
        training = train_token_regressor(corpus, config, run)
    if not values["quiet"]:
        if training.best.scores:
            click.echo(render_scores(training.best.scores, TerminalCapabilities.of(sys.stdout)))
        words = " ".join(corpus.splits["train"].tokens[0][:EXAMPLE_WORDS])
        print_closing(values["out"], "tagger tag --model", f"--text {shlex.quote(words)} --input tokens")
