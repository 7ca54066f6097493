"""Pictures of the copy task and of the gradients that flow back through the cells."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tagger.experiments.compare_cells import CellResult
from tagger.experiments.copy_task import SOLVED, CopyResult
from tagger.model_cards.plots import BLUE, DARK, GREY, ORANGE, add_legend, new_figure, save_figure, style_panel

COLOURS = {"rnn": DARK, "lstm": ORANGE, "gru": BLUE}
SMALLEST = 1e-14  # the lower edge of the plot


def draw_gradients(path: str | Path, results: Sequence[CellResult]) -> bool:
    """Draw the norm of the gradient by the steps back, before and after training.

    Returns:
        Whether a picture was drawn: not without matplotlib.
    """
    figure = new_figure(9, 4)
    if figure is None:
        return False
    panels = figure.subplots(1, 2, sharey=True)
    for panel, title, norms in (
        (panels[0], "untrained", {one.cell: one.before for one in results}),
        (panels[1], "trained", {one.cell: one.after for one in results}),
    ):
        _draw_norms(panel, norms)
        style_panel(panel, f"Gradient that arrives, {title}", "steps back")
    panels[0].set_ylabel("norm of d loss(T) / d state(T - k)", fontsize=8)
    add_legend(panels[1])
    save_figure(figure, path)
    return True


def _draw_norms(panel: Any, norms: Mapping[str, Mapping[str, Sequence[float]]]) -> None:
    for cell, states in norms.items():
        for name, values in states.items():
            shown = [max(value, SMALLEST) if value else math.nan for value in values]  # 0: it does not depend on it
            style = "--" if name == "cell state" else "-"
            panel.plot(shown, style, color=COLOURS[cell], linewidth=1.5, label=f"{cell.upper()}, {name}")
    panel.set_yscale("log")


def draw_copy(
    path: str | Path, results: Mapping[str, Sequence[CopyResult]], norms: Mapping[str, Mapping[str, Sequence[float]]]
) -> bool:
    """Draw right answers by the length of the memory, and the gradient after training.

    Returns:
        Whether a picture was drawn: not without matplotlib.
    """
    figure = new_figure(9, 4)
    if figure is None:
        return False
    panels = figure.subplots(1, 2)
    for cell, by_length in results.items():
        lengths, shares = [one.length for one in by_length], [100 * one.accuracy for one in by_length]
        panels[0].plot(lengths, shares, color=COLOURS[cell], marker="o", markersize=4, label=cell.upper())
    panels[0].axhline(100 * SOLVED, color=GREY, linestyle=":", linewidth=0.8)
    panels[0].set_ylim(0, 103)
    add_legend(panels[0], loc="lower left")
    style_panel(panels[0], "Right answers after N distractors (%)", "N")
    _draw_norms(panels[1], norms)
    add_legend(panels[1])
    style_panel(panels[1], "Gradient that arrives, after training", "steps back")
    save_figure(figure, path)
    return True
