"""Baselines without a network: the last value, the value of a season ago, a linear autoregression."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from tagger.config.forecaster import ForecasterConfig
from tagger.corpora.series.table import SeriesTable
from tagger.corpora.series.time_checks import is_monthly, on_workdays, usual_step
from tagger.corpora.series.timestamps import DAY, HOUR
from tagger.evaluation.forecast_scores import LINEAR, LINEAR_INPUTS, PERSISTENCE, SEASONAL
from tagger.forecasting.features import SeriesDataset
from tagger.forecasting.windows import TimeSplit

CHUNK = 8_192  # rows
MOST_ROWS = 400_000
"""Rows that fit an autoregression; longer series give chunks at even distances."""
LAGS = (1, 2, 3, 5, 7, 10, 14, 21, 28, 42, 64)
RIDGE = 1e-3
"""Added to the diagonal of the normal equations, in units of one row: neighbouring lags are nearly equal."""


def persistence(dataset: SeriesDataset, rows: np.ndarray) -> np.ndarray:
    """Repeat the last value at every lead: (M, horizon * targets), scaled."""
    return np.tile(dataset.last_targets(rows), dataset.horizon)


def seasonal(dataset: SeriesDataset, rows: np.ndarray, season: int) -> np.ndarray:
    """Repeat the value of the last known season: (M, horizon * targets), scaled; NaN where the series began later."""
    starts = dataset.table.offsets[dataset.table.group_of(rows)]
    leads = []
    for lead in range(1, dataset.horizon + 1):
        back = rows + lead - season * -(-lead // season)
        scaled = dataset.last_targets(np.maximum(back, 0))
        leads.append(np.where((back >= starts)[:, None], scaled, np.float32("nan")))
    return np.concatenate(leads, axis=1)


def seasons(table: SeriesTable, training_rows: int) -> tuple[int, ...]:
    """List the seasons to try, in steps, by the distance of rows."""
    step = usual_step(table.times, table.offsets)
    if table.kind == "number" or not step:
        return ()
    if is_monthly(table.times, table.offsets, table.kind):
        lengths: tuple[int, ...] = (12,)
    elif on_workdays(table.times, table.offsets, table.kind):
        lengths = (5, 261)
    elif step < DAY:
        lengths = (round(DAY / step), round(7 * DAY / step)) if DAY % step == 0 or step >= HOUR / 60 else ()
    else:
        lengths = tuple(round(length * DAY / step) for length in (7, 365.25))
    return tuple(season for season in lengths if 1 < season < training_rows)


@dataclass(frozen=True, slots=True)
class Autoregression:
    """A linear forecast of each lead from the last p values of all targets.

    Args:
        lags: p.
        all_inputs: whether it reads the features and the calendar of the last step, too.
        weights: (F, horizon * targets) float64, the intercept last.
    """

    lags: int
    all_inputs: bool
    weights: np.ndarray

    @property
    def name(self) -> str:
        """Name in tables."""
        return f"{self.lags} lag{'s' * (self.lags > 1)}"

    def predict(self, dataset: SeriesDataset, rows: np.ndarray) -> np.ndarray:
        """Forecast from rows (M,): (M, horizon * targets), scaled."""
        chunks = [rows[first : first + CHUNK] for first in range(0, max(1, len(rows)), CHUNK)]
        forecasts = [_regressors(dataset, chunk, self.lags, self.all_inputs) @ self.weights for chunk in chunks]
        return np.concatenate(forecasts).astype(np.float32)


class NormalEquations:
    """X'X and X'Y of the training split for the most lags; they hold those of fewer lags."""

    def __init__(self, dataset: SeriesDataset, train: TimeSplit) -> None:
        self.most = max(lag for lag in LAGS if lag <= max(1, dataset.window))
        self.others = dataset.size - dataset.targets
        size = self.most * dataset.targets + self.others + 1
        outputs = dataset.horizon * dataset.targets
        self.products, self.moments = np.zeros((size, size)), np.zeros((size, outputs))
        self.targets = dataset.targets
        for rows, ends in _training_rows(train, self.most):
            x = _regressors(dataset, rows, self.most, True)
            y = dataset.targets_ahead(rows[None], np.zeros(len(rows), np.int64), ends)[0].numpy().astype(np.float64)
            whole = ~np.isnan(y).any(1)
            self.products += x[whole].T @ x[whole]
            self.moments += x[whole].T @ y[whole]

    def solve(self, lags: int, others: bool) -> Autoregression:
        """Fit the least squares of fewer lags, with or without the other inputs."""
        first = np.arange(lags * self.targets)
        rest = np.arange(self.most * self.targets, len(self.products) - 1) if others else np.arange(0)
        chosen = np.concatenate([first, rest, [len(self.products) - 1]])
        products = self.products[np.ix_(chosen, chosen)] + RIDGE * np.eye(len(chosen))
        return Autoregression(lags, others, np.linalg.solve(products, self.moments[chosen]))

    def candidates(self, others: bool) -> list[Autoregression]:
        """Fit one for every number of lags."""
        return [self.solve(lags, others) for lags in LAGS if lags <= self.most]


def _training_rows(train: TimeSplit, lags: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield chunks of rows that have all lags before them, and the ends of their series."""
    chunks = [
        (first, end)
        for start, end in zip(train.starts.tolist(), train.ends.tolist(), strict=True)
        for first in range(min(start + lags - 1, end), end - 1, CHUNK)
    ]
    for first, end in chunks[:: -(-len(chunks) * CHUNK // MOST_ROWS) if len(chunks) * CHUNK > MOST_ROWS else 1]:
        rows = np.arange(first, min(first + CHUNK, end - 1))
        yield rows, np.full(len(rows), end)


def _regressors(dataset: SeriesDataset, rows: np.ndarray, lags: int, others: bool) -> np.ndarray:
    """Make (M, F) float64: targets of the last step, the one before ..., other inputs, 1."""
    starts = dataset.table.offsets[dataset.table.group_of(rows)]
    back = np.maximum(rows - np.arange(lags)[:, None], starts)  # (p, M)
    columns = [dataset.last_targets(back).transpose(1, 0, 2).reshape(len(rows), -1)]
    if others:
        columns.append(dataset.read(rows[None])[0].numpy()[:, dataset.targets :])
    columns.append(np.ones((len(rows), 1), np.float32))
    return np.concatenate(columns, axis=1).astype(np.float64)


@dataclass(frozen=True, slots=True)
class Baselines:
    """The baselines: weights fitted on train, lags and season (steps, or None for none) chosen on dev.

    ``wider`` reads the features and the calendar of the last step, too, where there are any.
    """

    season: int | None
    linear: Autoregression
    wider: Autoregression | None

    def forecasts(self, dataset: SeriesDataset, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Forecast from rows (M,): (M, horizon * targets) by kind, scaled."""
        forecasts = {PERSISTENCE: persistence(dataset, rows)}
        if self.season is not None:
            forecasts[SEASONAL] = seasonal(dataset, rows, self.season)
        forecasts[LINEAR] = self.linear.predict(dataset, rows)
        if self.wider is not None:
            forecasts[LINEAR_INPUTS] = self.wider.predict(dataset, rows)
        return forecasts

    @property
    def details(self) -> dict[str, str]:
        """Describe what each kind reads."""
        wider = {} if self.wider is None else {LINEAR_INPUTS: self.wider.name}
        return {SEASONAL: f"{self.season} steps ago", LINEAR: self.linear.name, **wider}


def fit_baselines(dataset: SeriesDataset, splits: Mapping[str, TimeSplit], config: ForecasterConfig) -> Baselines:
    """Fit on train; choose lags and season on dev (on train where there is no dev)."""
    chosen_on = splits.get("dev") or splits["train"]
    rows, targets = _some_rows(dataset, chosen_on)
    equations = NormalEquations(dataset, splits["train"])

    def squared_error(candidate: Autoregression) -> float:
        return float(np.nansum((candidate.predict(dataset, rows) - targets) ** 2))

    linear = min(equations.candidates(False), key=squared_error)
    wider = min(equations.candidates(True), key=squared_error) if equations.others else None
    tried = (config.data.season,) if config.data.season else seasons(dataset.table, splits["train"].rows)
    errors = {}
    for season in tried:
        differences = seasonal(dataset, rows, season) - targets
        if not np.isnan(differences).all():
            errors[season] = float(np.nanmean(differences**2))
    return Baselines(min(errors, key=lambda season: errors[season]) if errors else None, linear, wider)


def _some_rows(dataset: SeriesDataset, split: TimeSplit, most: int = 100_000) -> tuple[np.ndarray, np.ndarray]:
    """Take rows (M,) at even distances whose next values lie in a split, and their scaled targets."""
    firsts = np.maximum(split.starts - 1, dataset.table.offsets[:-1])
    groups = np.flatnonzero(split.ends - 1 > firsts)
    rows = np.concatenate([np.arange(firsts[group], split.ends[group] - 1) for group in groups])
    if len(rows) > most:
        rows = rows[np.linspace(0, len(rows) - 1, most).astype(np.int64)]
    groups = dataset.table.group_of(rows)
    return rows, dataset.targets_ahead(rows[None], split.starts[groups], split.ends[groups])[0].numpy()
