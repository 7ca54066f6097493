"""Train, dev and test by time: what comes later is never learnt from. And the stretches that are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tagger.config.forecaster import ForecasterConfig
from tagger.corpora.formats.sentence import number_of
from tagger.corpora.series.table import SeriesTable
from tagger.errors import CorpusError

MOST_SCORED = 200_000
"""Rows of dev and of test that are scored, the last ones of longer parts."""
FEWEST = 64  # stretches of an epoch, however short the series: they overlap then


@dataclass(frozen=True, slots=True)
class Part:
    """The rows whose values are to be predicted: of each series those from ``starts`` to before ``ends``, both (G,)."""

    name: str
    starts: np.ndarray
    ends: np.ndarray

    @property
    def rows(self) -> int:
        """Of all series."""
        return int((self.ends - self.starts).sum())


@dataclass(frozen=True, slots=True)
class Stretch:
    """B stretches of T rows.

    Args:
        rows: (T, B).
        first: (B,) targets before this row do not count.
        end: (B,) targets from this row on do not count.
    """

    rows: np.ndarray
    first: np.ndarray
    end: np.ndarray


def split_by_time(table: SeriesTable, config: ForecasterConfig) -> dict[str, Part]:
    """Cut at two moments, the same for all series.

    Raises:
        CorpusError: a part would be empty, or too short for the horizon.
    """
    cuts = _cuts(table, config)
    bounds = [table.offsets[:-1], *(_positions(table, cut) for cut in cuts), table.offsets[1:]]
    names = ("train", "dev", "test")
    parts = {name: Part(name, starts, ends) for name, starts, ends in zip(names, bounds[:-1], bounds[1:], strict=True)}
    wanted = [name for name, share in zip(names, (1.0, config.data.dev, config.data.test), strict=True) if share]
    horizon = config.data.horizon
    for name in wanted:
        longest = int((parts[name].ends - parts[name].starts).max())
        if longest < horizon + (name == "train"):
            raise CorpusError(
                f"{len(table):,} rows leave {parts[name].rows:,} for {name} ({longest:,} in the longest series), "
                f"too few for a horizon of {horizon:,}; expected more rows, or a shorter --horizon",
                path=table.source,
            )
    longest = int((parts["train"].ends - parts["train"].starts).max())
    window = config.data.window
    if window is not None and window > longest:
        raise CorpusError(
            f"a window of {window:,} steps, longer than the series: train has {longest:,} rows in its longest one; "
            "expected a shorter --window",
            path=table.source,
        )
    return {name: parts[name] for name in wanted}


def shortened(part: Part, most: int = MOST_SCORED) -> Part:
    """The end of a part that is too long to be scored as a whole: so many rows, the same number of each series."""
    if part.rows <= most:
        return part
    each = max(1, most // len(part.starts))
    return Part(part.name, np.maximum(part.starts, part.ends - each), part.ends)


def _cuts(table: SeriesTable, config: ForecasterConfig) -> tuple[float, float]:
    """The first moments of dev and of test."""
    ordered = table.times if len(table.groups) == 1 else np.sort(table.times)
    count = len(ordered)
    shares = (1 - config.data.dev - config.data.test, 1 - config.data.test)
    first, second = (ordered[min(count - 1, round(share * count))] for share in shares)
    beyond = ordered[-1] + 1
    return (first if config.data.dev or config.data.test else beyond), (second if config.data.test else beyond)


def _positions(table: SeriesTable, cut: float) -> np.ndarray:
    """(G,) the first row of each series that is not before a moment."""
    spans = zip(table.offsets[:-1].tolist(), table.offsets[1:].tolist(), strict=True)
    return np.array([start + np.searchsorted(table.times[start:end], cut) for start, end in spans], dtype=np.int64)


def training_windows(part: Part, window: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Stretches of an epoch in random order: every row is read, in another cut each time.

    Returns:
        (S,) their first rows, (S,) the series of each.
    """
    stride = min(window, max(1, part.rows // FEWEST))
    starts, groups = [], []
    for group, (start, end) in enumerate(zip(part.starts.tolist(), part.ends.tolist(), strict=True)):
        if end - start >= 2:
            last = max(start, end - window)
            grid = np.arange(start - int(rng.integers(stride)), last + stride, stride)
            starts.append(np.unique(np.clip(grid, start, last)))
            groups.append(np.full(len(starts[-1]), group))
    order = rng.permutation(sum(map(len, starts)))
    return np.concatenate(starts)[order], np.concatenate(groups)[order]


def stretch(part: Part, starts: np.ndarray, groups: np.ndarray, window: int) -> Stretch:
    """Lay out stretches; where a series ends, its last row stands in, from which nothing is predicted.

    Args:
        part: whose values are predicted.
        starts: (B,) first rows.
        groups: (B,) the series of each.
        window: T.
    """
    ends = part.ends[groups]
    return Stretch(np.minimum(starts + np.arange(window)[:, None], ends - 1), part.starts[groups], ends)


def evaluation_windows(
    part: Part, offsets: np.ndarray, window: int, horizon: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Stretches that reach every value of a part from the steps before it, half a window of them at least.

    Args:
        part: what is predicted.
        offsets: (G + 1,) of the table.
        window: T.
        horizon: the farthest lead.

    Returns:
        (S,) the first row of each stretch, (S,) the first row that is predicted from, (S,) the series.
    """
    warm = window // 2
    starts, firsts, groups = [], [], []
    for group, (begin, end) in enumerate(zip(part.starts.tolist(), part.ends.tolist(), strict=True)):
        origin, series = max(begin - horizon, int(offsets[group])), int(offsets[group])
        while origin < end - 1:
            start = max(series, origin - warm)
            starts.append(start)
            firsts.append(origin)
            groups.append(group)
            origin = start + window
    return np.array(starts, np.int64), np.array(firsts, np.int64), np.array(groups, np.int64)


def column_notes(table: SeriesTable, config: ForecasterConfig, train: Part) -> list[str]:
    """Constant columns and holes.

    Raises:
        CorpusError: a target never changes in train, or is never there.
    """
    notes = []
    spans = list(zip(train.starts.tolist(), train.ends.tolist(), strict=True))
    for number, column in enumerate(table.columns):
        ranges = [(np.nanmin(part), np.nanmax(part)) for part in _known(table.values[:, number], spans)]
        if all(low == high for low, high in ranges):
            what = "has no value" if not ranges else f"is always {ranges[0][0]:g}"
            first, last = table.lines[spans[0][0]], table.lines[max(end for _, end in spans) - 1]
            where = f"column {column!r} {what} in train (lines {int(first):,} to {int(last):,})"
            if column in config.data.targets:
                raise CorpusError(f"{where}; there is nothing to learn", path=table.source)
            notes.append(f"{where}: it tells nothing")
        holes = np.flatnonzero(np.isnan(table.values[:, number]))
        if len(holes):
            from tagger.corpora.series.time_checks import places

            use = "not learnt from, and " * (column in config.data.targets)
            notes.append(
                f"column {column!r}: {number_of(len(holes), 'value')} missing ({places(table.lines[holes])}), {use}"
                "read as the last one before"
            )
    return notes


def _known(column: np.ndarray, spans: Sequence[tuple[int, int]]) -> list[np.ndarray]:
    parts = [column[start:end] for start, end in spans]
    return [part for part in parts if len(part) and not np.isnan(part).all()]
