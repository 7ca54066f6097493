"""Learning curves as a picture (``curves.png``) and as one line of text."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tagger.corpora.files.paths import user_path
from tagger.errors import OutputError

BLOCKS = "▁▂▃▄▅▆▇█"
ASCII_BLOCKS = "_.-=+*#@"


def spark(values: Sequence[float], *, width: int = 40, blocks: str = BLOCKS) -> str:
    """Draw a curve of one character per value; values that are not finite leave a gap.

    Args:
        values: the curve.
        width: most characters; a longer curve shows every n-th value and always the last.
        blocks: characters by height.
    """
    shown = list(values)
    if len(shown) > width:
        last = len(values) - 1
        shown = [values[round(place * last / (width - 1))] for place in range(width)]
    finite = [value for value in shown if math.isfinite(value)]
    if not finite:
        return " " * len(shown)
    low, high = min(finite), max(finite)
    steps = len(blocks) - 1
    return "".join(
        blocks[round((value - low) / (high - low) * steps) if high > low else steps // 2]
        if math.isfinite(value)
        else " "
        for value in shown
    )


def draw_curves(log: Sequence[Mapping[str, Any]], path: str | Path) -> bool:
    """Draw loss and dev accuracy by epoch, if matplotlib (the extra ``plots``) is installed.

    Args:
        log: one mapping per epoch with the fields of `tagger.training.events.EpochEnd`.
        path: of the PNG.

    Returns:
        Whether a picture was written; False without matplotlib or without an epoch.
    """
    accuracies = _points(log, "dev_accuracy", factor=100)
    figure = new_figure(9 if accuracies else 5, 3.6)
    if figure is None or not _points(log, "loss_per_step"):
        return False
    panels = figure.subplots(1, 2 if accuracies else 1, squeeze=False)[0]
    draw_losses(panels[0], log, "cross-entropy (nats per word)")
    if accuracies:
        _draw_accuracy(panels[1], accuracies)
    save_figure(figure, path)
    return True


def _points(log: Sequence[Mapping[str, Any]], name: str, factor: float = 1) -> list[tuple[int, float]]:
    """Select (epoch, value) where the value was measured and is finite."""
    pairs = ((int(entry["epoch"]), entry.get(name)) for entry in log)
    return [(epoch, value * factor) for epoch, value in pairs if value is not None and math.isfinite(value)]


def draw_losses(panel: Any, log: Sequence[Mapping[str, Any]], unit: str) -> None:
    """Draw the loss on train and dev by epoch; ``unit`` names the loss."""
    panel.plot(*zip(*_points(log, "loss_per_step"), strict=True), color=BLUE, marker="o", markersize=3, label="train")
    if dev := _points(log, "dev_loss_per_step"):
        panel.plot(*zip(*dev, strict=True), color=ORANGE, marker="s", markersize=3, label="dev")
    panel.set_ylim(bottom=0)
    add_legend(panel)
    _label(panel, "Loss per step", unit)


def _draw_accuracy(panel: Any, dev: list[tuple[int, float]]) -> None:
    best_epoch, best = max(dev, key=lambda point: point[1])
    panel.plot(*zip(*dev, strict=True), color=ORANGE, marker="s", markersize=3)
    panel.axhline(best, color=DARK, linewidth=0.8, linestyle=":")
    panel.plot(best_epoch, best, color=DARK, marker="o", markersize=8, fillstyle="none")
    note = f"best: {best:.2f} %, epoch {best_epoch}"
    panel.text(0.98, 0.05, note, transform=panel.transAxes, ha="right", color=DARK)
    _label(panel, "Accuracy on dev", "words tagged right (%)")


def _label(panel: Any, title: str, unit: str) -> None:
    from matplotlib.ticker import MaxNLocator

    style_panel(panel, title, "epoch", unit)
    panel.xaxis.set_major_locator(MaxNLocator(integer=True))


DARK, ORANGE, BLUE, GREY = "#444444", "#d95f02", "#1f77b4", "#777777"
"""Colours that the colour-blind, too, tell apart."""
MISSING = "no picture was drawn; it needs matplotlib: pip install 'sequence-tagger[plots]'"


def new_figure(width: float = 6.4, height: float = 4.8) -> Any | None:
    """Make an empty figure of that size in inches; None without matplotlib."""
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # not that it has no folder for its cache
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        return None
    figure = Figure(figsize=(width, height), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def save_figure(figure: Any, path: str | Path) -> None:
    """Write a figure as PNG.

    Raises:
        OutputError: the file cannot be written.
    """
    try:
        figure.savefig(user_path(path), format="png")
    except OSError as error:
        raise OutputError(f"{path}: the picture cannot be written ({error.strerror or error})") from error


def style_panel(panel: Any, title: str, x: str = "", y: str = "") -> None:
    """Set the title and the labels of the axes, draw a grid and no box."""
    panel.set_title(title, fontsize="medium")
    panel.set_xlabel(x, fontsize=8)
    panel.set_ylabel(y, fontsize=8, parse_math=False)
    panel.tick_params(labelsize=7)
    panel.grid(alpha=0.25)
    panel.spines[["top", "right"]].set_visible(False)


def add_legend(panel: Any, **place: Any) -> None:
    """Add a small legend without a frame; ``place`` as of ``Axes.legend``."""
    panel.legend(frameon=False, fontsize=8, **place)
