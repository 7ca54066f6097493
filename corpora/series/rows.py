"""Batches of rows of a table: CSV, TSV, JSON lines, Parquet, a data set of the hub."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any

from tagger.corpora.files.lines import DamagedLine, read_lines
from tagger.corpora.files.streams import PARQUET, read_head
from tagger.corpora.formats.csv_tables import split_row
from tagger.corpora.formats.jsonl import parse_object
from tagger.corpora.formats.sentence import excerpt, number_of
from tagger.errors import CorpusError

BATCH = 20_000  # rows
FORMATS = ("csv", "tsv", "jsonl", "parquet")
EMPTY = "the file is empty; expected a line of column names, then rows of numbers"
EXAMPLE = '{"date": "2012-01-31", "price": 4.5}'

Row = tuple[int, Any]
"""The number of a line, and its cells or, as a string, what is wrong with it."""


@dataclass(frozen=True, slots=True)
class RowBatch:
    """Some rows, column by column.

    Args:
        columns: by name, as many cells each: a list of what the file holds, or an Arrow array.
        lines: the line (the row, in Parquet and on the hub) of each, from 1.
        problems: (line, what is wrong) of rows that cannot be split into cells; they are not in ``columns``.
    """

    columns: Mapping[str, Any]
    lines: Sequence[int]
    problems: Sequence[tuple[int, str]] = ()


@dataclass(frozen=True, slots=True)
class RowSource:
    """A table that can be read.

    Args:
        name: for messages.
        columns: the names of its columns; of JSON lines, those of the first object.
        path: the file, or None for the hub.
        form: one of ``FORMATS``, or "hub".
        data: of the hub: the ``datasets.Dataset``.
    """

    name: str
    columns: tuple[str, ...]
    path: Path | None
    form: str
    data: Any = None

    def batches(self, columns: Sequence[str]) -> Iterator[RowBatch]:
        """Read some columns of the rows.

        Raises:
            CorpusError: the file is damaged.
        """
        if self.path is None:
            yield from _arrow(self.data.select_columns(list(columns)).with_format("arrow").iter(BATCH), columns)
        elif self.form == "parquet":
            from tagger.corpora.formats.parquet import open_parquet

            with open_parquet(self.path, self.name) as file:
                yield from _arrow(file.iter_batches(BATCH, columns=list(columns)), columns)
        elif self.form == "jsonl":
            yield from _batches(
                _json_rows(self.path, self.name), columns, lambda record: [record.get(column) for column in columns]
            )
        else:
            rows = _table_rows(self.path, self.name, self.form)
            _, header = next(rows)
            yield from _batches(rows, columns, itemgetter(*map(header.index, columns)))


def open_rows(path: Path, name: str, form: str | None = None) -> RowSource:
    """Recognise the columns of a file, and its format unless ``form`` names one.

    Raises:
        CorpusError: it is missing, empty, or no table with named columns.
    """
    form = form or _sniff(path, name)
    if form == "parquet":
        from tagger.corpora.formats.parquet import open_parquet

        with open_parquet(path, name) as file:
            return RowSource(name, tuple(file.schema_arrow.names), path, form)
    rows = _json_rows(path, name) if form == "jsonl" else _table_rows(path, name, form)
    number, header = next(rows, (0, EMPTY))
    if isinstance(header, str):
        raise CorpusError(header, path=name, line=number or None)
    if form != "jsonl" and len(header) < 2:
        message = f"one column, expected at least a time and a number: {excerpt(', '.join(header))}"
        raise CorpusError(message, path=name, line=number)
    if len(set(header)) < len(header):
        double = next(cell for cell in header if header.count(cell) > 1)
        raise CorpusError(f"two columns are called {excerpt(double)}; rename one", path=name, line=number)
    return RowSource(name, tuple(header), path, form)


def _sniff(path: Path, name: str) -> str:
    head = read_head(path, name)
    if head.startswith(PARQUET):
        return "parquet"
    if not head.strip():
        raise CorpusError(EMPTY, path=name)
    return "jsonl" if head.lstrip().startswith(b"{") else "csv"


def _table_rows(path: Path, name: str, form: str) -> Iterator[Row]:
    """Read the cells of each line that is not blank; the first has the column names."""
    delimiter, width = "\t" if form == "tsv" else "", 0
    for number, line in enumerate(read_lines(path, name), 1):
        if isinstance(line, DamagedLine):
            yield number, line.reason
        elif line.strip():
            delimiter = delimiter or max(",;\t", key=line.count)
            cells = split_row(line, delimiter)
            if cells is None:
                yield number, f"the quotes are not balanced: {excerpt(line)}"
            elif not width:
                width = len(cells)
                yield number, [cell.strip() for cell in cells]
            elif len(cells) != width:
                yield number, f"{number_of(len(cells), 'column')}, expected {width} as in the header: {excerpt(line)}"
            else:
                yield number, cells


def _json_rows(path: Path, name: str) -> Iterator[Row]:
    """Read the object of each line that is not blank."""
    for number, line in enumerate(read_lines(path, name), 1):
        if line.strip():
            try:
                yield number, parse_object(line, EXAMPLE)
            except ValueError as error:
                yield number, str(error)


def _batches(rows: Iterable[Row], columns: Sequence[str], pick: Callable[[Any], Sequence[Any]]) -> Iterator[RowBatch]:
    """Gather rows; ``pick`` takes the cells of the columns out of each."""
    stream = iter(rows)
    while batch := list(islice(stream, BATCH)):
        problems = [row for row in batch if isinstance(row[1], str)]
        good = [row for row in batch if not isinstance(row[1], str)] if problems else batch
        cells = zip(*(pick(row) for _, row in good), strict=True) if good else ((),) * len(columns)
        by_name = {name: list(values) for name, values in zip(columns, cells, strict=True)}
        yield RowBatch(by_name, [number for number, _ in good], problems)


def _arrow(tables: Iterable[Any], columns: Sequence[str]) -> Iterator[RowBatch]:
    start = 1
    for table in tables:
        yield RowBatch({name: table.column(name) for name in columns}, range(start, start + table.num_rows))
        start += table.num_rows
