"""Time series in memory: rows sorted by series and time, as flat arrays."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tagger.corpora.series.timestamps import TimeKind, time_text


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesTable:
    """N rows of C numbers in G series; the rows of a series lie together, sorted by time.

    Args:
        name: for tables and model cards.
        source: what the user named.
        time: the name of the time column.
        kind: "date", "moment" or "number".
        times: (N,) int64 microseconds since 1970, or float64 for plain numbers.
        columns: the names of the C columns.
        values: (N, C) float32, NaN where there is no number.
        group: the name of the column that tells series apart, if there is one.
        groups: the names of the G series; one without a name if there is no such column.
        offsets: (G + 1,) int64; series g is ``times[offsets[g]:offsets[g + 1]]``.
        lines: (N,) int32, where each row stands in the file, from 1.
        notes: for the user, one sentence each.
        fingerprint: 16 hexadecimal digits over the content.
        license: of the data, where known.
    """

    name: str
    source: str
    time: str
    kind: TimeKind
    times: np.ndarray
    columns: tuple[str, ...]
    values: np.ndarray
    group: str | None
    groups: tuple[str, ...]
    offsets: np.ndarray
    lines: np.ndarray
    notes: tuple[str, ...] = ()
    fingerprint: str = ""
    license: str | None = None

    def __len__(self) -> int:
        return len(self.times)

    @property
    def lengths(self) -> np.ndarray:
        """Rows of each series: (G,)."""
        return np.diff(self.offsets)

    def text(self, row: int) -> str:
        """Write the time of a row."""
        return time_text(self.times[row], self.kind)

    def group_of(self, rows: np.ndarray) -> np.ndarray:
        """Find the series that each row belongs to."""
        return np.searchsorted(self.offsets, rows, side="right") - 1


@dataclass(frozen=True, slots=True)
class SeriesOptions:
    """Options for reading a table.

    Args:
        columns: names of the columns of numbers: targets, then features.
        time: name of the time column; None for one called time, date ...
        group: name of the column that tells series apart, None if there is one series.
        form: csv, tsv, jsonl or parquet; None to recognise it by the content.
        time_format: of the time column, as ``datetime.strptime`` has it; None to recognise it.
        skip_invalid: count cells that are not numbers as missing, and leave out rows that cannot be read.
        offline: never ask the hub.
    """

    columns: tuple[str, ...]
    time: str | None = None
    group: str | None = None
    form: str | None = None
    time_format: str | None = None
    skip_invalid: bool = False
    offline: bool = False


FOLDER = Path(__file__).parent.parent / "bundled" / "series"
FILES = {"weather": "seattle-weather.csv", "stocks": "stocks.csv"}
LICENCE = "public domain (NOAA); arrangement MIT (vega_datasets)"
