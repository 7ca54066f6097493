"""Tables with a column of text: JSON lines, Parquet, CSV and TSV files, a row for each document or line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tagger.corpora.files.lines import DamagedLine, read_lines
from tagger.corpora.formats.jsonl import TOKEN_KEYS
from tagger.corpora.formats.sentence import excerpt
from tagger.corpora.text.text_columns import TEXT_COLUMNS, choose_text_column
from tagger.corpora.text.text_tables_part import table_texts
from tagger.errors import CorpusError

ROW_FORMS = ("jsonl-text", "parquet-text", "csv-text", "tsv-text")
ROWS_AT_A_TIME = 1000


def rows_of_file(path: Path, name: str, form: str, column: str | None) -> Iterator[str]:
    """The text of each row; a ``DamagedLine`` for a row without any.

    Raises:
        CorpusError: there is no such column, or the file cannot be read.
    """
    if form == "jsonl-text":
        return _json_rows(path, name, column)
    if form == "parquet-text":
        return _parquet_rows(path, name, column)
    return table_texts(path, name, column, tabs=form == "tsv-text")


def row_lines(rows: Iterable[str], *, apart: bool) -> Iterator[str]:
    """The lines of rows; the end of a row is a line end.

    Args:
        rows: texts of one or more lines.
        apart: let a blank line follow each row, so that no sentence goes on in the next.
    """
    for row in rows:
        if isinstance(row, DamagedLine):
            yield row
            continue
        yield from row.replace("\r\n", "\n").removesuffix("\n").split("\n")
        if apart:
            yield ""


def has_text_rows(record: Mapping[str, Any], asked: str | None) -> bool:
    """Whether a record is a row of text rather than a labelled sentence."""
    held = {key: isinstance(value, str) for key, value in record.items()}
    if asked is not None:
        return bool(held.get(asked))
    return not any(key in record for key in TOKEN_KEYS) and any(held.get(name) for name in TEXT_COLUMNS)


def _json_rows(path: Path, name: str, column: str | None) -> Iterator[str]:
    for number, line in enumerate(read_lines(path, name), 1):
        if isinstance(line, DamagedLine):
            yield DamagedLine(line.reason, number)
        elif line.strip():
            try:
                record = json.loads(line)
            except ValueError as error:
                yield DamagedLine(f"not JSON ({error}): {excerpt(line)}", number)
                continue
            if not isinstance(record, dict):
                yield DamagedLine(f"{excerpt(line)}, expected a JSON object with a column of text", number)
                continue
            column = column or choose_text_column(_held(record), None, name)
            value = record.get(column or "")
            missing = f"no text in column {column!r}: {excerpt(line)}"
            yield value if isinstance(value, str) else DamagedLine(missing, number)


def _parquet_rows(path: Path, name: str, column: str | None) -> Iterator[str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
        chosen = choose_text_column(parquet_columns(file.schema_arrow), column, name)
        batches = file.iter_batches(ROWS_AT_A_TIME, columns=[chosen])
        for row, value in enumerate((value for batch in batches for value in batch.column(0).to_pylist()), 1):
            yield DamagedLine("a row without text", row) if value is None else value
    except (pa.ArrowException, OSError) as error:
        raise CorpusError(f"the Parquet file cannot be read: {' '.join(str(error).split())}", path=name) from error


def parquet_columns(schema: Any) -> dict[str, bool]:
    """The columns of an Arrow schema, each with whether it holds strings."""
    import pyarrow as pa

    return {field.name: pa.types.is_string(field.type) or pa.types.is_large_string(field.type) for field in schema}


def _held(record: Mapping[str, Any]) -> dict[str, bool]:
    return {key: isinstance(value, str) for key, value in record.items()}
