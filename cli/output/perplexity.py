"""Perplexities as a table, each with its unit."""

from __future__ import annotations

import math
from collections.abc import Mapping

from tagger.cli.output.terminal import PLAIN, TerminalCapabilities, as_text, new_table, percent, plain_text
from tagger.evaluation.perplexity import LanguageScores


def render_language_scores(scores: Mapping[str, LanguageScores], look: TerminalCapabilities = PLAIN) -> str:
    """Render the scores of each split side by side.

    Args:
        scores: by split.
        look: what the stream can show.
    """
    unit = next(iter(scores.values())).unit
    table = new_table(look)
    table.add_column("")
    for split in scores:
        table.add_column(plain_text(split), justify="right")
    for name, cells in _rows(list(scores.values()), unit):
        table.add_row(name, *cells)
    notes = [
        f"cache: window {one.cache.window:,}, theta {one.cache.theta:g}, lambda {one.cache.weight:g}, chosen on dev"
        for one in list(scores.values())[:1]
        if one.cache
    ]
    return "\n".join([as_text(table, look), *notes])


def _rows(scores: list[LanguageScores], unit: str) -> list[tuple[str, list[str]]]:
    rows = [(f"perplexity per {unit}", [_number(one.perplexity) for one in scores])]
    if any(one.cache for one in scores):
        rows.append(("  with a neural cache", [_number(one.cache.perplexity) if one.cache else "" for one in scores]))
    rows += [
        ("  without the unknown", [_number(one.perplexity_without_unknown) for one in scores]),
        (f"unknown {unit}s", [f"{percent(one.unknown_rate)} %" for one in scores]),
    ]
    if unit != "word":
        rows.append(("perplexity per word", [_number(one.perplexity_per_word) for one in scores]))
    rows += [
        ("bits per character", [f"{one.bits_per_character:.3f}" for one in scores]),
        (f"{unit}s", [f"{one.units:,}" for one in scores]),
    ]
    return rows


def _number(perplexity: float) -> str:
    return f"{perplexity:,.2f}" if math.isfinite(perplexity) else "overflow"
