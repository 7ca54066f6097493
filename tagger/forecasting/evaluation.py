"""Scores of forecasts beside the baselines, and prediction intervals from held-out values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tagger.config.forecaster import ForecasterConfig
from tagger.evaluation.forecast_scores import NETWORK, TargetScores, score_target
from tagger.forecasting.baselines import Baselines
from tagger.forecasting.features import SeriesDataset
from tagger.forecasting.prediction import STEPS_AT_ONCE, forecast_recursively, predict_split
from tagger.forecasting.windows import TimeSplit
from tagger.models.networks.causal_networks import SeriesNetwork

LEVELS = (0.8, 0.95)
MOST_LEADS = 96
MOST_ORIGINS = 512
WIDEST = 1e30
"""The largest half width, scaled, that a folder may hold."""


@dataclass(frozen=True, slots=True)
class Intervals:
    """Prediction intervals: how far forecasts were off on held-out values.

    Args:
        levels: share of the values within each interval, such as 0.8.
        widths: (leads, levels, targets) float64, half of the width of each interval, scaled.
    """

    levels: tuple[float, ...]
    widths: np.ndarray

    def at(self, lead: int) -> np.ndarray:
        """(levels, targets) half widths; they grow with the root of the lead beyond the measured leads."""
        measured = len(self.widths)
        width: np.ndarray = self.widths[min(lead, measured) - 1] * max(1.0, lead / measured) ** 0.5
        return width

    def to_dict(self) -> dict[str, Any]:
        """Turn into what ``config.json`` holds."""
        return {"levels": list(self.levels), "widths": np.round(self.widths, 6).tolist()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], targets: int) -> Intervals:
        """Read what ``to_dict`` gave.

        Raises:
            ValueError: they are not intervals of that number of targets.
        """
        widths = np.array(values["widths"], dtype=np.float64)
        levels = tuple(map(float, values["levels"]))
        fits = widths.ndim == 3 and len(widths) and widths.shape[1:] == (len(levels), targets)
        if not fits or not (widths >= 0).all() or not (widths <= WIDEST).all() or not all(0 < x < 1 for x in levels):
            raise ValueError("the intervals do not fit together")
        return cls(levels, widths)


def evaluate(
    network: SeriesNetwork, dataset: SeriesDataset, split: TimeSplit, baselines: Baselines, config: ForecasterConfig
) -> list[TargetScores]:
    """Score every target on a split, in the unit of the data; the network is on the CPU."""
    predictions = predict_split(network, dataset, split)
    rows = predictions.rows
    scaled = {NETWORK: predictions.predicted, **baselines.forecasts(dataset, rows)}
    forecasts = {name: dataset.unscaled(values, rows) for name, values in scaled.items()}
    actual = dataset.unscaled(predictions.targets, rows)
    scores = []
    for number, target in enumerate(config.data.targets):
        of_target = {name: values[..., number] for name, values in forecasts.items()}
        scores.append(score_target(target, actual[..., number], of_target, baselines.details))
    return [one for one in scores if one is not None]


def forecast_errors(model: SeriesNetwork, dataset: SeriesDataset, split: TimeSplit) -> np.ndarray:
    """Forecast from many rows of a split: (leads, M, targets) actual minus forecast, scaled; NaN where unknown.

    The leads reach a third of the split, at most ``MOST_LEADS``; at most ``MOST_ORIGINS`` rows are origins.
    """
    leads = max(dataset.horizon, min(MOST_LEADS, split.longest // 3))
    spans = [
        np.arange(max(begin - 1, first), end - leads)
        for begin, end, first in zip(split.starts, split.ends, dataset.table.offsets[:-1], strict=True)
    ]
    origins = np.concatenate(spans)
    if not len(origins):
        return np.full((leads, 1, dataset.targets), np.nan)
    origins = origins[np.unique(np.linspace(0, len(origins) - 1, MOST_ORIGINS).round().astype(int))]
    ahead = origins + np.arange(1, leads + 1)[:, None]
    actual = dataset.scaled(dataset.table.values[ahead][..., : dataset.targets], ahead, dataset.targets)
    pieces = np.array_split(np.arange(len(origins)), -(-len(origins) * dataset.window // STEPS_AT_ONCE))
    times = dataset.table.times[ahead]
    forecasts = [forecast_recursively(model, dataset, origins[some], times[:, some]) for some in pieces]
    errors: np.ndarray = actual - np.concatenate(forecasts, axis=1)
    return errors


def fit_intervals(errors: np.ndarray) -> Intervals:
    """Choose half widths that hold a share of the errors (leads, M, targets): split conformal prediction.

    The ceil((M + 1) * level)-th smallest size (Vovk et al. 2005; Lei et al. 2018), or the largest where there are few.
    """
    sizes = np.sort(np.abs(errors), axis=1)  # NaN last
    counts = (~np.isnan(errors)).sum(1)  # (leads, targets)
    widths = []
    for level in LEVELS:
        place = np.clip(np.ceil((counts + 1) * level).astype(int), 1, np.maximum(1, counts)) - 1
        widths.append(np.take_along_axis(sizes, place[:, None], axis=1)[:, 0])
    return Intervals(LEVELS, np.nan_to_num(np.stack(widths, axis=1), nan=0.0))


def coverage(intervals: Intervals, errors: np.ndarray) -> tuple[float, ...]:
    """Give the share of errors (leads, M, targets) within each level's interval."""
    known = ~np.isnan(errors)
    if not known.any():
        return (float("nan"),) * len(intervals.levels)
    widths = np.stack([intervals.at(lead) for lead in range(1, len(errors) + 1)])  # (leads, levels, targets)
    within = np.abs(errors)[:, None] <= widths[:, :, None]  # (leads, levels, M, targets)
    return tuple(float(within[:, number][known].mean()) for number in range(len(intervals.levels)))
