"""Batches of rows put together to a table of numbers over time."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tagger.corpora.formats.sentence import clipped, excerpt, number_of
from tagger.corpora.series import table as bundled_series
from tagger.corpora.series import time_checks as checks
from tagger.corpora.series.cells import as_numbers
from tagger.corpora.series.rows import RowBatch, RowSource
from tagger.corpora.series.table import SeriesOptions, SeriesTable
from tagger.corpora.series.timestamps import DAY, TimeReader
from tagger.errors import CorpusError


@dataclass
class Assembly:
    """Batches on their way to flat arrays.

    Args:
        rows: of the table.
        time: name of the time column.
        options: which columns.
        source: what the user asked for.
    """

    rows: RowSource
    time: str
    options: SeriesOptions
    source: str
    times: list[np.ndarray] = field(default_factory=list)
    values: list[np.ndarray] = field(default_factory=list)
    codes: list[np.ndarray] = field(default_factory=list)
    lines: list[np.ndarray] = field(default_factory=list)
    groups: dict[str, int] = field(default_factory=dict)
    left_out: list[tuple[int, str]] = field(default_factory=list)
    taken_for_missing: list[tuple[int, str]] = field(default_factory=list)

    def table(self) -> SeriesTable:
        """Read all batches, and sort their rows by series and time.

        Raises:
            CorpusError: a row cannot be read, and bad ones are not to be left out; or nothing is left.
        """
        self.reader = TimeReader(self.options.time_format)
        self.digest = hashlib.sha256()
        group = self.options.group
        for batch in self.rows.batches([self.time, *self.options.columns, *((group,) if group else ())]):
            self._add(batch)
        return self._sorted()

    def _add(self, batch: RowBatch) -> None:
        for line, message in batch.problems:
            self._bad(self.left_out, line, message)
        if not len(batch.lines):
            return
        lines = np.asarray(batch.lines, dtype=np.int32)
        times, good = self._times(batch.columns[self.time], lines)
        columns = []
        for name in self.options.columns:
            numbers, problems = as_numbers(batch.columns[name])
            for place, message in problems:
                self._bad(self.taken_for_missing, int(lines[place]), f"column {excerpt(name)}: {message}")
            columns.append(numbers)
        values = np.stack(columns, axis=1)[good]
        self.digest.update(times.tobytes() + values.tobytes())
        self.times.append(times)
        self.values.append(values)
        self.lines.append(lines[good])
        if self.options.group:
            self.codes.append(self._codes(batch.columns[self.options.group])[good])

    def _times(self, cells: Any, lines: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The times that can be read, and which rows they are of."""
        quick = None if isinstance(cells, list) else _arrow_times(cells, self.reader)
        if quick is not None:
            return quick, np.ones(len(quick), dtype=bool)
        found: list[float] = []
        good = np.ones(len(lines), dtype=bool)
        for place, cell in enumerate(cells if isinstance(cells, list) else cells.to_pylist()):
            try:
                found.append(self.reader.read(cell))
            except (ValueError, OverflowError) as error:
                good[place] = False
                shown = "empty" if cell in (None, "") else excerpt(str(cell))
                self._bad(self.left_out, int(lines[place]), f"column {excerpt(self.time)} is {shown}: {error}")
        return np.array(found, dtype=np.float64 if self.reader.kind == "number" else np.int64), good

    def _codes(self, cells: Any) -> np.ndarray:
        names = cells if isinstance(cells, list) else cells.to_pylist()
        known = self.groups
        return np.fromiter((known.setdefault(str(name), len(known)) for name in names), np.int32, len(names))

    def _bad(self, where: list[tuple[int, str]], line: int, message: str) -> None:
        if not self.options.skip_invalid:
            raise CorpusError(f"{clipped(message)}; --skip-invalid leaves it out", path=self.rows.name, line=line)
        where.append((line, message))

    def _sorted(self) -> SeriesTable:
        count = sum(map(len, self.times))
        if count < 2:
            found = "no row" if not count else "one row"
            raise CorpusError(f"{found} of numbers, expected a series of them", path=self.rows.name)
        times, lines = _joined(self.times), _joined(self.lines)
        values = _joined(self.values)
        codes = _joined(self.codes) if self.codes else None
        notes = self._bad_notes()
        names = sorted(self.groups) if codes is not None else [""]
        if codes is not None:
            codes = np.array([names.index(group) for group in self.groups], dtype=np.int32)[codes]
        order = _order(times, codes)
        if order is not None:
            notes += self._unsorted_notes(times, codes, lines)
            times, values, lines = times[order], values[order], lines[order]
            codes = None if codes is None else codes[order]
        sizes = [count] if codes is None else np.bincount(codes, minlength=len(names))
        offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        twice = checks.duplicates(times, offsets)
        if len(twice):
            notes.append(self._duplicate_note(times, lines, twice))
            kept = np.ones(count, dtype=bool)
            kept[twice] = False
            offsets = np.concatenate([[0], np.cumsum(kept)])[offsets]
            times, values, lines = times[kept], values[kept], lines[kept]
        kind = self.reader.kind or "number"
        notes += checks.gap_notes(times, offsets, lines, kind)
        name = Path(self.rows.name).stem if self.rows.path is not None else self.rows.name
        licence = (
            bundled_series.LICENCE
            if self.source in bundled_series.FILES and self.rows.name == bundled_series.FILES[self.source]
            else None
        )
        return SeriesTable(
            name, self.source, self.time, kind, times, self.options.columns, values, self.options.group,
            tuple(names), offsets, lines, tuple(notes), self.digest.hexdigest()[:16], licence,
        )  # fmt: skip

    def _bad_notes(self) -> list[str]:
        notes = []
        for told, what in ((self.left_out, "left out"), (self.taken_for_missing, "taken for missing")):
            if told:
                line, message = told[0]
                noun = "row" if told is self.left_out else "cell"
                notes.append(
                    f"{number_of(len(told), noun)} {what}, the first in line {line:,}: {clipped(message, 200)}"
                )
        return notes

    def _unsorted_notes(self, times: np.ndarray, codes: np.ndarray | None, lines: np.ndarray) -> list[str]:
        back = times[1:] < times[:-1]
        if codes is not None:
            back &= codes[1:] == codes[:-1]
        late = lines[1:][back]
        return [f"rows not in the order of time ({checks.places(late)}) were sorted"] if len(late) else []

    def _duplicate_note(self, times: np.ndarray, lines: np.ndarray, twice: np.ndarray) -> str:
        from tagger.corpora.series.timestamps import time_text

        row = int(twice[0])
        kind = self.reader.kind or "number"
        shown = time_text(times[row], kind)
        autumn = checks.is_autumn_hour(times[row], kind)
        if not self.options.skip_invalid:
            way = "--skip-invalid keeps the first of such rows"
            if autumn:
                way = f"clocks are put back then: write times in UTC, or with their zone (+01:00); {way}"
            elif self.options.group is None:
                way = f"if the table holds several series, name the column that tells them apart (--group); {way}"
            raise CorpusError(
                f"the time {shown} was in line {int(lines[row - 1]):,} already; {way}",
                path=self.rows.name,
                line=int(lines[row]),
            )
        why = ", as where clocks are put back" if autumn else ""
        return f"{number_of(len(twice), 'row')} with the time of another left out ({checks.places(lines[twice])}){why}"


def _arrow_times(column: Any, reader: TimeReader) -> np.ndarray | None:
    """Times of an Arrow column of dates, moments or numbers without a cell missing; None for the slow way."""
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


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    """One array of many; they are given up on the way."""
    whole = np.concatenate(parts)
    parts.clear()
    return whole


def _order(times: np.ndarray, codes: np.ndarray | None) -> np.ndarray | None:
    """What sorts rows by series and time; None if they are sorted."""
    if codes is None:
        return None if bool((times[1:] >= times[:-1]).all()) else np.argsort(times, kind="stable")
    later = (codes[1:] > codes[:-1]) | ((codes[1:] == codes[:-1]) & (times[1:] >= times[:-1]))
    return None if bool(later.all()) else np.lexsort((times, codes))
