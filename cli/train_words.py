"""``tagger train series`` over words: a number beside every word."""

from __future__ import annotations

from typing import Any


def is_over_words(values: dict[str, Any]) -> bool:
    """Whether the steps are words, by what was asked for and by what the file holds."""
    return False


def run_words(values: dict[str, Any]) -> None:
    """Read, train, report."""
