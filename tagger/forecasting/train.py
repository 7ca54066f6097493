"""From a table of numbers over time to a model folder: read, scale, fit, score, forecast, save."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tagger.config.forecaster import SeriesConfig, resolve
from tagger.corpora.series.read import read_series
from tagger.corpora.series.series_options import SeriesOptions
from tagger.corpora.series.table import SeriesTable
from tagger.errors import ConfigError
from tagger.forecasting.evaluation import fit_opponents
from tagger.forecasting.features import SeriesInputs, make_calendar
from tagger.forecasting.forecaster import SeriesModel
from tagger.forecasting.results import SeriesRun, write_series_run
from tagger.forecasting.scaling import Scaling
from tagger.forecasting.series_notes import column_notes
from tagger.forecasting.series_run import Material, train_one
from tagger.forecasting.windows import Part, shortened, split_by_time
from tagger.model_cards.provenance import told_of
from tagger.serialization.atomic_folder import Resume
from tagger.training.checkpoint_callback import Keeping
from tagger.training.events import Listener
from tagger.training.training_place import at_work, make_machine

BUNDLED_TARGETS = {None: ("temp_max",), "weather": ("temp_max",), "stocks": ("price",)}
BUNDLED_GROUPS = {"stocks": "symbol"}


@dataclass(frozen=True, slots=True)
class SeriesTraining:
    """What training did.

    Args:
        best: the run that was kept, the best on dev.
        runs: all runs, one a seed.
        folder: where the best was saved, or None.
        table: what was read.
    """

    best: SeriesRun
    runs: Sequence[SeriesRun]
    folder: Path | None
    table: SeriesTable


def train_series(
    source: str | SeriesTable | None = None,
    *,
    targets: Sequence[str] = (),
    features: Sequence[str] = (),
    time: str | None = None,
    group: str | None = None,
    out: str | Path | None = None,
    overwrite: bool = False,
    resume: Resume = "no",
    config: SeriesConfig | str | Path | None = None,
    settings: Mapping[str, Any] | None = None,
    device: str = "auto",
    threads: int | None = None,
    offline: bool = False,
    listener: Listener | None = None,
) -> SeriesModel:
    """Train a model that predicts the next values of a series; the easy way.

    >>> model = train_series("weather.csv", targets=["temp_max"], out="runs/weather")
    >>> model.forecast(steps=7)[0].values

    Args:
        source: a CSV, TSV, Parquet or JSON lines file, or a hub id; the bundled weather if None.
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
        TaggerError: the data, the settings or the output folder are not usable; the message says how to mend it.
    """
    if not isinstance(config, SeriesConfig):
        config = SeriesConfig() if config is None else SeriesConfig.from_toml(config)
    given = {"targets": list(targets), "features": list(features), "time": time, "group": group}
    named = {f"data.{name}": value for name, value in given.items() if value}
    config = with_bundled_columns(
        config.with_settings({**named, **(settings or {})}), None if isinstance(source, SeriesTable) else source
    )
    if not isinstance(source, SeriesTable):
        source = read_series(source, options_of(config, offline=offline))
    return train_series_runs(
        source,
        config,
        out=None if out is None else Path(out),
        overwrite=overwrite,
        device=device,
        threads=threads,
        listener=listener,
        keeping=Keeping(resume),
    ).best.model


def with_bundled_columns(config: SeriesConfig, source: str | None) -> SeriesConfig:
    """The columns of a bundled table, where none are named.

    Raises:
        ConfigError: no target is named, and the table is not a bundled one.
    """
    if config.data.targets:
        return config
    if source not in BUNDLED_TARGETS:
        raise ConfigError("no column to predict is named; name one or several: --targets temp_max,temp_min")
    settings: dict[str, Any] = {"data.targets": list(BUNDLED_TARGETS[source])}
    if config.data.group is None and source in BUNDLED_GROUPS:
        settings["data.group"] = BUNDLED_GROUPS[source]
    return config.with_settings(settings)


def options_of(
    config: SeriesConfig,
    *,
    form: str | None = None,
    time_format: str | None = None,
    ignore_bad: bool = False,
    offline: bool = False,
) -> SeriesOptions:
    """How to read the table that a configuration is for."""
    return SeriesOptions(config.inputs, config.data.time, config.data.group, form, time_format, ignore_bad, offline)


def train_series_runs(
    table: SeriesTable,
    config: SeriesConfig,
    *,
    seeds: int = 1,
    out: Path | None = None,
    overwrite: bool = False,
    device: str = "auto",
    threads: int | None = None,
    listener: Listener | None = None,
    command: str | None = None,
    time_format: str | None = None,
    keeping: Keeping | None = None,
) -> SeriesTraining:
    """Train one model a seed and keep the best on dev.

    Args:
        table: columns as ``config.inputs``.
        config: settings; those left None are decided from the table.
        seeds: how many models to train, with the seeds ``config.training.seed`` and following.
        out: model folder to write; None writes nothing.
        overwrite: whether a model that is there already may be replaced.
        device: "auto", "cpu" or "cuda".
        threads: CPU threads; all available cores by default.
        listener: called with every event.
        command: told in the model card; the command line of this process by default.
        time_format: of the time column, kept for forecasting.
        keeping: how the state of the run is kept in ``OUT.partial``, and whether an unfinished run is resumed.

    Raises:
        TaggerError: as ``train_series``.
    """
    if seeds < 1:
        raise ConfigError(f"seeds is {seeds}; expected at least 1")
    machine = make_machine(device, threads, listener, keeping, config.training.max_memory)
    parts, cut = _scored_parts(split_by_time(table, config))
    train = parts["train"]
    config = resolve(config, train.rows, int((train.ends - train.starts).max()))
    notes = (*table.notes, *column_notes(table, config, train), *cut)
    inputs = SeriesInputs(table, Scaling.fit(table, train.ends), config, make_calendar(table, config))
    with at_work(machine, out, overwrite=overwrite) as (folder, _):
        material = Material(inputs, parts, fit_opponents(inputs, parts, config), notes, time_format)
        runs = [train_one(material, config.with_seed(config.training.seed + i), machine, folder) for i in range(seeds)]
        best = min(runs, key=lambda run: run.dev_loss)
        if folder is not None:
            told = told_of(command, machine.threads, (*notes, *best.notes))
            write_series_run(folder, best, runs, table, parts, told, (out or folder).name)
    return SeriesTraining(best, runs, out, table)


def _scored_parts(parts: Mapping[str, Part]) -> tuple[dict[str, Part], list[str]]:
    """Dev and test without what is not scored of them, and notes on it."""
    found, notes = dict(parts), []
    for name in ("dev", "test"):
        if name in parts:
            found[name] = shortened(parts[name])
            if found[name].rows < parts[name].rows:
                notes.append(f"{name}: the last {found[name].rows:,} of its {parts[name].rows:,} rows are scored")
    return found, notes
