"""Figures of matplotlib (the extra ``plots``): set-up, saving, and the style that all panels share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tagger.errors import OutputError

DARK, ORANGE, BLUE, GREY = "#444444", "#d95f02", "#1f77b4", "#777777"
"""Colours that the colour-blind, too, tell apart."""
MISSING = "no picture was drawn; it needs matplotlib: pip install 'sequence-tagger[plots]'"


def new_figure(width: float = 6.4, height: float = 4.8) -> Any | None:
    """Make an empty figure of that size in inches; None without matplotlib."""
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
        figure.savefig(path, format="png")
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
