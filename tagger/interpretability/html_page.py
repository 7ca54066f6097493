"""Write gates as one self-contained HTML page to explore in a browser."""

from __future__ import annotations

import base64
import html
import json
from importlib.resources import files
from typing import Any

import numpy as np

from tagger.errors import ConfigError
from tagger.interpretability.gate_activations import Gates
from tagger.interpretability.gate_names import EQUATIONS, NAMES, describe, is_gate, label, meaning

PAGE, TITLE, DATA = "gates_page.html", "@TITLE@", "@DATA@"
"""The template of the page, and its placeholders."""
MOST_WORDS = 1000
"""A page takes some kilobytes a word."""
_STEPS = 32_767  # of a 16-bit number


def gates_page(gates: Gates, *, title: str | None = None) -> str:
    """Render a page that shows all arrays of ``gates`` by direction, layer, gate and unit.

    Args:
        gates: at most MOST_WORDS words; select with ``gates.pick`` first.
        title: heading; by default the kind of cell and the first words.

    Returns:
        HTML. Values have 16 bits, an error of at most a 30,000th of the largest.

    Raises:
        ConfigError: there are too many words.
    """
    if len(gates.tokens) > MOST_WORDS:
        raise ConfigError(
            f"page: the text has {len(gates.tokens):,} words; expected at most {MOST_WORDS:,}: give a shorter one"
        )
    data = json.dumps(_contents(gates), ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c")
    heading = html.escape(_title(gates) if title is None else title)
    page = files("tagger.interpretability").joinpath(PAGE).read_text(encoding="utf-8")
    before, after = page.split(DATA)  # the title must not be looked for in the data, nor the data in the title
    return before.replace(TITLE, heading) + data + after


def _title(gates: Gates) -> str:
    start = " ".join(gates.tokens[:8]) + (" …" if len(gates.tokens) > 8 else "")
    return f"What {describe(gates.cell)} does at “{start}”"


def _contents(gates: Gates) -> dict[str, Any]:
    equations = dict(zip(NAMES[gates.cell], EQUATIONS[gates.cell], strict=True))
    return {
        **gates.facts(),
        "names": {
            name: {"label": label(name), "meaning": meaning(name), "equation": equations[name], "gate": is_gate(name)}
            for name in gates.names
        },
        "arrays": [
            {"direction": direction, "layer": layer, "name": name, "size": values.shape[1], **_packed(values)}
            for (direction, layer, name), values in gates.arrays.items()
        ],
    }


def _packed(values: np.ndarray) -> dict[str, Any]:
    """Pack values as little-endian 16-bit numbers in base64, with the value of the largest number."""
    limit = max(1.0, float(np.abs(values).max()))
    steps = np.round(values / limit * _STEPS).astype("<i2")
    return {"limit": limit, "values": base64.b64encode(steps.tobytes()).decode("ascii")}
