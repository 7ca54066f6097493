"""How much a stream can show, and a rich table as text for it."""

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
    """What a stream can show.

    Attributes:
        width: columns.
        colour: whether it takes colours and bold type.
        unicode: whether it takes more than ASCII.
    """

    width: int = PIPE_WIDTH
    colour: bool = False
    unicode: bool = True

    @classmethod
    def of(cls, stream: TextIO) -> TerminalCapabilities:
        """The look of a stream; colours only on a terminal and without NO_COLOR (no-color.org)."""
        terminal = stream.isatty()
        return cls(
            width=shutil.get_terminal_size().columns if terminal else PIPE_WIDTH,
            colour=terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb",
            unicode=_takes(stream.encoding or "utf-8", "─█…"),
        )


PLAIN: Final = TerminalCapabilities()


def new_table(look: TerminalCapabilities) -> Table:
    """An empty table with a rule below its head and nothing else drawn."""
    from rich.box import Box
    from rich.table import Table

    rule = "─" if look.unicode else "-"
    box = Box(f"    \n    \n {rule}{rule} \n    \n    \n    \n    \n    \n")
    return Table(box=box, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")


def as_text(table: Table, look: TerminalCapabilities) -> str:
    """The table as lines, none wider than the look, without blanks at their ends."""
    from rich.console import Console

    console = Console(
        file=io.StringIO(),
        width=look.width,
        force_terminal=look.colour,
        color_system="standard" if look.colour else None,
        force_jupyter=False,
        legacy_windows=False,
        highlight=False,
    )
    with console.capture() as capture:
        console.print(table)
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


def percent(share: float | None) -> str:
    """A share (0 to 1) in per cent with two decimals, ``-`` if not measured."""
    return "-" if share is None else f"{100 * share:.2f}"


def plain_text(content: str) -> Text:
    """Content that rich must not read as markup."""
    from rich.text import Text

    return Text(printable(content))


def printable(text: str) -> str:
    """The text with control characters, which could steer a terminal, made visible."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def _takes(encoding: str, text: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
