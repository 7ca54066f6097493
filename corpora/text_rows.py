"""Tables with a column of text: JSON lines and Parquet files, a row for each document or line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tagger.corpora.jsonlines import TOKEN_KEYS
from tagger.corpora.lines import DamagedLine, read_lines
from tagger.corpora.sentences import excerpt
from tagger.errors import CorpusError

ROW_FORMS = ("jsonl-text", "parquet-text")
TEXT_COLUMNS = ("text", "sentence", "content", "document", "article", "story", "body")
ROWS_AT_A_TIME = 1000


def choose_text_column(
    held: Mapping[str, bool], asked: str | None, source: str, *, tokens: Sequence[str] = TOKEN_KEYS
) -> str | None:
    """The column of text.

    Args:
        held: the columns that there are, each with whether it holds strings.
        asked: the column that the user named, None for one with a usual name.
        source: what to call the table in messages.
        tokens: names of columns of words, which stand in for text.

    Returns:
        Its name, or None where there is a column of words instead.

    Raises:
        CorpusError: there is neither.
    """
    if asked is not None:
        if held.get(asked):
            return asked
        what = "holds no strings" if asked in held else "is not there"
        raise CorpusError(f"the column {asked!r} {what}; {_columns(held)}", path=source)
    words = next((name for name in tokens if name in held and not held[name]), None)
    if words is not None and held.get("text"):
        return None  # words in their raw text
    text = next((name for name in TEXT_COLUMNS if held.get(name)), None)
    strings = [name for name, of_strings in held.items() if of_strings]
    text = text or (strings[0] if len(strings) == 1 and words is None else None)
    if text is None and words is None:
        raise CorpusError(f"no column of text; {_columns(held)}; name it (--text-column)", path=source)
    return text


def rows_of_file(path: Path, name: str, form: str, column: str | None) -> Iterator[str]:
    """The text of each row; a ``DamagedLine`` for a row without any.

    Raises:
        CorpusError: there is no such column, or the file cannot be read.
    """
    return _json_rows(path, name, column) if form == "jsonl-text" else _parquet_rows(path, name, column)


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
    for line in read_lines(path, name):
        if isinstance(line, DamagedLine):
            yield line
        elif line.strip():
            try:
                record = json.loads(line)
            except ValueError as error:
                yield DamagedLine(f"not JSON ({error}): {excerpt(line)}")
                continue
            if not isinstance(record, dict):
                yield DamagedLine(f"{excerpt(line)}, expected a JSON object with a column of text")
                continue
            column = column or choose_text_column(_held(record), None, name)
            value = record.get(column or "")
            yield value if isinstance(value, str) else DamagedLine(f"no text in column {column!r}: {excerpt(line)}")


def _parquet_rows(path: Path, name: str, column: str | None) -> Iterator[str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
        chosen = choose_text_column(parquet_columns(file.schema_arrow), column, name)
        for batch in file.iter_batches(ROWS_AT_A_TIME, columns=[chosen]):
            for value in batch.column(0).to_pylist():
                yield DamagedLine("a row without text") if value is None else value
    except (pa.ArrowException, OSError) as error:
        raise CorpusError(f"the Parquet file cannot be read: {' '.join(str(error).split())}", path=name) from error


def parquet_columns(schema: Any) -> dict[str, bool]:
    """The columns of an Arrow schema, each with whether it holds strings."""
    import pyarrow as pa

    return {field.name: pa.types.is_string(field.type) or pa.types.is_large_string(field.type) for field in schema}


def _held(record: Mapping[str, Any]) -> dict[str, bool]:
    return {key: isinstance(value, str) for key, value in record.items()}


def _columns(held: Mapping[str, bool]) -> str:
    strings = ", ".join(name for name, of_strings in held.items() if of_strings) or "none"
    return f"columns of strings: {strings} (of {', '.join(held) or 'none'})"
