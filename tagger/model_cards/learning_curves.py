"""Learning curves as a picture (``curves.png``) and as one line of text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tagger.model_cards.figures import BLUE, DARK, ORANGE, add_legend, new_figure, save_figure, style_panel

BLOCKS = "▁▂▃▄▅▆▇█"
ASCII_BLOCKS = "_.-=+*#@"


def spark(values: Sequence[float], *, width: int = 40, blocks: str = BLOCKS) -> str:
    """Draw a curve of one character per value.

    Args:
        values: the curve; values that are not finite leave a gap.
        width: most characters; a longer curve shows every n-th value and always the last.
        blocks: characters by height.

    Returns:
        The line; empty without values.
    """
    shown = _thinned(values, width)
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


def _thinned(values: Sequence[float], width: int) -> list[float]:
    if len(values) <= width:
        return list(values)
    last = len(values) - 1
    return [values[round(place * last / (width - 1))] for place in range(width)]


def draw_curves(log: Sequence[Mapping[str, Any]], path: str | Path) -> bool:
    """Draw loss and dev accuracy by epoch, if matplotlib (the extra ``plots``) is installed.

    Args:
        log: one mapping per epoch with the fields of `tagger.training.events.EpochEnd`: ``epoch``,
            ``loss_per_step`` and, where dev was scored, ``dev_loss_per_step`` and ``dev_accuracy``.
        path: where the PNG goes.

    Returns:
        Whether a picture was written; False without matplotlib or without an epoch.

    Raises:
        OutputError: the file cannot be written.
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
    """Draw the loss on train and, where it was scored, on dev by epoch; ``unit`` names the loss."""
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
