"""Pictures of a series: how training went, what was predicted, what is forecast and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tagger.corpora.series.table import SeriesTable
from tagger.errors import OutputError
from tagger.forecasting.features import SeriesDataset
from tagger.forecasting.forecaster import Forecast, Forecaster
from tagger.forecasting.prediction import predict_split
from tagger.forecasting.windows import TimeSplit

CAME, MADE, DEV, GREY = "#444444", "#d95f02", "#1f77b4", "#777777"
MOST_SHOWN = 240  # steps of a curve
HISTORY = 4  # times as many steps of history as of forecast
MOST_PANELS = 6


def new_figure(width: float, height: float) -> Any | None:
    """An empty figure; None without matplotlib (the extra ``plots``)."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        return None
    figure = Figure(figsize=(width, height), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def save(figure: Any, path: str | Path) -> None:
    """Write a figure as PNG.

    Raises:
        OutputError: the file cannot be written.
    """
    try:
        figure.savefig(path, format="png")
    except OSError as error:
        raise OutputError(f"{path}: the picture cannot be written ({error.strerror or error})") from error


def draw_training(
    path: Path, log: Sequence[Mapping[str, Any]], model: Forecaster, table: SeriesTable, splits: Mapping[str, TimeSplit]
) -> bool:
    """Loss by epoch; the end of test as it came, was predicted a step ahead, and is forecast in one go.

    Returns:
        Whether a picture was drawn: not without matplotlib.
    """
    figure = new_figure(9, 6.4)
    if figure is None:
        return False
    panels = figure.subplot_mosaic([["loss", "one"], ["all", "all"]], width_ratios=[1, 2])
    _draw_loss(panels["loss"], log)
    split = splits.get("test") or splits.get("dev") or splits["train"]
    group = int(np.argmax(split.ends - split.starts))
    inputs = SeriesDataset(table, model.saved.scaling, model.config, model.saved.calendar)
    _draw_predictions(panels["one"], model, inputs, split, group)
    _draw_held_out(panels["all"], model, inputs, split, group)
    save(figure, path)
    return True


def _draw_loss(panel: Any, log: Sequence[Mapping[str, Any]]) -> None:
    epochs = [entry["epoch"] for entry in log]
    panel.plot(epochs, [entry["loss_per_step"] for entry in log], color=CAME, marker="o", markersize=3, label="train")
    if all(entry["dev_loss_per_step"] is not None for entry in log):
        losses = [entry["dev_loss_per_step"] for entry in log]
        panel.plot(epochs, losses, color=DEV, marker="s", markersize=3, label="dev")
    panel.legend(frameon=False, fontsize=8)
    _label(panel, "Loss a step", "epoch", "scaled")


def _draw_predictions(panel: Any, model: Forecaster, inputs: SeriesDataset, split: TimeSplit, group: int) -> None:
    one = TimeSplit(split.name, split.starts.copy(), split.ends.copy())
    keep = max(int(split.starts[group]), int(split.ends[group]) - MOST_SHOWN)
    others = np.arange(len(split.starts)) != group
    one.ends[others] = one.starts[others]
    one.starts[group] = keep
    found = predict_split(model.saved.network, inputs, one)
    made = inputs.unscaled(found.predicted, found.rows)[:, 0, 0]
    actual = inputs.unscaled(found.targets, found.rows)[:, 0, 0]
    times = axis_times(inputs.table, inputs.table.times[found.rows + 1])
    panel.plot(times, actual, color=CAME, linewidth=1, label="came")
    panel.plot(times, made, color=MADE, linewidth=1, label="predicted one step ahead")
    panel.legend(frameon=False, fontsize=8)
    name = model.config.data.targets[0] + (f", {inputs.table.groups[group]}" if inputs.table.groups[group] else "")
    _label(panel, f"{name}: the end of {split.name}", "", name)


def _draw_held_out(panel: Any, model: Forecaster, inputs: SeriesDataset, split: TimeSplit, group: int) -> None:
    """A forecast from where so many steps are left that all of them can be compared."""
    table = inputs.table
    steps = max(1, min(60, len(model.saved.intervals.widths), int(split.ends[group] - split.starts[group]) - 1))
    start, end = int(table.offsets[group]), int(split.ends[group])
    known = end - steps
    cut = SeriesTable(
        table.name, table.source, table.time, table.kind, table.times[start:known], table.columns,
        table.values[start:known], table.group, (table.groups[group],), np.array([0, known - start]),
        table.lines[start:known],
    )  # fmt: skip
    forecast = model.forecast(cut, steps)[0]
    draw_forecast_panel(panel, table, forecast, 0, (max(start, known - HISTORY * steps), end), labels=True)
    panel.set_title(f"{steps} steps forecast in one go, and what came", fontsize="medium")


def draw_forecasts(path: str | Path, table: SeriesTable, forecasts: Sequence[Forecast]) -> bool:
    """History, forecast and bands: a panel for each series and target, ``MOST_PANELS`` at most.

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
    save(figure, path)
    return True


def draw_forecast_panel(
    panel: Any, table: SeriesTable, forecast: Forecast, target: int, rows: tuple[int, int], *, labels: bool
) -> None:
    """What is known of a target between two rows, and a forecast with its bands."""
    times = axis_times(table, table.times[slice(*rows)])
    ahead = axis_times(table, forecast.times)
    panel.plot(times, table.values[slice(*rows), target], color=CAME, linewidth=1, label="history")
    for number, level in reversed(list(enumerate(forecast.levels))):
        panel.fill_between(
            ahead, forecast.low[:, number, target], forecast.high[:, number, target], color=MADE, linewidth=0,
            alpha=0.28 if number == 0 else 0.14, label=f"{100 * level:.0f} % interval",
        )  # fmt: skip
    panel.plot(ahead, forecast.values[:, target], color=MADE, linewidth=1.5, label="forecast")
    if labels:
        panel.legend(frameon=False, fontsize=8, loc="upper left", ncols=2)
    _label(panel, "", "", forecast.targets[target])


def axis_times(table: SeriesTable, times: np.ndarray) -> np.ndarray:
    """Times as matplotlib draws them."""
    return times if table.kind == "number" else times.astype("datetime64[us]")


def _label(panel: Any, title: str, across: str, up: str) -> None:
    panel.set_title(title, fontsize="medium")
    panel.set_xlabel(across, fontsize=8)
    panel.set_ylabel(up, fontsize=8, parse_math=False)
    panel.tick_params(labelsize=7)
    panel.grid(alpha=0.25)
    panel.spines[["top", "right"]].set_visible(False)
