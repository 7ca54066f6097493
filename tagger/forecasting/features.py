"""Rows of a table as inputs and targets of the network, one batch at a time."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from tagger.config.forecaster import ForecasterConfig
from tagger.corpora.series.scaling import Scaling
from tagger.corpora.series.table import SeriesTable
from tagger.corpora.series.time_checks import usual_step
from tagger.corpora.series.timestamps import DAY, TimeKind

YEAR = 365.2425 * DAY


class Calendar:
    """The hour of the day, day of the week and day of the year as sines and cosines.

    Args:
        step: usual distance of rows in microseconds; longer cycles alone are read.
    """

    def __init__(self, step: float) -> None:
        cycles = {"hour of the day": DAY, "day of the week": 7 * DAY, "day of the year": YEAR}
        self.names = tuple(name for name, length in cycles.items() if step * 2 <= length)
        self.lengths = [cycles[name] for name in self.names]

    @property
    def size(self) -> int:
        """Numbers for each time."""
        return 2 * len(self.lengths)

    def __call__(self, times: np.ndarray) -> np.ndarray:
        """Turn times in microseconds into (..., size) float32."""
        turns = [2 * np.pi * (times % length) / length for length in self.lengths]
        return np.stack([f(turn) for turn in turns for f in (np.sin, np.cos)], axis=-1).astype(np.float32)


class SeriesDataset:
    """A table with targets as its first columns, its scaling, and how rows become tensors.

    The last value before it fills a missing input (at the beginning, the mean). Missing targets stay NaN, and the loss
    masks them.
    """

    def __init__(
        self, table: SeriesTable, scaling: Scaling, config: ForecasterConfig, calendar: Calendar | None
    ) -> None:
        self.table = table
        self.scaling = scaling
        self.targets, self.horizon = len(config.data.targets), config.data.horizon
        self.window = config.data.window
        self.calendar = calendar
        self.scale_rows = scaling.rows(table.groups)
        self.size = len(table.columns) + (0 if calendar is None else calendar.size)
        self.filled = _filled(table, scaling, self.scale_rows)
        self.ends = table.offsets[1:]

    def read(self, rows: np.ndarray) -> Tensor:
        """Read the inputs of rows (T, B): (T, B, D) float32."""
        scaled = self.scaled(self.filled[rows], rows, len(self.table.columns))
        if self.calendar is not None and self.calendar.size:
            scaled = np.concatenate([scaled, self.calendar(self.table.times[rows])], axis=-1)
        return torch.from_numpy(scaled)

    def last_targets(self, rows: np.ndarray) -> np.ndarray:
        """Look up the targets at rows (...), missing ones filled: (..., targets) float32, scaled."""
        return self.scaled(self.filled[rows][..., : self.targets], rows, self.targets)

    def targets_ahead(self, rows: np.ndarray, first: np.ndarray, end: np.ndarray) -> Tensor:
        """Look up the targets of each row: (T, B, horizon * targets) float32, NaN where there is none.

        Args:
            rows: (T, B), all rows of a column in one series.
            first: (B,) targets before this row do not count.
            end: (B,) targets from this row on do not count.
        """
        leads = []
        for lead in range(1, self.horizon + 1):
            ahead = rows + lead
            counts = (ahead < end) & (ahead >= first)
            ahead = np.minimum(ahead, len(self.table) - 1)
            values = self.scaled(self.table.values[ahead][..., : self.targets], ahead, self.targets)
            leads.append(np.where(counts[..., None], values, np.float32("nan")))
        return torch.from_numpy(np.concatenate(leads, axis=-1))

    def scaled(self, values: np.ndarray, rows: np.ndarray, columns: int) -> np.ndarray:
        """Standardise values (..., columns) with mean and standard deviation of their series."""
        mean, std = self._scale(rows, columns)
        standardised: np.ndarray = ((values - mean) / std).astype(np.float32)
        return standardised

    def unscaled(self, values: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Undo ``scaled``: (M, horizon, targets) float64 from (M, horizon * targets) of rows (M,)."""
        mean, std = self._scale(rows, self.targets)
        values = values.reshape(len(rows), -1, self.targets)
        original: np.ndarray = values * std[:, None] + mean[:, None]
        return original

    def _scale(self, rows: np.ndarray, columns: int) -> tuple[np.ndarray, np.ndarray]:
        one = len(self.scale_rows) == 1
        places = self.scale_rows.reshape((1,) * rows.ndim) if one else self.scale_rows[self.table.group_of(rows)]
        return self.scaling.mean[places][..., :columns], self.scaling.std[places][..., :columns]


def calendar_of(table: SeriesTable, config: ForecasterConfig) -> Calendar | None:
    """Make the calendar of a table, if it has dates and the configuration asks for one."""
    return calendar_for_step(usual_step(table.times, table.offsets), table.kind, config)


def calendar_for_step(step: float | None, kind: TimeKind, config: ForecasterConfig) -> Calendar | None:
    """Make the calendar of rows at this distance; None without dates, or where the configuration asks for none."""
    return None if not config.data.calendar or kind == "number" or step is None else Calendar(step)


def _filled(table: SeriesTable, scaling: Scaling, scale_rows: np.ndarray) -> np.ndarray:
    """Fill missing values: (N, C); the table's own array where none is missing."""
    if not np.isnan(table.values).any():
        return table.values
    filled = table.values.copy()
    for group, (start, end) in enumerate(zip(table.offsets[:-1], table.offsets[1:], strict=True)):
        for number, column in enumerate(filled[start:end].T):
            column[...] = _fill(column, scaling.mean[scale_rows[group], number])
    return filled


def _fill(column: np.ndarray, mean: float) -> np.ndarray:
    """Fill each missing value of a column with the last one before it."""
    known = ~np.isnan(column)
    last = np.maximum.accumulate(np.where(known, np.arange(len(column), dtype=np.int32), -1))
    return np.where(last >= 0, column[np.maximum(last, 0)], np.float32(mean)).astype(np.float32)
