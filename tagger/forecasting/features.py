"""Rows of a table as what the network reads and what it is to predict, made for one batch at a time."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from tagger.config.forecaster import ForecasterConfig
from tagger.corpora.series.table import SeriesTable
from tagger.corpora.series.time_checks import usual_step
from tagger.corpora.series.timestamps import DAY, TimeKind
from tagger.forecasting.scaling import Scaling

YEAR = 365.2425 * DAY


class Calendar:
    """Where in the day, the week and the year a time lies, as sine and cosine.

    Args:
        step: usual distance of rows in microseconds; cycles that are not longer are left out.
    """

    def __init__(self, step: float) -> None:
        cycles = {"hour of the day": DAY, "day of the week": 7 * DAY, "day of the year": YEAR}
        self.names = tuple(name for name, length in cycles.items() if step * 2 <= length)
        self.lengths = [cycles[name] for name in self.names]

    @property
    def size(self) -> int:
        """Numbers a time gives."""
        return 2 * len(self.lengths)

    def __call__(self, times: np.ndarray) -> np.ndarray:
        """(..., size) float32 from times in microseconds."""
        turns = [2 * np.pi * (times % length) / length for length in self.lengths]
        return np.stack([f(turn) for turn in turns for f in (np.sin, np.cos)], axis=-1).astype(np.float32)


class SeriesDataset:
    """A table, its scaling, and how rows become tensors.

    Missing inputs are filled with the last value before them (at the beginning, with the mean); missing targets stay
    NaN and are masked by the loss.

    Args:
        table: columns as ``config.inputs``: targets first.
        scaling: fitted on the training part.
        config: resolved.
        calendar: of the times; None for none.
    """

    def __init__(
        self, table: SeriesTable, scaling: Scaling, config: ForecasterConfig, calendar: Calendar | None
    ) -> None:
        self.table = table
        self.scaling = scaling
        self.targets, self.horizon = len(config.data.targets), config.data.horizon
        self.window = config.data.window or 1
        self.calendar = calendar
        self.scale_rows = scaling.rows(table.groups)
        self.size = len(table.columns) + (0 if calendar is None else calendar.size)
        self.filled = _filled(table, scaling, self.scale_rows)
        self.ends = table.offsets[1:]

    def read(self, rows: np.ndarray) -> Tensor:
        """(T, B, D) float32 from (T, B) rows."""
        scaled = self.scaled(self.filled[rows], rows, len(self.table.columns))
        if self.calendar is not None and self.calendar.size:
            scaled = np.concatenate([scaled, self.calendar(self.table.times[rows])], axis=-1)
        return torch.from_numpy(scaled)

    def wanted(self, rows: np.ndarray, first: np.ndarray, end: np.ndarray) -> Tensor:
        """What is to be predicted at each row: (T, B, horizon * targets) float32, NaN where there is no target.

        Args:
            rows: (T, B), all rows of a column in one series.
            first: (B,) targets before this row do not count.
            end: (B,) targets from this row on do not count.
        """
        parts = []
        for lead in range(1, self.horizon + 1):
            ahead = rows + lead
            counts = (ahead < end) & (ahead >= first)
            ahead = np.minimum(ahead, len(self.table) - 1)
            values = self.scaled(self.table.values[ahead][..., : self.targets], ahead, self.targets)
            parts.append(np.where(counts[..., None], values, np.float32("nan")))
        return torch.from_numpy(np.concatenate(parts, axis=-1))

    def scaled(self, values: np.ndarray, rows: np.ndarray, columns: int) -> np.ndarray:
        """Values of (..., columns) as multiples of the spread of their series."""
        mean, spread = self._scale(rows, columns)
        found: np.ndarray = ((values - mean) / spread).astype(np.float32)
        return found

    def unscaled(self, values: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """(M, horizon, targets) float64 in the unit of the data from (M, horizon * targets); ``rows`` is (M,)."""
        mean, spread = self._scale(rows, self.targets)
        found: np.ndarray = values.reshape(len(rows), -1, self.targets) * spread[:, None] + mean[:, None]
        return found

    def _scale(self, rows: np.ndarray, columns: int) -> tuple[np.ndarray, np.ndarray]:
        one = len(self.scale_rows) == 1
        places = self.scale_rows.reshape((1,) * rows.ndim) if one else self.scale_rows[self.table.group_of(rows)]
        return self.scaling.mean[places][..., :columns], self.scaling.spread[places][..., :columns]


def make_calendar(table: SeriesTable, config: ForecasterConfig) -> Calendar | None:
    """The calendar of a table, if it has dates and one is wanted."""
    return calendar_at(usual_step(table.times, table.offsets), table.kind, config)


def calendar_at(step: float | None, kind: TimeKind, config: ForecasterConfig) -> Calendar | None:
    """The calendar of rows that are so far apart; None if their times are no dates or none is wanted."""
    return None if not config.data.calendar or kind == "number" or step is None else Calendar(step)


def _filled(table: SeriesTable, scaling: Scaling, scale_rows: np.ndarray) -> np.ndarray:
    """(N, C) values without holes; the very array of the table where it has none."""
    if not np.isnan(table.values).any():
        return table.values
    filled = table.values.copy()
    for group, (start, end) in enumerate(zip(table.offsets[:-1], table.offsets[1:], strict=True)):
        for number, column in enumerate(filled[start:end].T):
            column[...] = _fill(column, scaling.mean[scale_rows[group], number])
    return filled


def _fill(column: np.ndarray, mean: float) -> np.ndarray:
    """A column with the last value before each hole in it."""
    known = ~np.isnan(column)
    last = np.maximum.accumulate(np.where(known, np.arange(len(column), dtype=np.int32), -1))
    found = np.where(last >= 0, column[np.maximum(last, 0)], np.float32(mean))
    return found.astype(np.float32)
