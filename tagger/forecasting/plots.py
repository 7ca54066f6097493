"""Pictures of a series: training, predictions, forecasts with their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tagger.corpora.series.table import SeriesTable
from tagger.forecasting.features import SeriesDataset
from tagger.forecasting.forecaster import Forecast, Forecaster
from tagger.forecasting.prediction import predict_split
from tagger.forecasting.windows import TimeSplit
from tagger.model_cards.plots import DARK, ORANGE, add_legend, draw_losses, new_figure, save_figure, style_panel

ACTUAL, PREDICTED = DARK, ORANGE
MOST_SHOWN = 240  # steps of a curve
HISTORY = 4  # times as many steps of history as of forecast
MOST_PANELS = 6


def draw_training(
    path: Path, log: Sequence[Mapping[str, Any]], model: Forecaster, table: SeriesTable, splits: Mapping[str, TimeSplit]
) -> bool:
    """Draw the loss by epoch, and the end of test: actual, predicted one step ahead, forecast in one go.

    Returns:
        Whether a picture was drawn: not without matplotlib.
    """
    figure = new_figure(9, 6.4)
    if figure is None:
        return False
    panels = figure.subplot_mosaic([["loss", "one"], ["all", "all"]], width_ratios=[1, 2])
    draw_losses(panels["loss"], log, "scaled error")
    split = splits.get("test") or splits.get("dev") or splits["train"]
    group = int(np.argmax(split.ends - split.starts))
    dataset = SeriesDataset(table, model.saved.scaling, model.config, model.saved.calendar)
    _draw_predictions(panels["one"], model, dataset, split, group)
    _draw_held_out(panels["all"], model, dataset, split, group)
    save_figure(figure, path)
    return True


def _draw_predictions(panel: Any, model: Forecaster, dataset: SeriesDataset, split: TimeSplit, group: int) -> None:
    shown = TimeSplit(split.name, split.starts.copy(), split.starts.copy())
    shown.starts[group] = max(int(split.starts[group]), int(split.ends[group]) - MOST_SHOWN)
    shown.ends[group] = split.ends[group]
    predictions = predict_split(model.saved.network, dataset, shown)
    predicted = dataset.unscaled(predictions.predicted, predictions.rows)[:, 0, 0]
    actual = dataset.unscaled(predictions.targets, predictions.rows)[:, 0, 0]
    times = axis_times(dataset.table, dataset.table.times[predictions.rows + 1])
    panel.plot(times, actual, color=ACTUAL, linewidth=1, label="actual")
    panel.plot(times, predicted, color=PREDICTED, linewidth=1, label="predicted one step ahead")
    add_legend(panel)
    name = model.config.data.targets[0] + (f", {dataset.table.groups[group]}" if dataset.table.groups[group] else "")
    style_panel(panel, f"{name}: the end of {split.name}", "", name)


def _draw_held_out(panel: Any, model: Forecaster, dataset: SeriesDataset, split: TimeSplit, group: int) -> None:
    """Forecast the last steps of a split in one go, beside the actual values."""
    table = dataset.table
    steps = max(1, min(60, len(model.saved.intervals.widths), int(split.ends[group] - split.starts[group]) - 1))
    start, end = int(table.offsets[group]), int(split.ends[group])
    known = end - steps
    rows = slice(start, known)
    cut = replace(
        table,
        times=table.times[rows],
        values=table.values[rows],
        lines=table.lines[rows],
        groups=(table.groups[group],),
        offsets=np.array([0, known - start]),
    )
    forecast = model.forecast(cut, steps)[0]
    draw_forecast_panel(panel, table, forecast, 0, (max(start, known - HISTORY * steps), end), labels=True)
    panel.set_title(f"{steps} steps forecast in one go, and the actual values", fontsize="medium")


def draw_forecasts(path: str | Path, table: SeriesTable, forecasts: Sequence[Forecast]) -> bool:
    """Draw history, forecast and intervals: a panel for each series and target, at most ``MOST_PANELS``.

    Returns:
        Whether a picture was drawn: not without matplotlib.
    """
    shown = [(one, number) for one in forecasts for number in range(len(one.targets))][:MOST_PANELS]
    figure = new_figure(9, 0.6 + 2.8 * len(shown))
    if figure is None:
        return False
    panels = figure.subplots(len(shown), 1, squeeze=False)[:, 0]
    for place, (panel, (forecast, number)) in enumerate(zip(panels, shown, strict=True)):
        start, end = forecast.known
        history = max(24, HISTORY * len(forecast.values))
        draw_forecast_panel(panel, table, forecast, number, (max(start, end - history), end), labels=not place)
        series = f", {forecast.group}" if forecast.group else ""
        panel.set_title(f"{forecast.targets[number]}{series}: {len(forecast.values)} steps ahead", fontsize="medium")
    save_figure(figure, path)
    return True


def draw_forecast_panel(
    panel: Any, table: SeriesTable, forecast: Forecast, target: int, rows: tuple[int, int], *, labels: bool
) -> None:
    """Draw a target between two rows, and a forecast with its intervals."""
    times = axis_times(table, table.times[slice(*rows)])
    ahead = axis_times(table, forecast.times)
    panel.plot(times, table.values[slice(*rows), target], color=ACTUAL, linewidth=1, label="history")
    for number, level in reversed(list(enumerate(forecast.levels))):
        panel.fill_between(
            ahead, forecast.low[:, number, target], forecast.high[:, number, target], color=PREDICTED, linewidth=0,
            alpha=0.28 if number == 0 else 0.14, label=f"{100 * level:.0f} % interval",
        )  # fmt: skip
    panel.plot(ahead, forecast.values[:, target], color=PREDICTED, linewidth=1.5, label="forecast")
    if labels:
        add_legend(panel, loc="upper left", ncols=2)
    style_panel(panel, "", "", forecast.targets[target])


def axis_times(table: SeriesTable, times: np.ndarray) -> np.ndarray:
    """Convert times to what matplotlib draws."""
    return times if table.kind == "number" else times.astype("datetime64[us]")
