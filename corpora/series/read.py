"""Reading of tables over time: bundled, from a file, ``-``, or the hub."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tagger.corpora.files.paths import user_path
from tagger.corpora.formats.sentence import clipped, excerpt
from tagger.corpora.series.assembly import Assembly
from tagger.corpora.series.rows import RowSource, open_rows
from tagger.corpora.series.table import FILES, FOLDER, SeriesOptions, SeriesTable
from tagger.corpora.sources.in_memory import Source, in_memory_files
from tagger.corpora.sources.resolve import STDIN
from tagger.errors import CorpusError

TIME_NAMES = ("time", "date", "timestamp", "datetime", "ds", "day", "month", "year")


def read_series(source: Source | None, options: SeriesOptions) -> SeriesTable:
    """Read a table of numbers over time.

    Args:
        source: ``weather`` (or None) or ``stocks``, a file, ``-`` for the standard input,
            ``OWNER/NAME[:CONFIG][@REVISION]`` on the hub, or a data frame.
        options: which columns.

    Raises:
        CorpusError: there is no such table, or it lacks a column or cannot be read; the message says where.
    """
    with in_memory_files({"source": source}) as (names, written):
        source = names["source"]
        rows = _find(source, options, written)
        time = _time_column(rows, options.time)
        for column in (*options.columns, *((options.group,) if options.group else ())):
            _check_column(rows, column)
        return Assembly(rows, time, options, source or "weather").table()


def _find(source: str | None, options: SeriesOptions, stdin: dict[str, Path]) -> RowSource:
    if source is None or (source in FILES and not Path(source).exists()):
        file = FILES[source or "weather"]
        return open_rows(FOLDER / file, file, options.form)
    if source in stdin:
        return open_rows(stdin[source], STDIN if source == "-" else source, options.form)
    if not source.strip():
        raise CorpusError("the name of the table is empty; give a file or a hub id")
    path = user_path(source)
    if not path.exists():
        from tagger.corpora.hub.hub_id import parse_hub_spec

        spec = parse_hub_spec(source)
        if spec is not None and path.suffix.lower() not in (".csv", ".tsv", ".parquet", ".jsonl", ".json"):
            return _hub_rows(spec, options)
    return open_rows(path, source, options.form)


def _hub_rows(spec: Any, options: SeriesOptions) -> RowSource:
    from tagger.corpora.hub.dataset import load
    from tagger.corpora.hub.errors import explaining

    with explaining(spec):
        splits = load(spec, offline=options.offline).splits
    name = next(iter(splits)) if len(splits) == 1 else "train"
    if name not in splits:
        raise CorpusError(f"{spec} has no train split; there are: {', '.join(splits)}")
    return RowSource(f"{spec} ({name})", tuple(splits[name].column_names), None, "hub", splits[name])


def _time_column(rows: RowSource, wanted: str | None) -> str:
    if wanted is not None:
        _check_column(rows, wanted)
        return wanted
    lowered = {column.lower(): column for column in reversed(rows.columns)}
    if named := [lowered[name] for name in TIME_NAMES if name in lowered]:
        return named[0]
    held = clipped(", ".join(rows.columns))
    raise CorpusError(f"no column is called time or date; name it (--time); there are: {held}", path=rows.name)


def _check_column(rows: RowSource, column: str) -> None:
    if column not in rows.columns:
        held = clipped(", ".join(rows.columns))
        raise CorpusError(f"no column {excerpt(column)}; there are: {held}", path=rows.name)
