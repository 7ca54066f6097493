"""Checks of the times of a table: duplicates, gaps, summer time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tagger.corpora.formats.sentence import number_of
from tagger.corpora.series.timestamps import DAY, HOUR, TimeKind, months, time_text

SHOWN = 3  # places named in a note
GAP = 1.5  # usual steps; a longer step is a gap


def places(lines: Sequence[int] | np.ndarray) -> str:
    """Name lines: ``line 5`` or ``lines 5, 9, 12, ...``."""
    shown = ", ".join(f"{int(line):,}" for line in lines[:SHOWN])
    return f"line{'s' * (len(lines) > 1)} {shown}{', ...' * (len(lines) > SHOWN)}"


def usual_step(times: np.ndarray, offsets: np.ndarray) -> float | None:
    """Measure the median step within a series; None where no series has two rows."""
    inner = np.diff(times)[_row_ends(times, offsets)]
    return float(np.median(inner)) if len(inner) else None


def is_monthly(times: np.ndarray, offsets: np.ndarray, kind: TimeKind) -> bool:
    """Whether rows are a month apart."""
    step = usual_step(times, offsets)
    return kind != "number" and step is not None and 27 * DAY < step < 32 * DAY


def on_workdays(times: np.ndarray, offsets: np.ndarray, kind: TimeKind) -> bool:
    """Whether rows are a day apart and none is on a Saturday or Sunday."""
    if kind == "number" or usual_step(times, offsets) != DAY or len(times) < 10:
        return False
    return not bool(np.isin((times // DAY + 3) % 7, (5, 6)).any())  # 1970-01-01 was a Thursday


def gap_notes(times: np.ndarray, offsets: np.ndarray, lines: np.ndarray, kind: TimeKind) -> list[str]:
    """Describe steps that are longer than usual, and those that look like the beginning of summer time."""
    step = usual_step(times, offsets)
    if step is None or step <= 0:
        return []
    ends = _row_ends(times, offsets)
    if is_monthly(times, offsets, kind):
        sizes, usual = np.diff(months(times))[ends], 1.0
    elif on_workdays(times, offsets, kind):
        days = (times // DAY).astype("datetime64[D]")
        sizes, usual = np.busday_count(days[:-1], days[1:])[ends], 1.0
    else:
        sizes, usual = np.diff(times)[ends], step
    wide = ends[sizes > GAP * usual]
    if not len(wide):
        return []
    summer = [row for row in wide.tolist() if _summer(times[row], times[row + 1], step, kind)]
    notes = []
    if summer:
        notes.append(
            f"{number_of(len(summer), 'hour')} missing as at the beginning of summer time, before "
            f"{places(lines[np.array(summer) + 1])}: local time, it seems; UTC has no such jumps"
        )
    rest = np.setdiff1d(wide, summer)
    if len(rest):
        first = int(rest[0])
        between = f"{time_text(times[first], kind)} and {time_text(times[first + 1], kind)}"
        notes.append(
            f"{number_of(len(rest), 'gap')} in the times, before {places(lines[rest + 1])}, the first between "
            f"{between}; rows count as steps, whatever lies between them"
        )
    return notes


def duplicates(times: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Find rows that have the time of the row before them."""
    ends = _row_ends(times, offsets)
    repeated: np.ndarray = ends[times[ends + 1] == times[ends]] + 1
    return repeated


def is_autumn_hour(time: float, kind: TimeKind) -> bool:
    """Whether clocks may be put back: early on a Sunday of October, November or April."""
    return kind == "moment" and _on_sunday_night(int(time), (10, 11, 4), 4)


def _summer(before: float, after: float, step: float, kind: TimeKind) -> bool:
    """Whether an hour is missing on a Sunday night of spring."""
    missing = kind == "moment" and after - before == step + HOUR and step <= HOUR
    return missing and _on_sunday_night(int(after), (3, 4, 9, 10), 5)


def _on_sunday_night(time: int, months_of_year: tuple[int, ...], hours: int) -> bool:
    """Whether a moment is within the first hours of a Sunday in one of the months."""
    month = int(months(np.array([time]))[0]) % 12 + 1
    return (time // DAY + 3) % 7 == 6 and month in months_of_year and time % DAY < hours * HOUR


def _row_ends(times: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Find the rows that are not the last of their series."""
    return np.delete(np.arange(max(0, len(times) - 1)), offsets[1:-1] - 1)
