"""Training of forecasters: from a table of numbers over time to a model folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tagger.config.forecaster import ForecasterConfig, resolve
from tagger.corpora.series.read import read_series
from tagger.corpora.series.scaling import Scaling
from tagger.corpora.series.table import SeriesTable
from tagger.corpora.sources.in_memory import Source
from tagger.errors import ConfigError
from tagger.forecasting.baselines import fit_baselines
from tagger.forecasting.features import SeriesDataset, calendar_of
from tagger.forecasting.forecaster import Forecaster, options_of
from tagger.forecasting.task import ForecasterRun, ForecastingTask
from tagger.forecasting.windows import column_notes, scored_splits, split_by_time
from tagger.serialization.atomic_folder import Resume
from tagger.training.events import Listener
from tagger.training.run import TrainingResult, run_options, train_and_save
from tagger.training.task import RunOptions

BUNDLED_TARGETS = {None: ("temp_max",), "weather": ("temp_max",), "stocks": ("price",)}
BUNDLED_GROUPS = {"stocks": "symbol"}


def train_series(
    source: Source | SeriesTable | None = None,
    *,
    targets: Sequence[str] = (),
    features: Sequence[str] = (),
    time: str | None = None,
    group: str | None = None,
    out: str | Path | None = None,
    overwrite: bool = False,
    resume: Resume = "no",
    config: ForecasterConfig | str | Path | None = None,
    settings: Mapping[str, Any] | None = None,
    device: str = "auto",
    threads: int | None = None,
    offline: bool = False,
    listener: Listener | None = None,
) -> Forecaster:
    """Train a model that predicts the next values of a series; the easy way.

    >>> model = train_series("weather.csv", targets=["temp_max"], out="runs/weather")
    >>> model.forecast(steps=7)[0].values

    Args:
        source: a CSV, TSV, Parquet or JSON lines file, a data frame, or a hub id; the bundled weather if None.
        targets: columns to predict.
        features: further columns to read.
        time: the column of times.
        group: the column that tells series apart, if there are several.
        out: model folder to write; None writes nothing.
        overwrite: whether a model that is there already may be replaced.
        resume: "yes" goes on with the unfinished run in ``out``, "auto" does if there is one.
        config: all settings, or a TOML file with them.
        settings: dotted settings that override it, e.g. ``{"data.horizon": 7}``.
        device: "auto", "cpu" or "cuda".
        threads: CPU threads; all available cores by default.
        offline: never use the network.
        listener: called with every event of training.

    Raises:
        TaggerError: the data, the settings or the output folder are not usable; the message says how to fix it.
    """
    if not isinstance(config, ForecasterConfig):
        config = ForecasterConfig() if config is None else ForecasterConfig.from_toml(config)
    given = {"targets": list(targets), "features": list(features), "time": time, "group": group}
    named = {f"data.{name}": value for name, value in given.items() if value}
    config = with_bundled_columns(
        config.with_settings({**named, **(settings or {})}), None if isinstance(source, SeriesTable) else source
    )
    if not isinstance(source, SeriesTable):
        source = read_series(source, options_of(config, offline=offline))
    options = run_options(out, overwrite, resume, device, threads, listener)
    return train_forecasters(source, config, options).best.model


def with_bundled_columns(config: ForecasterConfig, source: Source | None) -> ForecasterConfig:
    """Choose the columns of a bundled table, where none are named.

    Raises:
        ConfigError: no target is named, and the table is not a bundled one.
    """
    if config.data.targets:
        return config
    if not isinstance(source, str | None) or source not in BUNDLED_TARGETS:
        raise ConfigError("no column to predict is named; name one or several: --targets temp_max,temp_min")
    settings: dict[str, Any] = {"data.targets": list(BUNDLED_TARGETS[source])}
    if config.data.group is None and source in BUNDLED_GROUPS:
        settings["data.group"] = BUNDLED_GROUPS[source]
    return config.with_settings(settings)


def train_forecasters(
    table: SeriesTable,
    config: ForecasterConfig,
    options: RunOptions | None = None,
    *,
    time_format: str | None = None,
) -> TrainingResult[ForecasterRun]:
    """Train one model a seed, keep the best on dev; decide settings left None.

    Args:
        table: columns as ``config.inputs``.
        config: of the model.
        options: where to compute and write, and who listens.
        time_format: of the time column, kept for forecasting.

    Raises:
        TaggerError: as ``train_series``.
    """
    return train_and_save(
        lambda _: make_task(table, config, time_format), options or RunOptions(), config.training.max_memory
    )


def make_task(table: SeriesTable, config: ForecasterConfig, time_format: str | None = None) -> ForecastingTask:
    """Split and scale a table for training; arguments as ``train_forecasters``.

    Raises:
        CorpusError: the table is too short, or there is nothing to learn from a target.
    """
    splits, notes = scored_splits(split_by_time(table, config))
    train = splits["train"]
    config = resolve(config, train.rows, train.longest)
    notes = [*table.notes, *column_notes(table, config, train), *notes]
    dataset = SeriesDataset(table, Scaling.fit(table, train.ends), config, calendar_of(table, config))
    baselines = fit_baselines(dataset, splits, config)
    return ForecastingTask(dataset, splits, baselines, config, tuple(notes), time_format)
