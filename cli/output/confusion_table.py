"""The most frequent kinds of error as a table, each with a sentence to read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tagger.cli.output.terminal import PLAIN, Look, as_text, new_table, percent, plain_text, printable
from tagger.evaluation.scores import Scores

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

MOST_CONFUSIONS = 10
_WORDS_WIDTH = 20  # columns for the commonest words of a confusion
_SHORTEST_EXAMPLE = 24  # columns; in narrower places the examples are left out


def render_confusions(scores: Scores, split: str, look: Look = PLAIN, *, most: int = MOST_CONFUSIONS) -> str:
    """The most frequent kinds of error, each with its commonest words and an example."""
    errors = scores.tokens - scores.correct
    arrow = "→" if look.unicode else "->"
    rows = [
        (
            plain_text(f"{one.gold} {arrow} {one.predicted}"),
            f"{one.count:,}",
            percent(one.count / errors),
            plain_text(_fitting(one.words)),
        )
        for one in scores.confusions[:most]
    ]
    table = new_table(look)
    table.add_column(plain_text(f"Errors on {split}"), overflow="fold", max_width=look.width * 2 // 5)
    table.add_column("count", justify="right", no_wrap=True)
    table.add_column("% of all", justify="right", no_wrap=True)
    table.add_column("mostly", no_wrap=True)
    room = look.width - _columns_used(table, rows)
    if room >= _SHORTEST_EXAMPLE:
        table.add_column("example", no_wrap=True, overflow="crop")
    for row, one in zip(rows, scores.confusions, strict=False):
        shown = [_example(one.example, one.words[0], room)] if room >= _SHORTEST_EXAMPLE else []
        table.add_row(*row, *shown)
    return as_text(table, look)


def _fitting(words: Sequence[str]) -> str:
    """The first words, as many as fit into a narrow column, at least one."""
    shown = words[0]
    for word in words[1:]:
        if len(shown) + 2 + len(word) > _WORDS_WIDTH:
            break
        shown += f", {word}"
    return shown if len(shown) <= _WORDS_WIDTH else shown[: _WORDS_WIDTH - 3] + "..."


def _columns_used(table: Table, rows: Sequence[Sequence[str | Text]]) -> int:
    """Width of the columns so far, with the two blanks between each and the next."""
    from rich.cells import cell_len

    used = 0
    for number, column in enumerate(table.columns):
        widest = max(cell_len(str(cell)) for cell in [column.header, *(row[number] for row in rows)])
        used += 2 + min(widest, column.max_width or widest)
    return used


def _example(example: str, word: str, width: int) -> Text:
    """The example cut to a width around its marked word, the word in bold."""
    from rich.cells import cell_len

    mark = f"[{printable(word)}]"
    before, _, after = printable(example).partition(mark)
    left, right = before.split(), after.split()
    cut_left = cut_right = False
    while cell_len(_joined(left, mark, right, cut_left, cut_right)) > width and (left or right):
        if len(left) >= len(right):
            left, cut_left = left[1:], True
        else:
            right, cut_right = right[:-1], True
    text = plain_text(_joined(left, mark, right, cut_left, cut_right))
    start = text.plain.find(mark)
    text.stylize("bold", start, start + len(mark))
    return text


def _joined(left: list[str], mark: str, right: list[str], cut_left: bool, cut_right: bool) -> str:
    starts = ["..."] if cut_left and left[:1] != ["..."] else []
    ends = ["..."] if cut_right and right[-1:] != ["..."] else []
    return " ".join([*starts, *left, mark, *right, *ends])
