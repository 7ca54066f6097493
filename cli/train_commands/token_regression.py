"""``tagger train series`` over words: a number beside every word."""

from __future__ import annotations

import json
import sys
from dataclasses import fields
from itertools import islice
from pathlib import Path
from typing import Any

import click

from tagger.cli.train_commands.options import chosen_config
from tagger.cli.train_commands.start import may_start, print_closing, run_arguments
from tagger.config.forecaster import ForecasterDataConfig
from tagger.config.token_regressor import TokenRegressorConfig
from tagger.errors import ConfigError


def _time_options(values: dict[str, Any]) -> list[str]:
    """The options given that only a series over time has."""
    settings = [field.name for field in fields(ForecasterDataConfig) if field.name != "targets"]
    given = [name for name in settings if values.get(f"data__{name}") is not None]
    options = ["--" + (f"{name}-share" if name in ("dev", "test") else name) for name in given]
    return options + ["--time-format"] * (values["time_format"] is not None)


def is_over_words(values: dict[str, Any]) -> bool:
    """Whether the steps are words, by what was asked for and by what the file holds."""
    if values["over"] != "auto":
        return bool(values["over"] == "words")
    source = values["source"]
    if source is None or _time_options(values):
        return False
    if values["tokens_column"] is not None or any(sign in source for sign in "*?["):
        return True
    path = Path(source).expanduser()
    if path.is_dir():
        return True
    return path.is_file() and _holds_words(path, source, values["format_"])


def _holds_words(path: Path, name: str, form: str | None) -> bool:
    """A labelled corpus rather than a table of times: its format, or a column or list of words, says so."""
    from tagger.corpora.files.lines import read_lines
    from tagger.corpora.files.streams import read_head
    from tagger.corpora.formats.csv_tables import SENTENCE_KEYS, WORD_KEYS
    from tagger.corpora.formats.jsonl import TOKEN_KEYS
    from tagger.corpora.series.read import TIME_NAMES
    from tagger.corpora.series.rows import open_rows
    from tagger.errors import TaggerError

    if form in ("conllu", "columns", "slashed") or path.suffix in (".conllu", ".conll", ".iob"):
        return True
    try:
        rows = open_rows(path, name)
        if rows.form == "jsonl":
            first = next(line for line in islice(read_lines(path, name), 100) if line.strip())
            return any(isinstance(value, list) for value in json.loads(first).values())
        lowered = {column.lower() for column in rows.columns}
        words = bool(lowered & {*TOKEN_KEYS, *WORD_KEYS, *SENTENCE_KEYS})
        return words and not lowered & set(TIME_NAMES)
    except TaggerError:
        return b"\t" in read_head(path, name)[:1000] and read_head(path, name).startswith((b"#", b"1\t"))


def run_words(values: dict[str, Any]) -> None:
    """Read, train, report."""
    from tagger.cli.output.forecast_scores import render_scores
    from tagger.cli.output.terminal import TerminalCapabilities
    from tagger.cli.output.training_display import TrainingDisplay
    from tagger.corpora.formats.registry import ReadOptions
    from tagger.corpora.series.token_values import read_token_values
    from tagger.token_regression.train import train_token_regressor

    if used := _time_options(values):
        raise click.UsageError(f"{used[0]} is for a series over time; words have none")
    if values["seeds"] != 1:
        raise click.UsageError("--seeds is for a series over time; over words train with one --seed after the other")
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
        training = train_token_regressor(corpus, config, listener=display, **run_arguments(values))
    if not values["quiet"]:
        if training.scores:
            click.echo(render_scores(training.scores, TerminalCapabilities.of(sys.stdout)))
        print_closing(values["out"], "tagger tag --model", "--text 'They can fish.'")


def _config(values: dict[str, Any]) -> TokenRegressorConfig:
    shared = {name: value for name, value in values.items() if not name.startswith("data__")}
    config = chosen_config(TokenRegressorConfig, shared, targets=values["data__targets"])
    if not config.targets:
        raise ConfigError("no column to predict is named; name one or several: --targets RT")
    return config
