"""What a user must be told of the columns of a table before a model learns from it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tagger.config.forecaster import SeriesConfig
from tagger.corpora.formats.sentence import number_of
from tagger.corpora.series.table import SeriesTable
from tagger.errors import CorpusError
from tagger.forecasting.windows import Part


def column_notes(table: SeriesTable, config: SeriesConfig, train: Part) -> list[str]:
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
