"""Runs that learn numbers within a second, over time and over words, with everything that is random."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from tagger.config.forecaster import ForecasterConfig
from tagger.config.token_regressor import TokenRegressorConfig
from tagger.corpora.series.read import read_series
from tagger.corpora.series.token_values import read_token_values
from tagger.forecasting.forecaster import options_of
from tagger.forecasting.train import train_forecasters
from tagger.token_regression.train import train_token_regressor
from tagger.training.checkpoint_callback import CheckpointConfig
from tagger.training.task import RunOptions
from tests.tagger.forecasting.synthetic_series import QUICK, write_wave
from tests.tagger.token_regression.synthetic_values import QUICK as QUICK_WORDS

Command = list[str | Path]
OPTIONS: Command = ["--hidden-size", "8", "--epochs", "6", "--dropout", "0.3", "--threads", "1", "--quiet"]
OFTEN = CheckpointConfig("auto", minutes=1e-9)
WORDS = ["the", "dog", "sees", "a", "cat"]


def series_command(folder: Path) -> Command:
    """Learn two series of days, with holes."""
    table = write_wave(folder / "wave.csv", 200, ("a", "b"))
    rows = table.read_text(encoding="utf-8").splitlines()
    for place in (30, 31, 150, 260):
        day, _, *rest = rows[place].split(",")
        rows[place] = ",".join([day, "", *rest])
    table.write_text("\n".join(rows) + "\n", encoding="utf-8")
    columns: Command = ["--targets", "load", "--features", "wind", "--group", "site", "--horizon", "2"]
    return ["train", "series", table, *columns, *OPTIONS, "--batch-tokens", "160", "--window", "16"]


def words_command(folder: Path) -> Command:
    """Learn a number for every word."""
    chance = random.Random(4)
    sentences = [
        "".join(
            f"{n}\t{word}\t_\t_\t_\t_\t_\t_\t_\tRT={300 + 20 * len(word) + chance.random():.2f}\n"
            for n, word in enumerate(chance.sample(WORDS, 4), 1)
        )
        for _ in range(200)
    ]
    path = folder / "numbers.conllu"
    path.write_text("\n".join(sentences) + "\n", encoding="utf-8")
    return ["train", "series", path, "--targets", "RT", *OPTIONS, "--batch-tokens", "40"]


def over_time(source: Path, out: Path, seeds: int = 1, **settings: Any) -> None:
    named = {"data.targets": ["load"], "data.features": ["wind"], "data.group": "site", "training.epochs": 4}
    given = {name.replace("__", "."): value for name, value in settings.items()}
    config = ForecasterConfig().with_settings({**QUICK, **named, "training.dropout": 0.3, **given})
    table = read_series(str(source), options_of(config))
    train_forecasters(table, config, RunOptions(out=out, threads=1, seeds=seeds, checkpointing=OFTEN))


def over_words(source: Path, out: Path, **settings: Any) -> None:
    random_ones = {"training.epochs": 3, "training.dropout": 0.3, "training.word_dropout": 0.3}
    given = {name.replace("__", "."): value for name, value in settings.items()}
    config = TokenRegressorConfig().with_settings({**QUICK_WORDS, **random_ones, **given})
    train_token_regressor(
        read_token_values(str(source), ["rt"]), config, RunOptions(out=out, threads=1, checkpointing=OFTEN)
    )
