"""``tagger train series --steps words``: a number beside every word."""

from __future__ import annotations

import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import click

from tagger.cli.train_commands.options import chosen_config
from tagger.cli.train_commands.start import may_start, print_closing, run_arguments
from tagger.config.forecaster import ForecasterDataConfig
from tagger.config.token_regressor import TokenRegressorConfig
from tagger.errors import ConfigError


def _time_options(values: dict[str, Any]) -> list[str]:
    """List the given options that only time series have."""
    settings = [field.name for field in fields(ForecasterDataConfig) if field.name != "targets"]
    given = [name for name in settings if values.get(f"data__{name}") is not None]
    options = ["--" + (f"{name}-share" if name in ("dev", "test") else name) for name in given]
    return options + ["--time-format"] * (values["time_format"] is not None)


def steps_are_words(values: dict[str, Any]) -> bool:
    """Whether the steps are words, by the options and by the content of the file."""
    from tagger.corpora.series.token_values import holds_words

    if values["steps"] != "auto":
        return bool(values["steps"] == "words")
    source = values["source"]
    if source is None or _time_options(values):
        return False
    if values["tokens_column"] is not None or any(sign in source for sign in "*?["):
        return True
    path = Path(source).expanduser()
    if path.is_dir():
        return True
    return path.is_file() and holds_words(path, source, values["format_"])


def run_words(values: dict[str, Any]) -> None:
    """Read, train, report."""
    from tagger.cli.output.forecast_scores import render_scores
    from tagger.cli.output.terminal import TerminalCapabilities
    from tagger.cli.output.training_display import TrainingDisplay
    from tagger.corpora.formats.options import ReadOptions
    from tagger.corpora.series.token_values import read_token_values
    from tagger.token_regression.train import train_token_regressor
    from tagger.training.run import RunOptions

    if used := _time_options(values):
        raise click.UsageError(f"{used[0]} is for time series; words have none")
    if values["seeds"] != 1:
        raise click.UsageError("--seeds is for time series; with --steps words, train with one --seed after the other")
    if values["source"] is None:
        raise click.UsageError("name a CORPUS with numbers beside its words")
    config = _config(values)
    if not may_start(values):
        return
    corpus = read_token_values(
        values["source"],
        config.targets,
        ReadOptions(
            format=values["format_"], tokens_column=values["tokens_column"], skip_invalid=values["skip_invalid"]
        ),
        seed=config.training.seed,
    )
    with TrainingDisplay(quiet=values["quiet"]) as display:
        training = train_token_regressor(corpus, config, RunOptions(listener=display, **run_arguments(values)))
    if not values["quiet"]:
        if training.best.scores:
            click.echo(render_scores(training.best.scores, TerminalCapabilities.of(sys.stdout)))
        print_closing(values["out"], "tagger tag --model", "--text 'They can fish.'")


def _config(values: dict[str, Any]) -> TokenRegressorConfig:
    shared = {name: value for name, value in values.items() if not name.startswith("data__")}
    config = chosen_config(TokenRegressorConfig, shared, targets=values["data__targets"])
    if not config.targets:
        raise ConfigError("no column to predict is named; name one or several: --targets RT")
    return config
