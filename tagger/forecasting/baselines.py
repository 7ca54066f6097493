"""Forecasts that need no network: the last value, the value of a season ago, a linear autoregression."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tagger.corpora.series.table import SeriesTable
from tagger.corpora.series.time_checks import is_monthly, on_workdays, usual_step
from tagger.corpora.series.timestamps import DAY, HOUR
from tagger.forecasting.features import SeriesDataset
from tagger.forecasting.windows import Part

CHUNK = 8_192  # rows
MOST_ROWS = 400_000
"""Rows that an autoregression is fitted on; of longer series, chunks evenly taken from all of them."""
LAGS = (1, 2, 3, 5, 7, 10, 14, 21, 28, 42, 64)
RIDGE = 1e-3
"""Added to the diagonal of the normal equations, in units of one row: lags are nearly the same number twice."""


def persistence(inputs: SeriesDataset, rows: np.ndarray) -> np.ndarray:
    """(M, horizon * targets) the last value at every lead, scaled."""
    last = inputs.scaled(inputs.filled[rows][:, : inputs.targets], rows, inputs.targets)
    return np.tile(last, inputs.horizon)


def seasonal(inputs: SeriesDataset, rows: np.ndarray, season: int) -> np.ndarray:
    """(M, horizon * targets) the value of the last season that is known, scaled; NaN where the series began later."""
    starts = inputs.table.offsets[inputs.table.group_of(rows)]
    parts = []
    for lead in range(1, inputs.horizon + 1):
        back = rows + lead - season * -(-lead // season)
        values = inputs.filled[np.maximum(back, 0)][:, : inputs.targets]
        scaled = inputs.scaled(values, rows, inputs.targets)
        parts.append(np.where((back >= starts)[:, None], scaled, np.float32("nan")))
    return np.concatenate(parts, axis=1)


def seasons(table: SeriesTable, training_rows: int) -> tuple[int, ...]:
    """Lengths of season worth trying, in steps, by the distance of rows; none where there is no usual one."""
    step = usual_step(table.times, table.offsets)
    if table.kind == "number" or not step:
        return ()
    found: tuple[int, ...]
    if is_monthly(table.times, table.offsets, table.kind):
        found = (12,)
    elif on_workdays(table.times, table.offsets, table.kind):
        found = (5, 261)
    elif step < DAY:
        found = (round(DAY / step), round(7 * DAY / step)) if DAY % step == 0 or step >= HOUR / 60 else ()
    else:
        found = tuple(round(length * DAY / step) for length in (7, 365.25))
    return tuple(season for season in found if 1 < season < training_rows)


@dataclass(frozen=True, slots=True)
class Autoregression:
    """A linear forecast of each lead from the last values of all targets, and the network's other inputs if wanted.

    Args:
        lags: p, steps looked back at.
        inputs: whether the features and the calendar of the last step are regressors, too.
        weights: (F, horizon * targets) float64, the intercept last.
    """

    lags: int
    inputs: bool
    weights: np.ndarray

    @property
    def name(self) -> str:
        """For tables."""
        return f"{self.lags} lag{'s' * (self.lags > 1)}"

    def predict(self, inputs: SeriesDataset, rows: np.ndarray) -> np.ndarray:
        """(M, horizon * targets), scaled."""
        chunks = [rows[first : first + CHUNK] for first in range(0, max(1, len(rows)), CHUNK)]
        found = [_regressors(inputs, chunk, self.lags, self.inputs) @ self.weights for chunk in chunks]
        return np.concatenate(found).astype(np.float32)


class NormalEquations:
    """X'X and X'Y of the training part, for the most lags; those for fewer are among their rows and columns.

    Args:
        inputs: all rows.
        train: the part to fit on.
    """

    def __init__(self, inputs: SeriesDataset, train: Part) -> None:
        self.most = max(lag for lag in LAGS if lag <= max(1, inputs.window))
        self.others = inputs.size - inputs.targets
        size = self.most * inputs.targets + self.others + 1
        outputs = inputs.horizon * inputs.targets
        self.products, self.moments = np.zeros((size, size)), np.zeros((size, outputs))
        self.targets = inputs.targets
        for rows, ends in _training_rows(train, self.most):
            x = _regressors(inputs, rows, self.most, True)
            y = inputs.wanted(rows[None], np.zeros(len(rows), np.int64), ends)[0].numpy().astype(np.float64)
            whole = ~np.isnan(y).any(1)
            self.products += x[whole].T @ x[whole]
            self.moments += x[whole].T @ y[whole]

    def solve(self, lags: int, others: bool) -> Autoregression:
        """The least squares of fewer lags, with or without the other inputs."""
        first = np.arange(lags * self.targets)
        rest = np.arange(self.most * self.targets, len(self.products) - 1) if others else np.arange(0)
        chosen = np.concatenate([first, rest, [len(self.products) - 1]])
        products = self.products[np.ix_(chosen, chosen)] + RIDGE * np.eye(len(chosen))
        return Autoregression(lags, others, np.linalg.solve(products, self.moments[chosen]))

    def candidates(self, others: bool) -> list[Autoregression]:
        """One for every number of lags."""
        return [self.solve(lags, others) for lags in LAGS if lags <= self.most]


def choose(
    inputs: SeriesDataset, candidates: Sequence[Autoregression], rows: np.ndarray, targets: np.ndarray
) -> Autoregression:
    """The one with the smallest squared error at some rows (M,) with scaled targets (M, horizon * targets)."""
    return min(candidates, key=lambda one: float(np.nansum((one.predict(inputs, rows) - targets) ** 2)))


def _training_rows(train: Part, lags: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rows with all lags behind them, a chunk at a time, and the ends of their series."""
    chunks = [
        (first, end)
        for start, end in zip(train.starts.tolist(), train.ends.tolist(), strict=True)
        for first in range(min(start + lags - 1, end), end - 1, CHUNK)
    ]
    for first, end in chunks[:: -(-len(chunks) * CHUNK // MOST_ROWS) if len(chunks) * CHUNK > MOST_ROWS else 1]:
        rows = np.arange(first, min(first + CHUNK, end - 1))
        yield rows, np.full(len(rows), end)


def _regressors(inputs: SeriesDataset, rows: np.ndarray, lags: int, others: bool) -> np.ndarray:
    """(M, F) float64: all targets of the last step, of the one before it ..., the other inputs, 1."""
    starts = inputs.table.offsets[inputs.table.group_of(rows)]
    back = np.maximum(rows - np.arange(lags)[:, None], starts)  # (p, M)
    values = inputs.scaled(inputs.filled[back][..., : inputs.targets], back, inputs.targets)
    parts = [values.transpose(1, 0, 2).reshape(len(rows), -1)]
    if others:
        parts.append(inputs.read(rows[None])[0].numpy()[:, inputs.targets :])
    parts.append(np.ones((len(rows), 1), np.float32))
    return np.concatenate(parts, axis=1).astype(np.float64)
