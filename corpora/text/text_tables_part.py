"""CSV and TSV files with a column of text: a row for each document or line, with line ends in quoted cells."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path

from tagger.corpora.files.lines import MAX_LINE_BYTES, DamagedLine, read_lines
from tagger.corpora.formats.jsonl import TOKEN_KEYS
from tagger.corpora.formats.sentence import number_of
from tagger.corpora.text.text_columns import TEXT_COLUMNS, choose_text_column
from tagger.errors import CorpusError

SAMPLE_ROWS = 50

Row = tuple[int, list[str] | DamagedLine]  # the line it begins on; its cells, or what is wrong with it


def has_text_column(head: str, asked: str | None, *, tabs: bool) -> bool:
    """Whether a table holds a text a row, rather than a word.

    Args:
        head: its beginning.
        asked: the column that the user named: then it holds texts, or has no such column.
        tabs: cells are separated by tabs.
    """
    if asked is not None:
        return True
    lines = head.split("\n")
    rows = table_rows(lines[: max(1, len(lines) - 1)], tabs=tabs)
    whole = [cells for _, cells in islice(rows, SAMPLE_ROWS) if isinstance(cells, list)]
    header = _names(whole[0]) if whole else []
    column = next((name for name in TEXT_COLUMNS if name in header), None)
    if column is None or any(name.lower() in TOKEN_KEYS for name in header):
        return False
    texts = [cells[header.index(column)] for cells in whole[1:] if len(cells) == len(header)]
    texts = texts or [head]  # the first row is longer than that
    return 2 * sum(len(text.split()) > 1 for text in texts) > len(texts)


def table_texts(path: Path, name: str, column: str | None, *, tabs: bool) -> Iterator[str]:
    """The text of each row; a ``DamagedLine`` for a row that has none.

    Args:
        path: the file.
        name: what to call it in messages.
        column: the column of text, None for one with a usual name.
        tabs: cells are separated by tabs.

    Raises:
        CorpusError: there is no such column, or the file cannot be read.
    """
    rows = table_rows(read_lines(path, name), tabs=tabs)
    line, first = next(rows, (1, []))
    if isinstance(first, DamagedLine):
        raise CorpusError(f"{first.reason}; expected the names of the columns", path=name, line=line)
    header = _names(first)
    asked = None if column is None else _names([column])[0]
    place = header.index(str(choose_text_column(dict.fromkeys(header, True), asked, name)))
    for line, cells in rows:
        if isinstance(cells, DamagedLine):
            yield DamagedLine(cells.reason, line)
        elif len(cells) != len(header):
            held = number_of(len(cells), "column")
            yield DamagedLine(f"a row of {held}, expected {len(header)} as in the header", line)
        else:
            yield cells[place]


def table_rows(lines: Iterable[str], *, tabs: bool) -> Iterator[Row]:
    """Rows that are not blank. A row that goes wrong ends where its line does, so that the next one can be read.

    Args:
        lines: of a file from its first.
        tabs: cells are separated by tabs, and quotes are part of them; else by comma, semicolon or tab, whichever
            the first line has most of.
    """
    lines = iter(lines)
    leading: list[str] = []
    while not (leading and leading[-1].strip()) and (line := next(lines, None)) is not None:
        leading.append(line)
    delimiter = "\t" if tabs else max(",;\t", key="".join(leading).count)
    csv.field_size_limit(max(csv.field_size_limit(), MAX_LINE_BYTES))  # 131,072 characters are a short document
    damage: list[DamagedLine] = []
    ended = _ended(chain(leading, lines), damage)
    if delimiter == "\t":
        reader = csv.reader(ended, delimiter=delimiter, quoting=csv.QUOTE_NONE, strict=True)
    else:
        reader = csv.reader(ended, delimiter=delimiter, strict=True)
    while True:
        number = reader.line_num + 1
        damage.clear()
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield number, damage[0] if damage else DamagedLine(f"cells that cannot be told apart ({error})")
            continue
        if cells is None:
            return
        if damage or any(cell.strip() for cell in cells):
            yield number, damage[0] if damage else cells


def _ended(lines: Iterable[str], damage: list[DamagedLine]) -> Iterator[str]:
    """Lines with their ends; those that are not text are put down, and stand empty."""
    for line in lines:
        if isinstance(line, DamagedLine):
            damage.append(line)
        yield "\n" if isinstance(line, DamagedLine) else f"{line}\n"


def _names(cells: list[str]) -> list[str]:
    """Names of columns, the usual ones in small letters."""
    names = [cell.strip() for cell in cells]
    return [name.lower() if name.lower() in TEXT_COLUMNS else name for name in names]
