"""Draw gates as heat maps: a panel for each gate, direction and layer; words are columns, units rows."""

from __future__ import annotations

import io
import textwrap
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from tagger.errors import ConfigError, OutputError
from tagger.interpretability.gate_activations import Gates, Place, by_movement
from tagger.interpretability.gate_names import describe, is_gate, label, meaning
from tagger.model_cards.plots import new_figure

MOST_WORDS = 100
"""More would be illegible."""
MOST_UNIT_LABELS = 24
MOST_FIGURES = 40  # words whose means are written into their cells
_WORD, _MARGIN, _NARROWEST = 0.21, 1.3, 3.4  # inches: a word, the margin of a panel, the least width of its field
_GREY = "#666666"
_LOOK: Any = {"aspect": "auto", "interpolation": "nearest"}
_OTHER_SCRIPTS = ("Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans Arabic", "Noto Sans Devanagari", "Unifont")


def heat_map(gates: Gates, *, average: bool = False, sort: bool = False) -> bytes:
    """Draw all arrays of ``gates``; select some with ``gates.pick`` first.

    Args:
        gates: at most MOST_WORDS words.
        average: draw means over the units (of states: of absolute values), a row for each direction and layer.
        sort: order the units of each panel by the word where they are furthest from their mean, not by number.

    Returns:
        A PNG.

    Raises:
        OutputError: matplotlib (the extra ``plots``) is not installed.
        ConfigError: there are too many words.
    """
    figure = new_figure()
    if figure is None:
        raise OutputError(
            'heat map: matplotlib is not installed; get it with pip install "sequence-tagger[plots]", '
            "or write a page with --html"
        )
    if len(gates.tokens) > MOST_WORDS:
        raise ConfigError(
            f"heat map: the text has {len(gates.tokens):,} words; expected at most {MOST_WORDS}: "
            "give a shorter one, or write a page with --html"
        )
    from matplotlib import rc_context

    content = io.BytesIO()
    with warnings.catch_warnings(), rc_context({"font.family": _fonts(), "axes.unicode_minus": True}):
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # a script that no font here has: boxes
        if average:
            _draw_means(figure, gates)
        else:
            _draw_units(figure, gates, sort=sort)
        figure.savefig(content, format="png")
    return content.getvalue()


def _fonts() -> list[str]:
    """List the usual font and installed fonts for other scripts."""
    from matplotlib.font_manager import fontManager

    installed = set(fontManager.get_font_names())
    return ["DejaVu Sans", *(name for name in _OTHER_SCRIPTS if name in installed)]


def _draw_units(figure: Any, gates: Gates, *, sort: bool) -> None:
    """Draw a row of panels for each name, a column for each direction and layer."""
    width = _field_width(gates)
    size = min(2.2, max(0.7, 0.16 * max(len(values[0]) for values in gates.arrays.values())))
    places = gates.places
    figure.set_size_inches(len(places) * (width + _MARGIN), len(gates.names) * (size + 0.75) + 1.3)
    panels = figure.subplots(len(gates.names), len(places), squeeze=False)
    for row, name in enumerate(gates.names):
        limit = _limit([gates[(*place, name)] for place in places], name)
        for column, place in enumerate(places):
            panel, values = panels[row][column], gates[(*place, name)]
            order = by_movement(values) if sort else np.arange(values.shape[1])
            image = panel.imshow(values[:, order].T, **_LOOK, **_colours(name, limit))
            _title(panel, f"{label(name)}, {_place(gates, place)}", meaning(name), width)
            _label_units(panel, gates, order, numbered=not sort)
            _label_words(panel, gates, last=row == len(gates.names) - 1)
            _bar(figure, image, panel, "closed (0) to open (1)" if is_gate(name) else "value")
    _head(figure, gates, "a row for each unit" if gates.units is None else "a row for each unit picked")


