"""Cells as numbers: (n,) float32 of a column, NaN where a cell is empty or wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from tagger.corpora.formats.sentence import excerpt

MISSING = {"", "na", "n/a", "nan", "null", "none", "_", "?", "-"}


def as_numbers(cells: Any) -> tuple[np.ndarray, list[tuple[int, str]]]:
    """Convert one column of a batch to numbers.

    Args:
        cells: a list of texts, numbers and None, or an Arrow array.

    Returns:
        (n,) float32, NaN where a cell is empty or wrong; and for each wrong cell its index and what is wrong.
    """
    if not isinstance(cells, list):
        return _from_arrow(cells)
    try:
        if any(cell is None or isinstance(cell, bool) for cell in cells):
            raise ValueError
        numbers = np.array(cells, dtype=np.float64)
        problems: list[tuple[int, str]] = []
    except (ValueError, TypeError, OverflowError):
        numbers, problems = _one_by_one(cells)
    return _finite(numbers, problems, cells)


def _from_arrow(column: Any) -> tuple[np.ndarray, list[tuple[int, str]]]:
    import pyarrow as pa

    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        numbers = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        return _finite(numbers, [], numbers)
    return as_numbers(column.to_pylist())


def _one_by_one(cells: list[Any]) -> tuple[np.ndarray, list[tuple[int, str]]]:
    numbers = np.full(len(cells), np.nan)
    problems = []
    for place, cell in enumerate(cells):
        if cell is None or (isinstance(cell, str) and cell.strip().lower() in MISSING):
            continue
        try:
            if isinstance(cell, bool):
                raise ValueError
            numbers[place] = float(cell)
        except (ValueError, TypeError, OverflowError):
            problems.append((place, f"{excerpt(str(cell))} is not a number"))
    return numbers, problems


def _finite(
    numbers: np.ndarray, problems: list[tuple[int, str]], cells: Any
) -> tuple[np.ndarray, list[tuple[int, str]]]:
    """Report values that float32 cannot hold, the infinite ones among them, and make them NaN."""
    with np.errstate(over="ignore"):
        small = numbers.astype(np.float32)
    for place in np.flatnonzero(np.isinf(small)).tolist():
        problems.append((place, f"{excerpt(str(cells[place]))} is infinite, or too large to compute with"))
    small[np.isinf(small)] = np.nan
    return small, sorted(problems)
