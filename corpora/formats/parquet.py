"""Parquet, and Arrow as ``Dataset.save_to_disk`` writes it: a sentence a row in lists, or a word a row.

Whole-number labels are named by the ``ClassLabel`` features that ``datasets`` writes into the file.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tagger.corpora.files.paths import open_file
from tagger.corpora.files.streams import ARROW
from tagger.corpora.formats.char_spans import SPAN_KEYS
from tagger.corpora.formats.csv_tables import Table, find_words
from tagger.corpora.formats.metadata import METADATA_KEY
from tagger.corpora.formats.options import LabelledFile
from tagger.corpora.formats.records import TEXT_KEYS, TOKEN_KEYS, read_records, records_in
from tagger.corpora.formats.sentence import InvalidSentenceError, OnProblem, RawSentence, clipped
from tagger.errors import CorpusError

BATCH = 1000  # rows
UNLABELLED = -100  # what a loss leaves out, in rows made for training


def sentences(path: Path, file: LabelledFile, on_problem: OnProblem) -> Iterator[RawSentence]:
    """Read a Parquet or Arrow file; problems have the number of the row, from 1.

    Yields:
        Sentences with every column of strings or whole numbers that goes with the words.

    Raises:
        CorpusError: the file is damaged, or its columns cannot be words and labels.
    """
    with open_parquet(path, file.name) as table:
        schema = table.schema_arrow
        key = _words_column(schema, file.options.tokens_column, file.name)
        if key is not None and _is_text(schema.field(key).type):
            yield from _rows_of_words(table, schema, key, on_problem, file)
            return
        if key is not None and not any(_is_list(field.type) for field in schema if field.name != key):
            raise CorpusError(f"no column of labels beside {key!r}; there are: {_described(schema)}", path=file.name)
        numbers = {name: place for place, name in enumerate(schema.names, 1)}
        yield from read_records(_records(table, file), file, on_problem, numbers)


@contextmanager
def open_parquet(path: Path, name: str) -> Iterator[pq.ParquetFile]:
    """Open a Parquet file; errors of reading it within the block name it.

    Raises:
        CorpusError: the file is damaged.
    """
    with open_file(path, name) as stream:
        try:
            is_arrow = stream.peek(len(ARROW)).startswith(ARROW)
            yield ArrowStream(stream) if is_arrow else pq.ParquetFile(stream)
        except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
            first = clipped((str(error).splitlines() or ["unknown reason"])[0])
            raise CorpusError(f"not a Parquet file that can be read: {first}", path=name) from error


@contextmanager
def open_as_json_lines(path: Path, name: str) -> Iterator[io.BufferedReader]:
    """Open a Parquet or Arrow file as JSON lines, an object for each row.

    Raises:
        CorpusError: the file is damaged.
    """
    with open_parquet(path, name) as table:
        rows = _rows(table, table.schema_arrow.names)
        yield io.BufferedReader(_Bytes(f"{json.dumps(row, default=str)}\n".encode() for _, row in rows))


class _Bytes(io.RawIOBase):
    """A stream of the bytes that an iterator yields."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts, self._left = parts, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._left = self._left or next(self._parts, b"")
        part, self._left = self._left[: len(buffer)], self._left[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)


class ArrowStream:
    """A file of ``Dataset.save_to_disk``, with the interface of a ``ParquetFile``."""

    def __init__(self, stream: Any) -> None:
        self._reader = pa.ipc.open_stream(stream)
        self.schema_arrow = self._reader.schema

    def iter_batches(self, size: int, columns: list[str]) -> Iterator[pa.RecordBatch]:
        """Yield the rows in batches, some columns of them."""
        for batch in self._reader:
            for start in range(0, batch.num_rows, size):
                yield batch.select(columns).slice(start, size)


def _records(table: Any, file: LabelledFile) -> Iterator[tuple[int, Any]]:
    names = class_names(table.schema_arrow)
    kept = [field.name for field in table.schema_arrow if _is_wanted(field) or field.name in file.options.numbers]
    for number, row in _rows(table, kept):
        try:
            named = {key: _named(value, names[key], key) if key in names else value for key, value in row.items()}
        except InvalidSentenceError as error:
            yield number, error
        else:
            yield from ((number, record) for record in records_in(named, file.options))


def _rows(table: Any, columns: list[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the rows with their numbers, from 1."""
    batches = table.iter_batches(BATCH, columns=columns)
    return enumerate((row for batch in batches for row in batch.to_pylist()), 1)


def _is_wanted(field: pa.Field) -> bool:
    text = _is_text(field.type) and field.name in (*TEXT_KEYS, METADATA_KEY)
    return text or bool(pa.types.is_nested(field.type))


def _rows_of_words(
    source: Any, schema: pa.Schema, key: str, on_problem: OnProblem, file: LabelledFile
) -> Iterator[RawSentence]:
    kept = [field.name for field in schema if not pa.types.is_nested(field.type)]
    table = Table(kept, kept.index(key), file, 1)
    names = class_names(schema)
    rows = (
        (number, str(row), [_cell(row[column], names.get(column)) for column in kept])
        for number, row in _rows(source, kept)
    )
    yield from table.sentences(rows, on_problem)


def class_names(schema: pa.Schema) -> dict[str, list[str]]:
    """Return the names of ``ClassLabel`` values by column, from the features that ``datasets`` stored."""
    try:
        features = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
    except (KeyError, ValueError, TypeError):
        return {}
    names: dict[str, list[str]] = {}
    for column, feature in features.items() if isinstance(features, dict) else ():
        inner = feature[0] if isinstance(feature, list) and feature else feature
        inner = inner.get("feature", inner) if isinstance(inner, dict) else {}
        if isinstance(inner, dict) and isinstance(inner.get("names"), list):
            names[column] = [str(label) for label in inner["names"]]
    return names


def _words_column(schema: pa.Schema, wanted: str | None, name: str) -> str | None:
    """Return the column of words; None where the rows may be records of another kind."""
    lists: list[str] = [field.name for field in schema if _is_list(field.type)]
    strings: list[str] = [field.name for field in schema if _is_text(field.type)]
    if wanted is not None:
        if wanted in (*lists, *strings):
            return wanted
        raise CorpusError(f"no column {wanted!r} of words; there are: {_described(schema)}", path=name)
    if known := next((key for key in TOKEN_KEYS if key in lists), None):
        return known
    if strings and not lists:
        return strings[find_words(strings, None, name, 1)]
    if any(pa.types.is_struct(field.type) for field in schema) or (strings and set(lists) & set(SPAN_KEYS)):
        return None
    expected = "expected lists of strings called tokens or words"
    message = f"no column of words; {expected}; there are: {_described(schema)}"
    raise CorpusError(f"{message}; name it (--tokens-column)", path=name)


def _named(values: Any, names: list[str], column: str) -> Any:
    """Return the names of labels that are numbers, of any depth; -100 and null stay as they are."""
    if isinstance(values, list):
        return [_named(value, names, column) for value in values]
    if not isinstance(values, int) or values == UNLABELLED:
        return values
    if not 0 <= values < len(names):
        raise InvalidSentenceError(f"{column!r} holds {values}, a number outside 0 to {len(names) - 1}")
    return names[values]


def _cell(value: Any, names: list[str] | None) -> str:
    if names and isinstance(value, int) and 0 <= value < len(names):
        return names[value]
    return "" if value is None else str(value)


def _is_text(kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def _described(schema: pa.Schema) -> str:
    return clipped(", ".join(f"{field.name} ({field.type})" for field in schema) or "none")
