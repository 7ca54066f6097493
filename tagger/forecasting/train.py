"""From a table of numbers over time to a model folder: read, scale, fit, score, forecast, save."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from tagger.config.forecaster import ForecasterConfig, resolve
from tagger.corpora.series.read import read_series
from tagger.corpora.series.scaling import Scaling
from tagger.corpora.series.table import SeriesOptions, SeriesTable
from tagger.corpora.series.time_checks import usual_step
from tagger.errors import ConfigError
from tagger.forecasting.baselines import Baselines, fit_baselines
from tagger.forecasting.checkpoint import SavedForecaster, build_series_network
from tagger.forecasting.evaluation import coverage, evaluate, fit_intervals, forecast_errors
from tagger.forecasting.features import SeriesDataset, calendar_of
from tagger.forecasting.forecaster import Forecaster
from tagger.forecasting.objective import SeriesObjective
from tagger.forecasting.results import ForecasterRun, write_series_run
from tagger.forecasting.windows import TimeSplit, column_notes, last_rows, split_by_time
from tagger.model_cards.provenance import provenance
from tagger.models.networks.series_network import SeriesNetwork
from tagger.serialization.atomic_folder import Resume
from tagger.training.checkpoint_callback import CheckpointConfig
from tagger.training.events import Listener
from tagger.training.objective import DevScore, Objective, Task
from tagger.training.run import (
    RunContext,
    RunOptions,
    TrainedNetwork,
    TrainingTask,
    ignore_events,
    run_context,
    run_training,
)

DATA_NAMES = {"train": "training data", "dev": "development data"}
"""What a message calls the parts of the data that a run depends on."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A trained network, and how training went.

    Args:
        network: on the CPU, in evaluation mode.
        log: one entry an epoch, with those of before an interruption.
        score: of the best epoch on dev; None without dev.
        notes: how often the run was interrupted, and what changed then.
    """

    network: Any
    log: Sequence[Mapping[str, Any]]
    score: DevScore | None
    notes: tuple[str, ...]


@dataclass
class _Fit(TrainingTask[nn.Module, Fitted]):
    """Two functions, a configuration and data as a task."""

    make_network: Callable[[], nn.Module]
    make_objective: Callable[[Any, torch.device], Objective]
    config: Any
    data: Mapping[str, Iterable[np.ndarray]]
    notes: tuple[str, ...]
    name: Task = "series"

    def build_network(self) -> nn.Module:
        """Build the network."""
        return self.make_network()

    def build_objective(self, network: nn.Module, device: torch.device) -> Objective:
        """Build the objective."""
        return self.make_objective(network, device)

    def fingerprint_data(self) -> Mapping[str, Iterable[np.ndarray]]:
        """Return the data."""
        return {DATA_NAMES[name]: arrays for name, arrays in self.data.items()}

    def result(self, trained: TrainedNetwork[nn.Module], context: RunContext) -> Fitted:
        """Return how it went."""
        return Fitted(trained.network, trained.log, trained.score, trained.notes)

    def best(self, runs: Sequence[Fitted]) -> Fitted:
        """Return the only run."""
        return runs[0]

    def write(self, folder: Path, best: Fitted, runs: Sequence[Fitted], options: RunOptions) -> None:
        """Write nothing."""


def fit(
    make_network: Callable[[], nn.Module],
    make_objective: Callable[[Any, torch.device], Objective],
    config: Any,
    context: RunContext,
    *,
    data: Mapping[str, Iterable[np.ndarray]],
    notes: tuple[str, ...],
) -> Fitted:
    """Train to the end, or go on with the run that the folder holds."""
    return run_training(_Fit(make_network, make_objective, config, data, notes), context)


@dataclass(frozen=True, slots=True)
class TrainingData:
    """What all runs share."""

    inputs: SeriesDataset
    splits: Mapping[str, TimeSplit]
    baselines: Baselines
    notes: tuple[str, ...]
    time_format: str | None


def train_one(training_data: TrainingData, config: ForecasterConfig, context: RunContext) -> ForecasterRun:
    """Train, score, measure intervals.

    Args:
        training_data: what all runs share.
        config: resolved.
        context: where and how.
    """
    inputs, splits = training_data.inputs, training_data.splits

    def make_objective(network: SeriesNetwork, device: torch.device) -> SeriesObjective:
        return SeriesObjective(network, inputs, splits["train"], splits.get("dev"), config, device=device)

    data = {name: _learnt_from(inputs.table, split) for name, split in splits.items() if name != "test"}
    fitted = fit(
        lambda: build_series_network(config, inputs.size),
        make_objective,
        config,
        context,
        data=data,
        notes=training_data.notes,
    )
    loss = float(fitted.log[-1]["loss_per_step"]) if fitted.score is None else fitted.score.loss
    run = _scored(training_data, config, fitted.network, loss, fitted.log)
    return replace(run, notes=fitted.notes)


def _learnt_from(table: SeriesTable, split: TimeSplit) -> list[np.ndarray]:
    """Where a part lies, and its values and times, a series after the other."""
    spans = zip(split.starts.tolist(), split.ends.tolist(), strict=True)
    rows = [array[start:end] for start, end in spans for array in (table.values, table.times)]
    return [split.starts, split.ends, *rows]


def _scored(
    training_data: TrainingData,
    config: ForecasterConfig,
    network: SeriesNetwork,
    loss: float,
    log: Sequence[Mapping[str, Any]],
) -> ForecasterRun:
    """The run with its scores, its intervals from dev, and what they hold of test."""
    inputs, splits = training_data.inputs, training_data.splits
    scores = {
        name: evaluate(network, inputs, splits[name], training_data.baselines, config)
        for name in ("dev", "test")
        if name in splits
    }
    held_out = splits.get("dev") or splits.get("test") or splits["train"]
    intervals = fit_intervals(forecast_errors(network, inputs, held_out))
    shares = None
    if "test" in splits and held_out is not splits["test"]:
        shares = coverage(intervals, forecast_errors(network, inputs, splits["test"])[: len(intervals.widths)])
    step = usual_step(inputs.table.times, inputs.table.offsets) or 1.0
    saved = SavedForecaster(config, network, inputs.scaling, step, inputs.table.kind, intervals)
    about = {"corpus": {"source": inputs.table.source, "time_format": training_data.time_format}, "coverage": shares}
    return ForecasterRun(config.training.seed, Forecaster(replace(saved, about=about)), scores, log, loss, shares)


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

    best: ForecasterRun
    runs: Sequence[ForecasterRun]
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
    if not isinstance(config, ForecasterConfig):
        config = ForecasterConfig() if config is None else ForecasterConfig.from_toml(config)
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
        checkpointing=CheckpointConfig(resume),
    ).best.model


def with_bundled_columns(config: ForecasterConfig, source: str | None) -> ForecasterConfig:
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
    config: ForecasterConfig,
    *,
    form: str | None = None,
    time_format: str | None = None,
    skip_invalid: bool = False,
    offline: bool = False,
) -> SeriesOptions:
    """How to read the table that a configuration is for."""
    return SeriesOptions(config.inputs, config.data.time, config.data.group, form, time_format, skip_invalid, offline)


def train_series_runs(
    table: SeriesTable,
    config: ForecasterConfig,
    *,
    seeds: int = 1,
    out: Path | None = None,
    overwrite: bool = False,
    device: str = "auto",
    threads: int | None = None,
    listener: Listener | None = None,
    command: str | None = None,
    time_format: str | None = None,
    checkpointing: CheckpointConfig | None = None,
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
        checkpointing: how the state of the run is kept in ``OUT.partial``, and whether an unfinished run is resumed.

    Raises:
        TaggerError: as ``train_series``.
    """
    if seeds < 1:
        raise ConfigError(f"seeds is {seeds}; expected at least 1")
    options = RunOptions(
        out, overwrite, device, threads, listener or ignore_events, seeds, command, checkpointing or CheckpointConfig()
    )
    splits, cut = _scored_parts(split_by_time(table, config))
    train = splits["train"]
    config = resolve(config, train.rows, int((train.ends - train.starts).max()))
    notes = (*table.notes, *column_notes(table, config, train), *cut)
    inputs = SeriesDataset(table, Scaling.fit(table, train.ends), config, calendar_of(table, config))
    with run_context(options, config.training.max_memory) as context:
        training_data = TrainingData(inputs, splits, fit_baselines(inputs, splits, config), notes, time_format)
        runs = [train_one(training_data, config.with_seed(config.training.seed + i), context) for i in range(seeds)]
        best = min(runs, key=lambda run: run.dev_loss)
        if context.folder is not None:
            told = provenance(command, context.threads, (*notes, *best.notes))
            write_series_run(context.folder, best, runs, table, splits, told, (out or context.folder).name)
    return SeriesTraining(best, runs, out, table)


def _scored_parts(splits: Mapping[str, TimeSplit]) -> tuple[dict[str, TimeSplit], list[str]]:
    """Dev and test without what is not scored of them, and notes on it."""
    found, notes = dict(splits), []
    for name in ("dev", "test"):
        if name in splits:
            found[name] = last_rows(splits[name])
            if found[name].rows < splits[name].rows:
                notes.append(f"{name}: the last {found[name].rows:,} of its {splits[name].rows:,} rows are scored")
    return found, notes
