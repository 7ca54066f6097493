"""Numbers in units of their spread, as the training part has it: fitted there alone, stored in the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tagger.corpora.series.table import SeriesTable

POOLED = ""


@dataclass(frozen=True, slots=True)
class Scaling:
    """Mean and standard deviation of each column, a series at a time.

    Args:
        mean: (G, C) float64, in the unit of the data.
        spread: (G, C) float64; 1 where a column never changes.
        groups: the names of the G series; the last is the mean over all of them, for series that training never saw.
    """

    mean: np.ndarray
    spread: np.ndarray
    groups: tuple[str, ...]

    @classmethod
    def fit(cls, table: SeriesTable, ends: np.ndarray) -> Scaling:
        """Measure the training part.

        Args:
            table: all rows.
            ends: (G,) the row after the last one of each series that training may see.
        """
        parts = [table.values[start:end] for start, end in zip(table.offsets[:-1], ends, strict=True)]
        measured = [_measure(part) for part in parts if len(part)]
        names = tuple(name for name, part in zip(table.groups, parts, strict=True) if len(part))
        mean = np.stack([mean for mean, _ in measured])
        spread = np.stack([spread for _, spread in measured])
        if names != (POOLED,):
            mean, spread = np.vstack([mean, mean.mean(0)]), np.vstack([spread, spread.mean(0)])
            names = (*names, POOLED)
        return cls(mean, spread, names)

    def rows(self, groups: Sequence[str]) -> np.ndarray:
        """The row of each series by its name; the last one for those that training never saw."""
        known = {name: row for row, name in enumerate(self.groups)}
        return np.array([known.get(group, len(self.groups) - 1) for group in groups], dtype=np.int64)

    def to_dict(self) -> dict[str, Any]:
        """As ``config.json`` holds it."""
        return {"groups": list(self.groups), "mean": self.mean.tolist(), "spread": self.spread.tolist()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], columns: int) -> Scaling:
        """From ``to_dict``.

        Raises:
            ValueError: it is none of so many columns.
        """
        mean, spread = np.array(values["mean"], dtype=np.float64), np.array(values["spread"], dtype=np.float64)
        groups = tuple(map(str, values["groups"]))
        if not groups or not mean.shape == spread.shape == (len(groups), columns) or not usable(mean, spread):
            raise ValueError("the scaling does not fit together")
        return cls(mean, spread, groups)


def usable(mean: np.ndarray, spread: np.ndarray) -> bool:
    """Whether numbers can be scaled with these: finite in single precision, spreads above zero."""
    limit = float(np.finfo(np.float32).max)
    return bool((np.abs(mean) <= limit).all() and (spread > 0).all() and (spread <= limit).all())


def _measure(part: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and spread of (n, C), NaN left out; summed in float64, a column at a time to keep memory flat."""
    means, spreads = [], []
    for column in part.T:
        known = column[~np.isnan(column)]
        mean = float(known.mean(dtype=np.float64)) if len(known) else 0.0
        spread = float(known.std(dtype=np.float64)) if len(known) else 0.0
        means.append(mean)
        spreads.append(spread if spread > 1e-6 * abs(mean) else 1.0)
    return np.array(means), np.array(spreads)
