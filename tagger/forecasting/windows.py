"""Splits by time, and the windows of rows that a network reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tagger.config.forecaster import ForecasterConfig
from tagger.corpora.formats.sentence import number_of
from tagger.corpora.series.table import SeriesTable
from tagger.corpora.series.time_checks import places
from tagger.errors import CorpusError

MOST_SCORED = 200_000
"""Rows of dev and of test that are scored: the last ones of longer splits."""
FEWEST = 64
"""Windows of an epoch at least; those of a short series overlap."""


@dataclass(frozen=True, slots=True)
class TimeSplit:
    """The rows whose values a split predicts: of each series those from ``starts`` to before ``ends``, both (G,)."""

    name: str
    starts: np.ndarray
    ends: np.ndarray

    @property
    def rows(self) -> int:
        """Rows of all series."""
        return int((self.ends - self.starts).sum())

    @property
    def longest(self) -> int:
        """Rows of the longest series."""
        return int((self.ends - self.starts).max())


@dataclass(frozen=True, slots=True)
class Windows:
    """B windows of T rows.

    Args:
        rows: (T, B).
        first: (B,) targets before this row do not count.
        end: (B,) targets from this row on do not count.
    """

    rows: np.ndarray
    first: np.ndarray
    end: np.ndarray


def split_by_time(table: SeriesTable, config: ForecasterConfig) -> dict[str, TimeSplit]:
    """Cut all series at the same two moments into train, dev and test.

    Raises:
        CorpusError: a split would be empty, or too short for the horizon or the window.
    """
    cuts = _cuts(table, config)
    bounds = [table.offsets[:-1], *(_first_rows(table, cut) for cut in cuts), table.offsets[1:]]
    shares = {"train": 1.0, "dev": config.data.dev, "test": config.data.test}
    splits = {
        name: TimeSplit(name, starts, ends)
        for (name, share), starts, ends in zip(shares.items(), bounds[:-1], bounds[1:], strict=True)
        if share
    }
    horizon, window = config.data.horizon, config.data.window
    for name, split in splits.items():
        if split.longest < horizon + (name == "train"):
            raise CorpusError(
                f"{len(table):,} rows leave {split.rows:,} for {name} ({split.longest:,} in the longest series), "
                f"too few for a horizon of {horizon:,}; expected more rows, or a shorter --horizon",
                path=table.source,
            )
    longest = splits["train"].longest
    if window is not None and window > longest:
        raise CorpusError(
            f"a window of {window:,} steps, longer than the series: train has {longest:,} rows in its longest one; "
            "expected a shorter --window",
            path=table.source,
        )
    return splits


def scored_splits(splits: Mapping[str, TimeSplit]) -> tuple[dict[str, TimeSplit], list[str]]:
    """Shorten dev and test to the rows that are scored; add a note for each that is shortened."""
    shortened = {name: split if name == "train" else last_rows(split) for name, split in splits.items()}
    notes = [
        f"{name}: the last {shortened[name].rows:,} of its {split.rows:,} rows are scored"
        for name, split in splits.items()
        if shortened[name].rows < split.rows
    ]
    return shortened, notes


def last_rows(split: TimeSplit, most: int = MOST_SCORED) -> TimeSplit:
    """Keep the last rows of a split, the same number of each series."""
    if split.rows <= most:
        return split
    each = max(1, most // len(split.starts))
    return TimeSplit(split.name, np.maximum(split.starts, split.ends - each), split.ends)


def _cuts(table: SeriesTable, config: ForecasterConfig) -> tuple[float, float]:
    """The first moments of dev and of test."""
    ordered = table.times if len(table.groups) == 1 else np.sort(table.times)
    count = len(ordered)
    shares = (1 - config.data.dev - config.data.test, 1 - config.data.test)
    first, second = (ordered[min(count - 1, round(share * count))] for share in shares)
    beyond = ordered[-1] + 1
    return (first if config.data.dev or config.data.test else beyond), (second if config.data.test else beyond)


def _first_rows(table: SeriesTable, cut: float) -> np.ndarray:
    """(G,) the first row of each series that is not before a moment."""
    spans = zip(table.offsets[:-1].tolist(), table.offsets[1:].tolist(), strict=True)
    return np.array([start + np.searchsorted(table.times[start:end], cut) for start, end in spans], dtype=np.int64)


def training_windows(split: TimeSplit, window: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw the windows of an epoch: they cover every row and begin elsewhere each time.

    Returns:
        (S,) their first rows, (S,) the series of each.
    """
    stride = min(window, max(1, split.rows // FEWEST))
    starts, groups = [], []
    for group, (start, end) in enumerate(zip(split.starts.tolist(), split.ends.tolist(), strict=True)):
        if end - start >= 2:
            last = max(start, end - window)
            grid = np.arange(start - int(rng.integers(stride)), last + stride, stride)
            starts.append(np.unique(np.clip(grid, start, last)))
            groups.append(np.full(len(starts[-1]), group))
    order = rng.permutation(sum(map(len, starts)))
    return np.concatenate(starts)[order], np.concatenate(groups)[order]


def make_windows(split: TimeSplit, starts: np.ndarray, groups: np.ndarray, window: int) -> Windows:
    """Lay out windows of T rows, given the (B,) first rows and the (B,) series of each.

    The last row of a series stands for those beyond its end and predicts nothing.
    """
    ends = split.ends[groups]
    return Windows(np.minimum(starts + np.arange(window)[:, None], ends - 1), split.starts[groups], ends)


def evaluation_windows(
    split: TimeSplit, offsets: np.ndarray, window: int, horizon: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Plan windows that predict every value from at least half a window of rows before.

    Returns:
        (S,) the first row of each window, (S,) the first row that predicts, (S,) the series.
    """
    warm_up = window // 2
    plan: list[tuple[int, int, int]] = []
    for group, (begin, end) in enumerate(zip(split.starts.tolist(), split.ends.tolist(), strict=True)):
        series = int(offsets[group])
        origin = max(begin - horizon, series)
        while origin < end - 1:
            start = max(series, origin - warm_up)
            plan.append((start, origin, group))
            origin = start + window
    starts, firsts, groups = np.array(plan, np.int64).reshape(-1, 3).T
    return starts, firsts, groups


def column_notes(table: SeriesTable, config: ForecasterConfig, train: TimeSplit) -> list[str]:
    """Describe constant columns and missing values.

    Raises:
        CorpusError: a target never changes in train, or never has a value there.
    """
    notes = []
    spans = list(zip(train.starts.tolist(), train.ends.tolist(), strict=True))
    first, last = table.lines[spans[0][0]], table.lines[max(end for _, end in spans) - 1]
    for number, column in enumerate(table.columns):
        constant = _constant([table.values[start:end, number] for start, end in spans])
        if constant is not None:
            where = f"column {column!r} {constant} in train (lines {int(first):,} to {int(last):,})"
            if column in config.data.targets:
                raise CorpusError(f"{where}; there is nothing to learn", path=table.source)
            notes.append(f"{where}: it carries no information")
        missing = np.flatnonzero(np.isnan(table.values[:, number]))
        if len(missing):
            use = "not learnt from, and " * (column in config.data.targets)
            notes.append(
                f"column {column!r}: {number_of(len(missing), 'value')} missing ({places(table.lines[missing])}), {use}"
                "read as the last one before"
            )
    return notes


def _constant(series: Sequence[np.ndarray]) -> str | None:
    """Say what value a column always has; None where it changes within a series."""
    known = [kept for values in series if len(kept := values[~np.isnan(values)])]
    if not known:
        return "has no value"
    return f"is always {known[0][0]:g}" if all(values.min() == values.max() for values in known) else None
