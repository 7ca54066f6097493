"""Standardising: mean and standard deviation of the training split, stored in the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tagger.corpora.series.table import SeriesTable

POOLED = ""


@dataclass(frozen=True, slots=True)
class Scaling:
    """Mean and standard deviation of C columns, a series at a time.

    Args:
        mean: (G, C) float64, in the unit of the data.
        std: (G, C) float64; 1 where a column never changes.
        groups: the names of the G series; the last row is the mean of all, for series that training never saw.
    """

    mean: np.ndarray
    std: np.ndarray
    groups: tuple[str, ...] = (POOLED,)

    @classmethod
    def fit(cls, table: SeriesTable, ends: np.ndarray) -> Scaling:
        """Measure the training split.

        Args:
            table: all rows.
            ends: (G,) where the training split of each series ends.
        """
        parts = [table.values[start:end] for start, end in zip(table.offsets[:-1], ends, strict=True)]
        moments = [_moments(part) for part in parts if len(part)]
        names = tuple(name for name, part in zip(table.groups, parts, strict=True) if len(part))
        mean, std = (np.stack(rows) for rows in zip(*moments, strict=True))
        if names != (POOLED,):
            mean, std = np.vstack([mean, mean.mean(0)]), np.vstack([std, std.mean(0)])
            names = (*names, POOLED)
        return cls(mean, std, names)

    def rows(self, groups: Sequence[str]) -> np.ndarray:
        """Find the row of each series by its name; the last one for unknown series."""
        known = {name: row for row, name in enumerate(self.groups)}
        return np.array([known.get(group, len(self.groups) - 1) for group in groups], dtype=np.int64)

    def to_dict(self) -> dict[str, Any]:
        """Turn into what ``config.json`` holds."""
        return {"groups": list(self.groups), "mean": self.mean.tolist(), "spread": self.std.tolist()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], columns: int) -> Scaling:
        """Read what ``to_dict`` gave; without groups, one row of each is a plain list.

        Raises:
            ValueError: it is not of that number of columns, or cannot scale anything.
        """
        mean, std = (np.array(values[name], dtype=np.float64) for name in ("mean", "spread"))
        if "groups" not in values:
            mean, std = mean[None], std[None]
        groups = tuple(map(str, values.get("groups", (POOLED,))))
        largest = float(np.finfo(np.float32).max)
        fits = bool(groups) and columns > 0 and mean.shape == std.shape == (len(groups), columns)
        if not fits or not ((np.abs(mean) <= largest) & (std > 0) & (std <= largest)).all():
            raise ValueError("the scaling does not fit together")
        return cls(mean, std, groups)


def _moments(part: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Measure mean and deviation of each column of (n, C) without NaN, in float64."""
    means, deviations = [], []
    for column in part.T:
        known = column[~np.isnan(column)]
        mean = float(known.mean(dtype=np.float64)) if len(known) else 0.0
        std = float(known.std(dtype=np.float64)) if len(known) else 0.0
        means.append(mean)
        deviations.append(std if std > 1e-6 * abs(mean) else 1.0)
    return np.array(means), np.array(deviations)
