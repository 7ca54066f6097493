"""Batches of rows put together to a table of numbers over time."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tagger.corpora.formats.sentence import clipped, excerpt, number_of
from tagger.corpora.series import time_checks
from tagger.corpora.series.cells import as_numbers
from tagger.corpora.series.rows import RowBatch, RowSource
from tagger.corpora.series.table import FILES, LICENCE, SeriesOptions, SeriesTable
from tagger.corpora.series.timestamps import DAY, TimeReader, time_text
from tagger.errors import CorpusError


@dataclass(frozen=True, slots=True)
class TableRows:
    """N rows as in ``SeriesTable``; ``codes`` (N,) number the series of each row."""

    times: np.ndarray
    values: np.ndarray
    codes: np.ndarray
    lines: np.ndarray

    def __len__(self) -> int:
        return len(self.times)

    def take(self, chosen: np.ndarray) -> TableRows:
        """Keep the rows of a mask, or put rows in another order."""
        return TableRows(self.times[chosen], self.values[chosen], self.codes[chosen], self.lines[chosen])

    def offsets(self, groups: int) -> np.ndarray:
        """Find where each series begins in rows sorted by series: (groups + 1,) int64."""
        return np.concatenate([[0], np.cumsum(np.bincount(self.codes, minlength=groups))]).astype(np.int64)


@dataclass
class Assembly:
    """Reads a table batch by batch; ``time`` names the time column, ``source`` is what the user named."""

    rows: RowSource
    time: str
    options: SeriesOptions
    source: str
    groups: dict[str, int] = field(default_factory=dict)
    skipped_rows: list[tuple[int, str]] = field(default_factory=list)
    invalid_cells: list[tuple[int, str]] = field(default_factory=list)

    def table(self) -> SeriesTable:
        """Read all batches, and sort their rows by series and time.

        Raises:
            CorpusError: a row cannot be read and is not skipped; or fewer than two are left.
        """
        self.reader = TimeReader(self.options.time_format)
        digest = hashlib.sha256()
        read: list[TableRows] = []
        group = self.options.group
        for batch in self.rows.batches([self.time, *self.options.columns, *((group,) if group else ())]):
            for line, message in batch.problems:
                self._report(self.skipped_rows, line, message)
            if len(batch.lines):
                read.append(self._rows_of(batch))
                digest.update(read[-1].times.tobytes() + read[-1].values.tobytes())
        rows = self._joined(read)
        notes = self._skipped_notes()
        names = sorted(self.groups) if group else [""]
        rows, late = _in_order(rows, names, self.groups)
        if len(late):
            notes.append(f"rows not in the order of time ({time_checks.places(late)}) were sorted")
        rows = self._without_duplicates(rows, len(names), notes)
        offsets = rows.offsets(len(names))
        kind = self.reader.kind or "number"
        notes += time_checks.gap_notes(rows.times, offsets, rows.lines, kind)
        bundled = self.rows.name == FILES.get(self.source)
        return SeriesTable(
            name=self.rows.name if self.rows.path is None else Path(self.rows.name).stem,
            source=self.source,
            time=self.time,
            kind=kind,
            times=rows.times,
            columns=self.options.columns,
            values=rows.values,
            group=group,
            groups=tuple(names),
            offsets=offsets,
            lines=rows.lines,
            notes=tuple(notes),
            fingerprint=digest.hexdigest()[:16],
            license=LICENCE if bundled else None,
        )

    def _rows_of(self, batch: RowBatch) -> TableRows:
        lines = np.asarray(batch.lines, dtype=np.int32)
        times, good = self._times(batch.columns[self.time], lines)
        columns = []
        for name in self.options.columns:
            numbers, problems = as_numbers(batch.columns[name])
            for place, message in problems:
                self._report(self.invalid_cells, int(lines[place]), f"column {excerpt(name)}: {message}")
            columns.append(numbers)
        codes = np.zeros(len(lines), np.int8)
        if self.options.group:
            cells, known = batch.columns[self.options.group], self.groups
            names = cells if isinstance(cells, list) else cells.to_pylist()
            codes = np.array([known.setdefault(str(name), len(known)) for name in names], np.int32)
        return TableRows(times, np.stack(columns, axis=1)[good], codes[good], lines[good])

    def _times(self, cells: Any, lines: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Read times: those that can be read, and a mask of their rows."""
        times = None if isinstance(cells, list) else _arrow_times(cells, self.reader)
        good = np.ones(len(lines), dtype=bool)
        if times is not None:
            return times, good
        read: list[float] = []
        for place, cell in enumerate(cells if isinstance(cells, list) else cells.to_pylist()):
            try:
                read.append(self.reader.read(cell))
            except (ValueError, OverflowError) as error:
                good[place] = False
                shown = "empty" if cell in (None, "") else excerpt(str(cell))
                self._report(self.skipped_rows, int(lines[place]), f"column {excerpt(self.time)} is {shown}: {error}")
        return np.array(read, dtype=np.float64 if self.reader.kind == "number" else np.int64), good

    def _report(self, problems: list[tuple[int, str]], line: int, message: str) -> None:
        if not self.options.skip_invalid:
            raise CorpusError(f"{clipped(message)}; --skip-invalid leaves it out", path=self.rows.name, line=line)
        problems.append((line, message))

    def _joined(self, batches: list[TableRows]) -> TableRows:
        count = sum(map(len, batches))
        if count < 2:
            present = "no row" if not count else "one row"
            raise CorpusError(f"{present} of numbers, expected a series of them", path=self.rows.name)
        columns = ("times", "values", "codes", "lines")
        return TableRows(*(np.concatenate([getattr(batch, name) for batch in batches]) for name in columns))

    def _skipped_notes(self) -> list[str]:
        notes = []
        for problems, noun, what in (
            (self.skipped_rows, "row", "left out"),
            (self.invalid_cells, "cell", "taken for missing"),
        ):
            if problems:
                line, message = problems[0]
                count = number_of(len(problems), noun)
                notes.append(f"{count} {what}, the first in line {line:,}: {clipped(message, 200)}")
        return notes

    def _without_duplicates(self, rows: TableRows, groups: int, notes: list[str]) -> TableRows:
        """Leave out rows that repeat a time; refuse them unless invalid rows are skipped."""
        repeated = time_checks.duplicates(rows.times, rows.offsets(groups))
        if not len(repeated):
            return rows
        row, kind = int(repeated[0]), self.reader.kind or "number"
        autumn = time_checks.is_autumn_hour(rows.times[row], kind)
        if not self.options.skip_invalid:
            way = "--skip-invalid keeps the first of such rows"
            if autumn:
                way = f"clocks are put back then: write times in UTC, or with their zone (+01:00); {way}"
            elif self.options.group is None:
                way = f"if the table holds several series, name the column that tells them apart (--group); {way}"
            time, before = time_text(rows.times[row], kind), int(rows.lines[row - 1])
            message = f"the time {time} was in line {before:,} already; {way}"
            raise CorpusError(message, path=self.rows.name, line=int(rows.lines[row]))
        why = ", as where clocks are put back" if autumn else ""
        count, where = number_of(len(repeated), "row"), time_checks.places(rows.lines[repeated])
        notes.append(f"{count} with the time of another left out ({where}){why}")
        kept = np.ones(len(rows), dtype=bool)
        kept[repeated] = False
        return rows.take(kept)


