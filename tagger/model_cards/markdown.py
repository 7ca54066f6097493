"""Pieces of Markdown that show any text as it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, its first column flush left and the others right; all left if the head is empty."""
    rule = ["---", *["---:"] * (len(head) - 1)] if any(head) else ["---"] * len(head)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, rule, *rows))


def percent(share: float | None) -> str:
    """A share (0 to 1) with two decimals, ``-`` if not measured."""
    return "-" if share is None else f"{100 * share:.2f} %"


def escaped(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    line = "".join(char if char.isprintable() else " " for char in text)
    return re.sub(r"([\\`*_{}\[\]<>|#~$])", r"\\\1", line)
