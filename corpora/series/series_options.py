"""What is asked of a table of numbers over time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SeriesOptions:
    """Which columns to read, and how.

    Args:
        columns: names of the columns of numbers: targets, then features.
        time: name of the time column; None for one that is called time, date ...
        group: name of the column that tells series apart, None if there is one series.
        form: csv, tsv, jsonl or parquet; None to tell by the content.
        time_format: of the time column, as ``datetime.strptime`` has it; None to recognise it.
        ignore_bad: take cells that are no numbers for missing, leave out rows that cannot be read, and count them.
        offline: never ask the hub.
    """

    columns: tuple[str, ...]
    time: str | None = None
    group: str | None = None
    form: str | None = None
    time_format: str | None = None
    ignore_bad: bool = False
    offline: bool = False
