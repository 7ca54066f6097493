"""``tagger train series`` over words: a number beside every word."""

from __future__ import annotations

import json
import os
import shlex
import sys
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger.cli.train_commands.start import NUMBERS, given, may_start, run_options, size_of

if TYPE_CHECKING:
    from tagger.config.token_regressor import TokenRegressorConfig

TIME_ONLY = (
    "time", "time_format", "group", "features", "horizon", "window", "calendar", "season", "dev_share", "test_share",
)  # fmt: skip
"""Options that words do not have."""


def is_over_words(values: dict[str, Any]) -> bool:
    """Whether the steps are words, by what was asked for and by what the file holds."""
    if values["over"] != "auto":
        return bool(values["over"] == "words")
    source = values["source"]
    if source is None or any(values[name] is not None for name in TIME_ONLY):
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

    used = [name for name in TIME_ONLY if values[name] is not None]
    if used:
        raise click.UsageError(f"--{used[0].replace('_', '-')} is for a series over time; words have none")
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
        training = train_token_regressor(corpus, config, listener=display, **run_options(values))
    if not values["quiet"]:
        if training.scores:
            click.echo(render_scores(training.scores, TerminalCapabilities.of(sys.stdout)))
        click.echo(f"model saved in {values['out']} ({size_of(values['out'])})")
        click.echo(f"next: tagger tag --model {shlex.quote(os.fspath(values['out']))} --text 'They can fish.'")


def _config(values: dict[str, Any]) -> TokenRegressorConfig:
    from tagger.config.token_regressor import TokenRegressorConfig
    from tagger.corpora.series.read import column_list
    from tagger.errors import ConfigError

    path = values["config_file"]
    config = TokenRegressorConfig() if path is None else TokenRegressorConfig.from_toml(path)
    columns = {} if values["targets"] is None else {"targets": list(column_list(values["targets"]))}
    config = config.with_settings({**given(values, NUMBERS), **columns}, where="command line")
    if not config.targets:
        raise ConfigError("no column to predict is named; name one or several: --targets RT")
    return config
