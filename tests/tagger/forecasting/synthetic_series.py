"""Small series that tests train on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tagger.config.forecaster import ForecasterConfig, resolve
from tagger.corpora.series.read import read_series
from tagger.corpora.series.scaling import Scaling
from tagger.corpora.series.table import SeriesOptions, SeriesTable
from tagger.forecasting.features import SeriesDataset, calendar_of
from tagger.forecasting.windows import TimeSplit, split_by_time

QUICK: dict[str, Any] = {
    "training.epochs": 2,
    "encoder.hidden_size": 6,
    "head.embedding_size": 5,
    "training.dropout": 0.0,
    "data.window": 12,
}
"""Settings that train within a moment."""


def wave(number: int = 200, seed: int = 1) -> np.ndarray:
    """A noisy wave of 14 steps that rises slowly."""
    rng = np.random.default_rng(seed)
    steps = np.arange(number)
    wave = 5 * np.sin(2 * np.pi * steps / 14)
    values: np.ndarray = np.round(20 + 0.02 * steps + wave + rng.normal(0, 0.5, number), 2)
    return values


def write_wave(path: Path, number: int = 200, groups: tuple[str, ...] = ()) -> Path:
    """A table of days with the columns load and wind; with ``groups`` one wave each, in a column site."""
    days = np.arange("2020-01-01", number, dtype="datetime64[D]")
    lines = ["date,load,wind" + ",site" * bool(groups)]
    for place, group in enumerate(groups or ("",)):
        values, wind = wave(number, place) * (place + 1), wave(number, place + 50)
        lines += [
            f"{day},{value},{other}" + f",{group}" * bool(groups)
            for day, value, other in zip(days, values, wind, strict=True)
        ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def prepared(
    path: Path, *, features: tuple[str, ...] = ("wind",), group: str | None = None, **settings: Any
) -> tuple[SeriesTable, ForecasterConfig, SeriesDataset, dict[str, TimeSplit]]:
    """A table, resolved settings, inputs scaled on train, and the parts."""
    named = {"data.targets": ["load"], "data.features": list(features), "data.group": group}
    config = ForecasterConfig().with_settings(
        {**QUICK, **named, **{k.replace("__", "."): v for k, v in settings.items()}}
    )
    table = read_series(str(path), SeriesOptions(config.inputs, None, group))
    splits = split_by_time(table, config)
    config = resolve(config, splits["train"].rows, int((splits["train"].ends - splits["train"].starts).max()))
    scaling = Scaling.fit(table, splits["train"].ends)
    return table, config, SeriesDataset(table, scaling, config, calendar_of(table, config)), splits
