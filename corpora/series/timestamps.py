"""Timestamps: dates, moments or plain numbers as 64-bit numbers, and back to text."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import numpy as np

TimeKind = Literal["date", "moment", "number"]
MICROSECONDS = 1_000_000
DAY = 86_400 * MICROSECONDS
HOUR = 3_600 * MICROSECONDS
EPOCH = datetime(1970, 1, 1)
FORMATS = ("%b %d %Y", "%d %b %Y", "%b %d, %Y", "%d.%m.%Y", "%Y-%m", "%Y%m%d %H:%M:%S", "%d.%m.%Y %H:%M")
EXPECTED = "2012-01-31, 2012-01-31 14:00, 2012-01-31T14:00+01:00 or a number"
_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?")
_COMPACT = re.compile(r"(1[6-9]|2[0-2])\d\d(0[1-9]|1[0-2])([0-2]\d|3[01])")


class TimeReader:
    """Reads the cells of a time column.

    The first cell decides the kind. A date among moments is its midnight; a moment among dates makes all of them
    moments.

    Args:
        form: a format of ``datetime.strptime`` that the cells have; None to recognise them.
    """

    def __init__(self, form: str | None = None) -> None:
        self.form = form
        self.kind: TimeKind | None = None
        self.zoned: bool | None = None

    def read(self, cell: Any) -> float | int:
        """Convert a cell to microseconds since 1970, in UTC where it names a zone, or to a plain number.

        Raises:
            ValueError: it is not a time, or another kind of time than the cells before; says what was expected.
        """
        if isinstance(cell, str):
            cell = self._parsed(cell.strip())
        if isinstance(cell, bool) or not isinstance(cell, int | float | datetime):
            raise ValueError(f"expected a time such as {EXPECTED}")
        if not isinstance(cell, datetime):
            self._is("number")
            if not np.isfinite(cell):
                raise ValueError("expected a finite number")
            return float(cell)
        midnight = cell.hour == cell.minute == cell.second == cell.microsecond == 0 and cell.tzinfo is None
        self._is("date" if midnight and self.kind in (None, "date") else "moment")
        if self.zoned not in (None, cell.tzinfo is not None):
            raise ValueError("some times have a zone and others have none; expected all or none of them to")
        self.zoned = cell.tzinfo is not None
        if cell.tzinfo is not None:
            cell = cell.astimezone(UTC).replace(tzinfo=None)
        since: int = (cell - EPOCH) // timedelta(microseconds=1)
        return since

    def _is(self, kind: TimeKind) -> None:
        if self.kind is not None and ("number" in (kind, self.kind)) and kind != self.kind:
            raise ValueError("a number among dates, or a date among numbers; expected the kind of the first row")
        self.kind = kind if self.kind is None or kind == "moment" else self.kind

    def _parsed(self, text: str) -> datetime | float | None:
        try:
            if self.form is not None:
                return datetime.strptime(text, self.form)
            if _COMPACT.fullmatch(text) and self.kind != "number":
                return datetime.strptime(text, "%Y%m%d")
            if _NUMBER.fullmatch(text):
                return float(text)
            return datetime.fromisoformat(text.replace("/", "-"))
        except ValueError:
            for form in () if self.form is not None else FORMATS:
                with suppress(ValueError):
                    return datetime.strptime(text, form)
            return None


def time_text(value: float, kind: TimeKind) -> str:
    """Write a time: ``2012-01-31``, ``2012-01-31 14:00``, ``17``."""
    if kind == "number":
        return f"{value:.15g}"
    moment = EPOCH + timedelta(microseconds=int(value))
    if kind == "date":
        return moment.strftime("%Y-%m-%d")
    return moment.isoformat(sep=" ", timespec="auto" if moment.second or moment.microsecond else "minutes")


def months(times: np.ndarray) -> np.ndarray:
    """Count the months since January 1970 of times in microseconds: (N,)."""
    return times.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)