def _draw_means(figure: Any, gates: Gates) -> None:
    """Draw a panel for each name, with a row for each direction and layer."""
    places = gates.places
    width = max(_field_width(gates), 1.9 * _NARROWEST)
    figure.set_size_inches(width + _MARGIN + 0.6, len(gates.names) * (0.36 * len(places) + 0.75) + 1.3)
    panels = figure.subplots(len(gates.names), 1, squeeze=False)[:, 0]
    for row, name in enumerate(gates.names):
        panel = panels[row]
        means = np.stack([gates.mean(name, *place, size=not is_gate(name)) for place in places])
        image = panel.imshow(means, cmap="viridis", **_LOOK)
        _title(panel, label(name) if is_gate(name) else f"size of the {label(name)}", meaning(name), width)
        panel.set_yticks(range(len(places)), [_place(gates, place) for place in places], fontsize=8)
        _label_words(panel, gates, last=row == len(gates.names) - 1)
        if len(gates.tokens) <= MOST_FIGURES:
            _write_figures(panel, means)
        _bar(figure, image, panel, "mean")
    _head(figure, gates, "means over all units; colours span each panel's own range")


def _write_figures(panel: Any, means: np.ndarray) -> None:
    middle = (float(means.min()) + float(means.max())) / 2
    for (row, column), value in np.ndenumerate(means):
        text = f"{value:.2f}".removeprefix("0")
        ink = "black" if value > middle else "white"
        panel.text(column, row, text, ha="center", va="center", fontsize=6, color=ink)


def _head(figure: Any, gates: Gates, what: str) -> None:
    kind = describe(gates.cell)
    words = f"{len(gates.tokens)} word{'s' if len(gates.tokens) != 1 else ''}"
    figure.suptitle(f"{kind[0].upper()}{kind[1:]} reads {words}: {what}", fontsize=11)


def _title(panel: Any, title: str, explanation: str, width: float) -> None:
    """Write the title of a panel and, small, what it shows."""
    lines = textwrap.wrap(explanation, max(30, int(width * 17)))
    panel.set_title("\n".join(lines), loc="left", fontsize=6.5, color=_GREY, pad=3)
    panel.annotate(
        title, (0, 1), xytext=(0, 4 + 8.5 * len(lines)), xycoords="axes fraction", textcoords="offset points",
        fontsize=9, fontweight="bold", va="bottom", ha="left",
    )  # fmt: skip


def _label_words(panel: Any, gates: Gates, *, last: bool) -> None:
    """Write words and tags below the lowest panels; draw a line before each further sentence."""
    tags = gates.tags or ("",) * len(gates.tokens)
    texts = [f"{_shortened(token)}  {tag}".rstrip() for token, tag in zip(gates.tokens, tags, strict=True)]
    panel.set_xticks(range(len(texts)), texts if last else [""] * len(texts), rotation=90, fontsize=8)
    for text in panel.get_xticklabels():
        text.set_parse_math(False)
    for start in gates.starts[1:]:
        panel.axvline(start - 0.5, color="white", linewidth=2.5)
        panel.axvline(start - 0.5, color="black", linewidth=0.8)
    panel.tick_params(length=2)


def _shortened(token: str, longest: int = 20) -> str:
    clean = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in token)
    return clean if len(clean) <= longest else f"{clean[: longest - 1]}…"


def _label_units(panel: Any, gates: Gates, order: np.ndarray, *, numbered: bool) -> None:
    panel.set_ylabel("unit" if numbered else "units, sorted", fontsize=8)
    panel.tick_params(axis="y", labelsize=7)
    if len(order) <= MOST_UNIT_LABELS:
        panel.set_yticks(range(len(order)), [str(gates.unit_number(column)) for column in order.tolist()])
    elif not numbered:
        panel.set_yticks([])


def _bar(figure: Any, image: Any, panel: Any, text: str) -> None:
    bar = figure.colorbar(image, ax=panel, pad=0.015, fraction=0.05, aspect=18)
    bar.set_label(text, fontsize=7)
    bar.ax.tick_params(labelsize=7, length=2)
    bar.outline.set_visible(False)


def _colours(name: str, limit: float) -> dict[str, Any]:
    """Choose colours: dark to bright from closed to open, blue and red for the two signs."""
    if is_gate(name):
        return {"cmap": "viridis", "vmin": 0, "vmax": 1}
    return {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit}


def _limit(arrays: Sequence[np.ndarray], name: str) -> float:
    """Return the end of the colour scale: 1; for cell states the 99th percentile, if greater."""
    usual = [float(np.quantile(np.abs(values), 0.99)) for values in arrays] if name == "cell_state" else []
    return max([1.0, *usual])


def _place(gates: Gates, place: Place) -> str:
    direction, layer = place
    return direction if {one[1] for one in gates.places} == {1} else f"{direction} layer {layer}"


def _field_width(gates: Gates) -> float:
    return max(_NARROWEST, _WORD * len(gates.tokens))
