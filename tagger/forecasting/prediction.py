"""Reading a part of a series with a network: what it predicts at every step, and what came."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from tagger.corpora.series.table import SeriesTable
from tagger.corpora.series.time_checks import is_monthly, on_workdays, usual_step
from tagger.corpora.series.timestamps import DAY, TimeKind
from tagger.forecasting.features import SeriesDataset
from tagger.forecasting.windows import Part, evaluation_windows, stretch
from tagger.models.networks.series_network import SeriesNetwork

STEPS_AT_ONCE = 16_384


@dataclass(frozen=True, slots=True)
class Predictions:
    """M predictions.

    Args:
        rows: (M,) the row that each was made at.
        predicted: (M, horizon * targets) float32, scaled.
        targets: the same shape, scaled; NaN where a target is missing or lies outside the part.
    """

    rows: np.ndarray
    predicted: np.ndarray
    targets: np.ndarray


@torch.inference_mode()
def predictions(
    model: SeriesNetwork, inputs: SeriesDataset, part: Part, device: torch.device | str = "cpu"
) -> Iterator[Predictions]:
    """Predict every value of a part once for each lead, from what lies before it; a batch at a time.

    Each prediction has read the last steps, half a window of them at least (fewer at the beginning of a series).

    Args:
        model: in evaluation mode.
        inputs: all rows.
        part: what is predicted.
        device: where the model is.
    """
    starts, firsts, groups = evaluation_windows(part, inputs.table.offsets, inputs.window, inputs.horizon)
    size = max(1, STEPS_AT_ONCE // inputs.window)
    for i in range(0, len(starts), size):
        chosen = slice(i, i + size)
        laid = stretch(part, starts[chosen], groups[chosen], inputs.window)
        positions = starts[chosen] + np.arange(inputs.window)[:, None]
        made = (positions >= firsts[chosen]) & (positions < laid.end - 1)
        predicted = model(inputs.read(laid.rows).to(device)).cpu().numpy()
        targets = inputs.wanted(laid.rows, laid.first, laid.end).numpy()
        yield Predictions(laid.rows[made], predicted[made], targets[made])


def predict_split(
    model: SeriesNetwork, inputs: SeriesDataset, part: Part, device: torch.device | str = "cpu"
) -> Predictions:
    """All predictions of a part, in the order of their rows."""
    found = list(predictions(model, inputs, part, device))
    rows = np.concatenate([one.rows for one in found])
    order = np.argsort(rows, kind="stable")
    return Predictions(
        rows[order],
        np.concatenate([one.predicted for one in found])[order],
        np.concatenate([one.targets for one in found])[order],
    )


LEVELS = (0.8, 0.95)
MOST_LEADS = 96
MOST_ORIGINS = 512
WIDEST = 1e30
"""Half of the width of an interval, scaled, that could still be meant."""


@dataclass(frozen=True, slots=True)
class Intervals:
    """How far forecasts were off on values that were held out.

    Args:
        levels: shares of the values that lie within, such as 0.8.
        widths: (leads, levels, targets) float64, half of the width of each interval, scaled.
    """

    levels: tuple[float, ...]
    widths: np.ndarray

    def at(self, lead: int) -> np.ndarray:
        """(levels, targets) half widths; beyond the leads that were measured they grow with the root of the lead."""
        measured = len(self.widths)
        width: np.ndarray = self.widths[min(lead, measured) - 1] * max(1.0, lead / measured) ** 0.5
        return width

    def to_dict(self) -> dict[str, Any]:
        """As ``config.json`` holds it."""
        return {"levels": list(self.levels), "widths": np.round(self.widths, 6).tolist()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], targets: int) -> Intervals:
        """From ``to_dict``.

        Raises:
            ValueError: they are none of so many targets.
        """
        widths = np.array(values["widths"], dtype=np.float64)
        levels = tuple(map(float, values["levels"]))
        fits = widths.ndim == 3 and len(widths) and widths.shape[1:] == (len(levels), targets)
        if not fits or not (widths >= 0).all() or not (widths <= WIDEST).all() or not all(0 < x < 1 for x in levels):
            raise ValueError("the intervals do not fit together")
        return cls(levels, widths)


@torch.inference_mode()
def forecast_recursively(
    model: SeriesNetwork, inputs: SeriesDataset, origins: np.ndarray, times: np.ndarray
) -> np.ndarray:
    """Forecast from some rows on, each from the steps up to it.

    Leads up to the horizon come from the head at once; for those beyond, predictions are read in the place of values,
    and the farthest lead of the head is taken. Features keep their last value. Where a series began less than a window
    ago, its first row is read for what is missing.

    Args:
        model: in evaluation mode, on the CPU.
        inputs: all rows.
        origins: (B,) the last row that is known.
        times: (steps, B) of what is forecast.

    Returns:
        (steps, B, targets) float32, scaled.
    """
    starts = inputs.table.offsets[inputs.table.group_of(origins)]
    rows = np.maximum(origins - np.arange(inputs.window - 1, -1, -1)[:, None], starts)
    seen = inputs.read(rows)
    outputs, states = model.read(seen)
    targets, horizon = inputs.targets, inputs.horizon
    found = list(outputs[-1].view(len(origins), horizon, targets).unbind(1))
    step = seen[-1:].clone()
    for number in range(len(times) - horizon):
        step[..., :targets] = found[number]
        if inputs.calendar is not None and inputs.calendar.size:
            step[..., len(inputs.table.columns) :] = torch.from_numpy(inputs.calendar(times[number]))
        outputs, states = model.read(step, states)
        found.append(outputs[0].view(len(origins), horizon, targets)[:, -1])
    forecast: np.ndarray = torch.stack(found[: len(times)]).numpy()
    return forecast


def forecast_errors(model: SeriesNetwork, inputs: SeriesDataset, part: Part) -> np.ndarray:
    """(leads, M, targets) what came minus what was forecast from many rows of a part, scaled; NaN where unknown.

    So many leads as a third of the part has rows, ``MOST_LEADS`` at most; fewer than ``MOST_ORIGINS`` beginnings.
    """
    longest = int((part.ends - part.starts).max())
    leads = max(inputs.horizon, min(MOST_LEADS, longest // 3))
    spans = [
        np.arange(max(begin - 1, first), end - leads)
        for begin, end, first in zip(part.starts, part.ends, inputs.table.offsets[:-1], strict=True)
    ]
    origins = np.concatenate(spans)
    if not len(origins):
        return np.full((leads, 1, inputs.targets), np.nan)
    origins = origins[np.unique(np.linspace(0, len(origins) - 1, MOST_ORIGINS).round().astype(int))]
    ahead = origins + np.arange(1, leads + 1)[:, None]
    came = inputs.scaled(inputs.table.values[ahead][..., : inputs.targets], ahead, inputs.targets)
    pieces = np.array_split(np.arange(len(origins)), -(-len(origins) * inputs.window // STEPS_AT_ONCE))
    times = inputs.table.times[ahead]
    found: np.ndarray = came - np.concatenate(
        [forecast_recursively(model, inputs, origins[some], times[:, some]) for some in pieces], axis=1
    )
    return found


def fit_intervals(found: np.ndarray) -> Intervals:
    """Half widths that hold a share of the residuals (leads, M, targets): split conformal prediction.

    The ceil((M + 1) * level)-th smallest size (Vovk et al. 2005; Lei et al. 2018), or the largest where there are few.
    """
    sizes = np.sort(np.abs(found), axis=1)  # NaN last
    counts = (~np.isnan(found)).sum(1)  # (leads, targets)
    widths = []
    for level in LEVELS:
        place = np.clip(np.ceil((counts + 1) * level).astype(int), 1, np.maximum(1, counts)) - 1
        widths.append(np.take_along_axis(sizes, place[:, None], axis=1)[:, 0])
    return Intervals(LEVELS, np.nan_to_num(np.stack(widths, axis=1), nan=0.0))


def coverage(intervals: Intervals, found: np.ndarray) -> tuple[float, ...]:
    """The share of residuals (leads, M, targets) within each level's interval."""
    shares = []
    for number in range(len(intervals.levels)):
        widths = np.stack([intervals.at(lead)[number] for lead in range(1, len(found) + 1)])
        known = ~np.isnan(found)
        shares.append(float((np.abs(found) <= widths[:, None])[known].mean()) if known.any() else float("nan"))
    return tuple(shares)


def future_times(table: SeriesTable, group: int, steps: int) -> np.ndarray:
    """(steps,) the times after the last row of a series: a usual step, a month or a workday apart."""
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
    return _shifted(last, ahead, step or 1.0, table.kind)


def _shifted(last: Any, ahead: np.ndarray, step: float, kind: TimeKind) -> np.ndarray:
    if kind == "number":
        return np.asarray(float(last) + step * ahead, dtype=np.float64)
    return np.asarray(int(last) + np.int64(step) * ahead, dtype=np.int64)
