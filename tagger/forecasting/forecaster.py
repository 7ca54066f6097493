"""The forecaster that people use: load a folder, forecast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tagger.config.forecaster import ForecasterConfig
from tagger.corpora.files.paths import user_path
from tagger.corpora.formats.sentence import excerpt
from tagger.corpora.series.read import read_series
from tagger.corpora.series.table import SeriesOptions, SeriesTable
from tagger.corpora.series.time_checks import usual_step
from tagger.corpora.series.timestamps import time_text
from tagger.corpora.sources.in_memory import Source
from tagger.errors import ConfigError, CorpusError
from tagger.forecasting.checkpoint import SavedForecaster, load_forecaster
from tagger.forecasting.features import SeriesDataset
from tagger.forecasting.prediction import forecast_recursively, future_times

MOST_STEPS = 100_000
OTHER_STEP = 1.5
"""Largest ratio of the distance of rows to that in training, and of that to it."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """The next steps of one series.

    Args:
        group: the name of the series; empty where there is one.
        targets: the names of the K columns.
        times: (N,) as the table has them.
        labels: the N times as they are written.
        values: (N, K) float64, in the unit of the data.
        levels: shares of the values that lie within each interval.
        low: (N, levels, K) lower ends.
        high: (N, levels, K) upper ends.
        known: the first row of the series in the table, and the row after its last.
        notes: for the user.
    """

    group: str
    targets: tuple[str, ...]
    times: np.ndarray
    labels: tuple[str, ...]
    values: np.ndarray
    levels: tuple[float, ...]
    low: np.ndarray
    high: np.ndarray
    known: tuple[int, int]
    notes: tuple[str, ...] = ()


class Forecaster:
    """A trained forecaster of time series.

    >>> model = Forecaster.load("runs/series")
    >>> model.forecast("weather.csv", steps=14)[0].values

    Args:
        saved: the contents of a model folder.
    """

    def __init__(self, saved: SavedForecaster) -> None:
        self.saved = saved
        self.config = saved.config

    @classmethod
    def load(cls, path: str | Path) -> Forecaster:
        """Load a model folder.

        Raises:
            ModelError: the folder is missing, incomplete, damaged or holds a model of another kind.
        """
        return cls(load_forecaster(user_path(path)))

    @property
    def source(self) -> str | None:
        """The training data as the folder names them; None for the bundled table."""
        source: str | None = self.saved.about.get("corpus", {}).get("source")
        return source

    def read(self, source: Source | None, *, skip_invalid: bool = False, offline: bool = False) -> SeriesTable:
        """Read a table with the columns of the training data.

        Args:
            source: as for training; the training data if None.
            skip_invalid: count cells that are not numbers as missing.
            offline: never ask the hub.

        Raises:
            CorpusError: it lacks a column, or has rows at another distance.
        """
        time_format = self.saved.about.get("corpus", {}).get("time_format")
        options = options_of(self.config, time_format=time_format, skip_invalid=skip_invalid, offline=offline)
        table = read_series(self.source if source is None else source, options)
        self._check_step(table)
        return table

    def _check_step(self, table: SeriesTable) -> None:
        step, own = usual_step(table.times, table.offsets), self.saved.step
        if (table.kind == "number") != (self.saved.kind == "number"):
            has, had = ("numbers", "dates") if table.kind == "number" else ("dates", "numbers")
            raise CorpusError(f"the times are {has}; the model was trained on {had}", path=table.source)
        if step is None or not 1 / OTHER_STEP < step / own < OTHER_STEP:
            unit = "" if table.kind == "number" else " seconds"
            scale = 1.0 if table.kind == "number" else 1e6
            raise CorpusError(
                f"rows are {'-' if step is None else f'{step / scale:g}'}{unit} apart; the model was trained on rows "
                f"{own / scale:g}{unit} apart",
                path=table.source,
            )

    def forecast(
        self, table: str | SeriesTable | None = None, steps: int = 14, *, groups: Sequence[str] | None = None
    ) -> list[Forecast]:
        """Forecast the next values of each series.

        Args:
            table: what is known, or where to read it; the training data if None.
            steps: N.
            groups: the series to forecast; all if None.

        Raises:
            ConfigError: the number of steps is out of range, or there is no such series.
            CorpusError: the table cannot be used.
        """
        if not 1 <= steps <= MOST_STEPS:
            raise ConfigError(f"steps is {steps:,}; expected 1 to {MOST_STEPS:,}")
        if not isinstance(table, SeriesTable):
            table = self.read(table)
        for group in groups or ():
            if group not in table.groups:
                raise ConfigError(f"no series {group!r}; there are: {', '.join(table.groups)[:200]}")
        dataset = SeriesDataset(table, self.saved.scaling, self.config, self.saved.calendar)
        chosen = table.groups if groups is None else groups
        return [self._forecast(dataset, table.groups.index(group), steps) for group in chosen]

    def _forecast(self, dataset: SeriesDataset, group: int, steps: int) -> Forecast:
        table, saved = dataset.table, self.saved
        start, end = int(table.offsets[group]), int(table.offsets[group + 1])
        origin = np.array([end - 1])
        times = future_times(table, group, steps)
        scaled = forecast_recursively(saved.network, dataset, origin, times[:, None])[:, 0]
        row, targets = int(dataset.scale_rows[group]), dataset.targets
        std = saved.scaling.std[row, :targets]
        values = scaled * std + saved.scaling.mean[row, :targets]
        widths = np.stack([saved.intervals.at(lead) for lead in range(1, steps + 1)]) * std
        return Forecast(
            group=table.groups[group],
            targets=self.config.data.targets,
            times=times,
            labels=tuple(time_text(time, table.kind) for time in times),
            values=values,
            levels=saved.intervals.levels,
            low=values[:, None] - widths,
            high=values[:, None] + widths,
            known=(start, end),
            notes=tuple(self._notes(table, group, steps)),
        )

    def _notes(self, table: SeriesTable, group: int, steps: int) -> list[str]:
        notes = []
        measured = len(self.saved.intervals.widths)
        if steps > measured:
            notes.append(
                f"intervals were measured up to {measured:,} steps ahead; beyond, they grow with the root of the lead"
            )
        if self.config.data.features and steps > self.config.data.horizon:
            notes.append(f"{', '.join(self.config.data.features)}: taken to keep the last value")
        if table.groups[group] not in self.saved.scaling.groups:
            notes.append(
                f"series {excerpt(table.groups[group])} was not in training: scaled by the mean of those that were"
            )
        if np.isnan(table.values[table.offsets[group + 1] - 1]).any():
            notes.append("the last row lacks a value; the last one before it is read instead")
        return notes


def options_of(config: ForecasterConfig, **reading: Any) -> SeriesOptions:
    """Make the options to read the table of a configuration; ``reading`` as ``SeriesOptions`` has it."""
    return SeriesOptions(columns=config.inputs, time=config.data.time, group=config.data.group, **reading)
