"""Cells to numbers: (n,) float32 of a column, NaN where there is none; what is no number is told."""

from __future__ import annotations

from typing import Any

import numpy as np

from tagger.corpora.formats.sentence import excerpt

MISSING = {"", "na", "n/a", "nan", "null", "none", "_", "?", "-"}


def as_numbers(cells: Any) -> tuple[np.ndarray, list[tuple[int, str]]]:
    """The numbers of one column of a batch.

    Args:
        cells: a list of texts, numbers and None, or an Arrow array.

    Returns:
        (n,) float32, NaN where a cell is empty or wrong; and for each wrong one its place and what was expected.
    """
    if not isinstance(cells, list):
        return _from_arrow(cells)
    try:
        if any(cell is None or isinstance(cell, bool) for cell in cells):
            raise ValueError
        found = np.array(cells, dtype=np.float64)
        problems: list[tuple[int, str]] = []
    except (ValueError, TypeError, OverflowError):
        found, problems = _one_by_one(cells)
    return _finite(found, problems, cells)


def _from_arrow(column: Any) -> tuple[np.ndarray, list[tuple[int, str]]]:
    import pyarrow as pa

    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        found = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        return _finite(found, [], found)
    return as_numbers(column.to_pylist())


def _one_by_one(cells: list[Any]) -> tuple[np.ndarray, list[tuple[int, str]]]:
    found = np.full(len(cells), np.nan)
    problems = []
    for place, cell in enumerate(cells):
        if cell is None or (isinstance(cell, str) and cell.strip().lower() in MISSING):
            continue
        try:
            if isinstance(cell, bool):
                raise ValueError
            found[place] = float(cell)
        except (ValueError, TypeError, OverflowError):
            problems.append((place, f"{excerpt(str(cell))} is not a number"))
    return found, problems


def _finite(found: np.ndarray, problems: list[tuple[int, str]], cells: Any) -> tuple[np.ndarray, list[tuple[int, str]]]:
    """Infinite values, and those that float32 cannot hold, are told and become NaN."""
    with np.errstate(over="ignore"):
        small = found.astype(np.float32)
    for place in np.flatnonzero(np.isinf(small)).tolist():
        problems.append((place, f"{excerpt(str(cells[place]))} is infinite, or too large to compute with"))
    small[np.isinf(small)] = np.nan
    return small, sorted(problems)