def _arrow_times(column: Any, reader: TimeReader) -> np.ndarray | None:
    """Convert an Arrow column of dates, moments or numbers without a missing cell; None for other columns."""
    import pyarrow as pa

    kind = column.type
    if column.null_count or (reader.kind is not None and (reader.kind == "number") == pa.types.is_temporal(kind)):
        return None
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        times: np.ndarray = column.cast(pa.timestamp("us"), safe=False).cast(pa.int64()).to_numpy(zero_copy_only=False)
        dates = reader.kind in (None, "date") and not bool((times % DAY).any())
        reader.kind = "date" if dates else "moment"
        return times
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        numbers: np.ndarray = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        if np.isfinite(numbers).all():
            reader.kind = "number"
            return numbers
    return None


def _in_order(rows: TableRows, names: list[str], groups: dict[str, int]) -> tuple[TableRows, np.ndarray]:
    """Sort rows by series and time; return also the lines of rows that were late."""
    if groups:
        ranks = np.array([names.index(group) for group in groups], dtype=np.int32)
        rows = TableRows(rows.times, rows.values, ranks[rows.codes], rows.lines)
    earlier, same = rows.times[1:] < rows.times[:-1], rows.codes[1:] == rows.codes[:-1]
    late = rows.lines[1:][earlier & same]
    if len(late) or bool((rows.codes[1:] < rows.codes[:-1]).any()):
        rows = rows.take(np.lexsort((rows.times, rows.codes)))
    return rows, late
