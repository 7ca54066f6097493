"""Write corpora as CoNLL-U, columns, JSON lines or Parquet, in bounded memory and all or nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any

from tagger.corpora.conversion.render import (
    label_columns,
    metadata_value,
    render_columns,
    render_conllu,
    render_json_lines,
)
from tagger.corpora.files.streams import create_file
from tagger.corpora.formats.metadata import METADATA_KEY
from tagger.corpora.formats.sentence import RawSentence
from tagger.corpora.sources.corpus import BATCH
from tagger.errors import OutputError

WRITABLE = {"conllu": ".conllu", "columns": ".conll", "jsonl": ".jsonl", "parquet": ".parquet"}


def write_part(rows: Iterator[RawSentence], path: Path, form: str, *, bare: bool = False) -> Path:
    """Write sentences to a hidden file beside ``path``, for ``publish``; after an error nothing is left of it.

    Args:
        rows: the sentences, all with the same columns.
        path: the place of the file; a name ending in ``.gz``, ``.xz``, ``.bz2`` or ``.zst`` compresses it.
        form: one of ``WRITABLE``.
        bare: in columns, leave out the line with their names and all comments.

    Raises:
        OutputError: the file cannot be written, or a word cannot stand in the format.
    """
    part = path.with_name(f".{path.name}.part")
    complete = False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if form == "parquet":
            _write_parquet(rows, part, path)
        else:
            with create_file(part, path.suffix) as file:
                for block in _render(rows, path, form, bare):
                    file.write(block.encode())
        complete = True
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        if not complete:
            with suppress(OSError):
                part.unlink()
    return part


def publish(parts: dict[Path, Path]) -> None:
    """Move complete files to their places.

    Args:
        parts: by place, the hidden file.
    """
    for path, part in parts.items():
        try:
            os.replace(part, path)
        except OSError as error:
            with suppress(OSError):
                part.unlink()
            raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from error


def check_target(path: Path, form: str, *, overwrite: bool) -> None:
    """Raise OutputError if the format cannot be written, or the file exists and must not be replaced."""
    if form not in WRITABLE:
        raise OutputError(f"{path}: corpora cannot be written as {form!r}; choose from {', '.join(WRITABLE)}")
    if path.exists() and not overwrite:
        raise OutputError(f"{path}: there already; choose another name or --overwrite")


def _render(rows: Iterator[RawSentence], path: Path, form: str, bare: bool) -> Iterator[str]:
    if form == "conllu":
        return render_conllu(rows, path)
    return render_columns(rows, path, bare=bare) if form == "columns" else render_json_lines(rows)


def _write_parquet(rows: Iterator[RawSentence], part: Path, path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    first = next(rows, None)
    names = ["tokens", *(label_columns(first) if first else ())]
    strings = [pa.field(name, pa.string()) for name in ("text", METADATA_KEY) if name not in names]
    schema = pa.schema([*(pa.field(name, pa.list_(pa.string())) for name in names), *strings])
    with pq.ParquetWriter(part, schema) as writer:
        batch: list[dict[str, Any]] = []
        for number, row in enumerate(chain([first] if first else [], rows), 1):
            columns = label_columns(row)
            if list(columns) != names[1:]:
                differs = f"sentence {number} has the columns {', '.join(columns)}"
                raise OutputError(f"{path}: {differs}, the first has {', '.join(names[1:])}; write JSON lines instead")
            metadata = metadata_value(row)
            text = json.dumps(metadata, ensure_ascii=False) if metadata else None
            batch.append({METADATA_KEY: text, "text": row.text, "tokens": row.tokens, **columns})
            if len(batch) == BATCH:
                writer.write_table(pa.Table.from_pylist(batch, schema=schema))
                batch.clear()
        writer.write_table(pa.Table.from_pylist(batch, schema=schema))
