"""Capabilities of a stream, and rich tables as text for it."""

from __future__ import annotations

import io
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TextIO

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

PIPE_WIDTH = 100  # columns where the stream has no width of its own


@dataclass(frozen=True, slots=True)
class TerminalCapabilities:
    """Width in columns, colours and characters (more than ASCII) that a stream can show."""

    width: int = PIPE_WIDTH
    colour: bool = False
    unicode: bool = True

    @classmethod
    def of(cls, stream: TextIO) -> TerminalCapabilities:
        """Examine a stream; colours need a terminal and no NO_COLOR (no-color.org)."""
        terminal = stream.isatty()
        return cls(
            width=shutil.get_terminal_size().columns if terminal else PIPE_WIDTH,
            colour=terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb",
            unicode=_takes(stream.encoding or "utf-8", "─█…"),
        )


PLAIN: Final = TerminalCapabilities()


def new_table(terminal: TerminalCapabilities, *heads: str) -> Table:
    """Make a table without lines but below its head; the first column is flush left."""
    from rich.box import Box
    from rich.table import Table

    rule = "─" if terminal.unicode else "-"
    box = Box(f"    \n    \n {rule}{rule} \n    \n    \n    \n    \n    \n")
    table = Table(box=box, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for number, head in enumerate(heads):
        table.add_column(plain_text(head), justify="right" if number else "left")
    return table


def as_text(table: Table, terminal: TerminalCapabilities) -> str:
    """Render a table as lines no wider than the stream, without trailing blanks."""
    from rich.console import Console

    console = Console(
        file=io.StringIO(),
        width=terminal.width,
        force_terminal=terminal.colour,
        color_system="standard" if terminal.colour else None,
        force_jupyter=False,
        legacy_windows=False,
        highlight=False,
    )
    with console.capture() as capture:
        console.print(table)
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


def percent(share: float | None) -> str:
    """Format a share (0 to 1) in per cent with two decimals, ``-`` if not measured."""
    return "-" if share is None else f"{100 * share:.2f}"


def plain_text(content: str) -> Text:
    """Wrap content that rich must not read as markup."""
    from rich.text import Text

    return Text(printable(content))


def printable(text: str) -> str:
    """Make control characters visible, which could steer a terminal."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def _takes(encoding: str, text: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
