"""Rows of a table of numbers over time, a batch at a time: CSV, TSV, JSON lines, Parquet, a data set of the hub."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tagger.corpora.files.lines import DamagedLine, read_lines
from tagger.corpora.files.paths import open_file
from tagger.corpora.files.streams import read_head
from tagger.corpora.formats.csv_tables import split_row
from tagger.corpora.formats.sentence import clipped, excerpt, number_of
from tagger.errors import CorpusError

BATCH = 20_000  # rows
FORMATS = ("csv", "tsv", "jsonl", "parquet")
PARQUET = b"PAR1"


@dataclass(frozen=True, slots=True)
class RowBatch:
    """Some rows, column by column.

    Args:
        columns: by name, as many cells each: a list of what the file holds, or an Arrow array.
        lines: the line (the row, in Parquet and on the hub) of each, from 1.
        problems: (line, what is wrong) of rows that cannot be told apart into cells; they are not in ``columns``.
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
        """The rows, some columns of them.

        Raises:
            CorpusError: the file is damaged.
        """
        if self.form == "hub":
            return _arrow(self.data.select_columns(list(columns)).with_format("arrow").iter(BATCH), columns)
        assert self.path is not None
        if self.form == "parquet":
            return _parquet(self.path, self.name, columns)
        if self.form == "jsonl":
            return _in_batches(_json_rows(self.path, self.name, columns), columns)
        return _in_batches(_table_rows(self.path, self.name, self.form, columns), columns)


def open_rows(path: Path, name: str, form: str | None = None) -> RowSource:
    """Look at a file: its format and its columns.

    Args:
        path: the file.
        name: for messages.
        form: one of ``FORMATS``; None to tell by the content.

    Raises:
        CorpusError: it is missing, empty, or no table with named columns.
    """
    form = form or _sniff(path, name)
    if form == "parquet":
        return RowSource(name, _parquet_columns(path, name), path, form)
    first = next(((n, line) for n, line in enumerate(read_lines(path, name), 1) if line.strip()), None)
    if first is None:
        raise CorpusError("the file is empty; expected a line of column names, then rows of numbers", path=name)
    number, line = first
    if form == "jsonl":
        record = _record(line)
        if isinstance(record, str):
            raise CorpusError(record, path=name, line=number)
        return RowSource(name, tuple(record), path, form)
    if isinstance(line, DamagedLine):
        raise CorpusError(line.reason, path=name, line=number)
    header = tuple(cell.strip() for cell in split_row(line, _delimiter(line, form)) or [])
    if len(header) < 2:
        raise CorpusError(f"one column, expected at least a time and a number: {excerpt(line)}", path=name, line=number)
    if len(set(header)) < len(header):
        double = next(cell for cell in header if header.count(cell) > 1)
        raise CorpusError(f"two columns are called {excerpt(double)}; rename one", path=name, line=number)
    return RowSource(name, header, path, form)


def _sniff(path: Path, name: str) -> str:
    with open_file(path, name) as stream:
        if stream.peek(4)[:4] == PARQUET:
            return "parquet"
    head = read_head(path, name).decode("utf-8", "replace").lstrip()
    if not head:
        raise CorpusError("the file is empty; expected a line of column names, then rows of numbers", path=name)
    return "jsonl" if head.startswith("{") else "csv"


def _delimiter(line: str, form: str) -> str:
    return "\t" if form == "tsv" else max(",;\t", key=line.count)


def _table_rows(path: Path, name: str, form: str, columns: Sequence[str]) -> Iterator[tuple[int, list[Any] | str]]:
    """The number of each line and its cells, or what is wrong with it."""
    numbered = ((n, line) for n, line in enumerate(read_lines(path, name), 1) if line.strip())
    _, header_line = next(numbered)
    delimiter = _delimiter(header_line, form)
    header = [cell.strip() for cell in split_row(header_line, delimiter) or []]
    places = [header.index(column) for column in columns]
    for number, line in numbered:
        cells = None if isinstance(line, DamagedLine) else split_row(line, delimiter)
        if cells is not None and len(cells) == len(header):
            yield number, [cells[place] for place in places]
        elif isinstance(line, DamagedLine):
            yield number, line.reason
        elif cells is None:
            yield number, f"the quotes are not balanced: {excerpt(line)}"
        else:
            yield number, f"{number_of(len(cells), 'column')}, expected {len(header)} as in the header: {excerpt(line)}"


def _json_rows(path: Path, name: str, columns: Sequence[str]) -> Iterator[tuple[int, list[Any] | str]]:
    for number, line in enumerate(read_lines(path, name), 1):
        if line.strip():
            record = _record(line)
            yield number, record if isinstance(record, str) else [record.get(column) for column in columns]


def _record(line: str) -> dict[str, Any] | str:
    """An object, or what is wrong."""
    if isinstance(line, DamagedLine):
        return line.reason
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        return f'expected an object such as {{"date": "2012-01-31", "price": 4.5}} on each line: {excerpt(line)}'
    return found


def _in_batches(rows: Iterable[tuple[int, list[Any] | str]], columns: Sequence[str]) -> Iterator[RowBatch]:
    lines: list[int] = []
    cells: list[list[Any]] = []
    problems: list[tuple[int, str]] = []
    for number, row in rows:
        if isinstance(row, str):
            problems.append((number, row))
        else:
            lines.append(number)
            cells.append(row)
        if len(cells) + len(problems) >= BATCH:
            yield _batch(columns, cells, lines, problems)
            lines, cells, problems = [], [], []
    if cells or problems:
        yield _batch(columns, cells, lines, problems)


def _batch(
    columns: Sequence[str], cells: list[list[Any]], lines: list[int], problems: list[tuple[int, str]]
) -> RowBatch:
    by_column = zip(*cells, strict=True) if cells else ((),) * len(columns)
    return RowBatch({name: list(values) for name, values in zip(columns, by_column, strict=True)}, lines, problems)


def _arrow(tables: Iterable[Any], columns: Sequence[str]) -> Iterator[RowBatch]:
    start = 1
    for table in tables:
        yield RowBatch({name: table.column(name) for name in columns}, range(start, start + table.num_rows))
        start += table.num_rows


def _parquet(path: Path, name: str, columns: Sequence[str]) -> Iterator[RowBatch]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with open_file(path, name) as stream:
        try:
            yield from _arrow(pq.ParquetFile(stream).iter_batches(BATCH, columns=list(columns)), columns)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise _damaged(error, name) from error


def _parquet_columns(path: Path, name: str) -> tuple[str, ...]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with open_file(path, name) as stream:
        try:
            return tuple(pq.ParquetFile(stream).schema_arrow.names)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise _damaged(error, name) from error


def _damaged(error: Exception, name: str) -> CorpusError:
    first = clipped((str(error).splitlines() or ["unknown reason"])[0])
    return CorpusError(f"not a Parquet file that can be read: {first}", path=name)
