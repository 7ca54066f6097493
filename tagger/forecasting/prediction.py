"""Predictions of a network: within a split, and recursively beyond the last row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from tagger.corpora.series.table import SeriesTable
from tagger.corpora.series.time_checks import is_monthly, on_workdays, usual_step
from tagger.corpora.series.timestamps import DAY
from tagger.forecasting.features import SeriesDataset
from tagger.forecasting.windows import TimeSplit, evaluation_windows, make_windows
from tagger.models.networks.causal_networks import SeriesNetwork

STEPS_AT_ONCE = 16_384


@dataclass(frozen=True, slots=True)
class Predictions:
    """M predictions.

    Args:
        rows: (M,) the last row that each prediction has read.
        predicted: (M, horizon * targets) float32, scaled.
        targets: the same shape, scaled; NaN where a target is missing or lies outside the split.
    """

    rows: np.ndarray
    predicted: np.ndarray
    targets: np.ndarray


@torch.inference_mode()
def predictions(
    model: SeriesNetwork, dataset: SeriesDataset, split: TimeSplit, device: torch.device | str = "cpu"
) -> Iterator[Predictions]:
    """Predict every value of a split once for each lead, a batch at a time.

    The model is in evaluation mode. Each prediction has read at least half a window of rows (fewer at the beginning
    of a series).
    """
    starts, firsts, groups = evaluation_windows(split, dataset.table.offsets, dataset.window, dataset.horizon)
    size = max(1, STEPS_AT_ONCE // dataset.window)
    for i in range(0, len(starts), size):
        chosen = slice(i, i + size)
        windows = make_windows(split, starts[chosen], groups[chosen], dataset.window)
        positions = starts[chosen] + np.arange(dataset.window)[:, None]
        predicting = (positions >= firsts[chosen]) & (positions < windows.end - 1)
        predicted = model(dataset.read(windows.rows).to(device)).cpu().numpy()
        targets = dataset.targets_ahead(windows.rows, windows.first, windows.end).numpy()
        yield Predictions(windows.rows[predicting], predicted[predicting], targets[predicting])


def predict_split(model: SeriesNetwork, dataset: SeriesDataset, split: TimeSplit) -> Predictions:
    """Predict a split in the order of its rows; the model is on the CPU."""
    batches = list(predictions(model, dataset, split))
    rows, predicted, targets = (
        np.concatenate([getattr(batch, name) for batch in batches]) for name in ("rows", "predicted", "targets")
    )
    order = np.argsort(rows, kind="stable")
    return Predictions(rows[order], predicted[order], targets[order])


@torch.inference_mode()
def forecast_recursively(
    model: SeriesNetwork, dataset: SeriesDataset, origins: np.ndarray, times: np.ndarray
) -> np.ndarray:
    """Forecast from some rows on; the network reads its own predictions beyond the horizon.

    The head gives the leads up to the horizon at once. For later ones the network reads each prediction as if it were
    a value, and its farthest lead counts. Features keep their last value. Where a series began less than a window ago,
    its first row stands for those that are missing.

    Args:
        model: in evaluation mode, on the CPU.
        dataset: all rows.
        origins: (B,) the last row that is known.
        times: (steps, B) of what is forecast.

    Returns:
        (steps, B, targets) float32, scaled.
    """
    starts = dataset.table.offsets[dataset.table.group_of(origins)]
    rows = np.maximum(origins - np.arange(dataset.window - 1, -1, -1)[:, None], starts)
    seen = dataset.read(rows)
    outputs, states = model.read(seen)
    targets, horizon = dataset.targets, dataset.horizon
    forecasts = list(outputs[-1].view(len(origins), horizon, targets).unbind(1))
    step = seen[-1:].clone()
    for number in range(len(times) - horizon):
        step[..., :targets] = forecasts[number]
        if dataset.calendar is not None and dataset.calendar.size:
            step[..., len(dataset.table.columns) :] = torch.from_numpy(dataset.calendar(times[number]))
        outputs, states = model.read(step, states)
        forecasts.append(outputs[0].view(len(origins), horizon, targets)[:, -1])
    stacked: np.ndarray = torch.stack(forecasts[: len(times)]).numpy()
    return stacked


def future_times(table: SeriesTable, group: int, steps: int) -> np.ndarray:
    """Continue the times of a series: (steps,) a usual step, month or workday apart."""
    start, end = table.offsets[group : group + 2]
    last = table.times[end - 1]
    ahead = np.arange(1, steps + 1)
    if is_monthly(table.times, table.offsets, table.kind):
        moment = np.array([int(last)]).astype("datetime64[us]")
        month = moment.astype("datetime64[M]")
        rest = (moment - month).astype(np.int64)[0]
        return (month + ahead).astype("datetime64[us]").astype(np.int64) + min(int(rest), 28 * DAY - 1)
    if on_workdays(table.times, table.offsets, table.kind):
        day = np.array([int(last) // DAY]).astype("datetime64[D]")
        days = np.busday_offset(day, ahead, roll="backward").astype(np.int64)
        return days * DAY + int(last) % DAY
    step = usual_step(table.times[start:end], np.array([0, end - start])) or usual_step(table.times, table.offsets)
    number = float if table.kind == "number" else int
    return np.asarray(number(last) + number(step or 1) * ahead)
