"""Parquet: one sentence a row, with lists of words and labels, or one word a row.

Whole-number labels are named by the ``ClassLabel`` features that ``datasets`` writes into the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tagger.corpora.files.paths import open_file
from tagger.corpora.formats.csv_tables import WORD_KEYS, Table, find_words
from tagger.corpora.formats.jsonl import TEXT_KEYS, TOKEN_KEYS
from tagger.corpora.formats.metadata import METADATA_KEY, SentenceMetadata
from tagger.corpora.formats.options import LabelledFile
from tagger.corpora.formats.sentence import OnProblem, Problem, ProblemKind, RawSentence, clipped, excerpt
from tagger.errors import CorpusError

BATCH = 1000  # rows


def sentences(path: Path, file: LabelledFile, on_problem: OnProblem) -> Iterator[RawSentence]:
    """Read a Parquet file; problems have the number of the row, from 1.

    Yields:
        Sentences with every column of strings or whole numbers that goes with the words.

    Raises:
        CorpusError: the file is damaged, or its columns cannot be words and labels.
    """
    with open_parquet(path, file.name) as table:
        schema = table.schema_arrow
        key = _words_column(schema, file.options.tokens_column, file.name)
        if _is_list(schema.field(key).type):
            yield from _rows_of_lists(table, key, on_problem, file)
        else:
            yield from _rows_of_words(table, schema, key, on_problem, file.name)


@contextmanager
def open_parquet(path: Path, name: str) -> Iterator[pq.ParquetFile]:
    """Open a Parquet file; errors of reading it within the block name it.

    Raises:
        CorpusError: the file is damaged.
    """
    with open_file(path, name) as stream:
        try:
            yield pq.ParquetFile(stream)
        except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
            first = clipped((str(error).splitlines() or ["unknown reason"])[0])
            raise CorpusError(f"not a Parquet file that can be read: {first}", path=name) from error


def _rows_of_lists(table: Any, key: str, on_problem: OnProblem, file: LabelledFile) -> Iterator[RawSentence]:
    schema, numbers = table.schema_arrow, file.options.numbers
    numeric = [field.name for field in schema if field.name in numbers and _is_list(field.type)]
    labels = [field.name for field in schema if field.name not in (key, *numeric) and _is_labels(field.type)]
    if not labels and not numeric:
        raise CorpusError(f"no column of labels beside {key!r}; there are: {_described(schema)}", path=file.name)
    texts = [field.name for field in schema if field.name in TEXT_KEYS and pa.types.is_string(field.type)]
    integers = {label for label in labels if pa.types.is_integer(schema.field(label).type.value_type)}
    names = {label: known for label, known in class_names(schema).items() if label in integers}
    number = 0
    kept = [METADATA_KEY] if METADATA_KEY in schema.names and METADATA_KEY not in labels else []
    for batch in table.iter_batches(BATCH, columns=[key, *labels, *numeric, *texts[:1], *kept]):
        for row in batch.to_pylist():
            number += 1
            columns = {label: row[label] for label in (*labels, *numeric)}
            if problem := _row_problem(number, row[key], columns, names, numeric):
                on_problem(problem)
                continue
            named = {label: _named(columns[label], names.get(label)) for label in labels}
            named |= {column: columns[column] for column in numeric}
            text = row[texts[0]] if texts else None
            metadata = SentenceMetadata.from_value(row.get(METADATA_KEY))
            yield RawSentence(row[key], named, number, [number] * len(row[key]), text, metadata)


def _rows_of_words(file: Any, schema: pa.Schema, key: str, on_problem: OnProblem, name: str) -> Iterator[RawSentence]:
    kept = [field.name for field in schema if not pa.types.is_nested(field.type)]
    table = Table(kept, kept.index(key), name, 1)
    names = class_names(schema)

    def rows() -> Iterator[tuple[int, str, list[str]]]:
        number = 0
        for batch in file.iter_batches(BATCH, columns=kept):
            for row in batch.to_pylist():
                number += 1
                cells = [_cell(row[column], names.get(column)) for column in kept]
                yield number, " ".join(cells), cells

    yield from table.sentences(rows(), on_problem)


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


def _words_column(schema: pa.Schema, wanted: str | None, name: str) -> str:
    lists: list[str] = [field.name for field in schema if _is_list(field.type) and _is_text(field.type.value_type)]
    strings: list[str] = [field.name for field in schema if _is_text(field.type)]
    if wanted is not None:
        if wanted in (*lists, *strings):
            return wanted
        raise CorpusError(f"no column {wanted!r} of words; there are: {_described(schema)}", path=name)
    for known in (*TOKEN_KEYS, *WORD_KEYS):
        if known in lists:
            return known
    if strings and not lists:
        return strings[find_words(strings, None, name, 1)]
    expected = "expected lists of strings called tokens or words"
    raise CorpusError(f"no column of words; {expected}; there are: {_described(schema)}", path=name)


def _row_problem(
    number: int, tokens: Any, columns: dict[str, Any], names: dict[str, list[str]], numeric: Sequence[str]
) -> Problem | None:
    if not tokens or None in tokens or "" in tokens:
        message = f"expected a list of words, none of them empty: {excerpt(str(tokens))}"
        return Problem(number, message, number, ProblemKind.EMPTY)
    for label, values in columns.items():
        if values is None or len(values) != len(tokens):
            message = f"{len(values or [])} {label!r} for {len(tokens)} words"
            return Problem(number, message, number, ProblemKind.COLUMN_COUNT)
        if None in values and label not in numeric:
            message = f"{label!r} lacks a value: {excerpt(str(values))}"
            return Problem(number, message, number, ProblemKind.MISSING_LABEL)
        if label in names and not all(-1 < value < len(names[label]) for value in values):
            message = f"{label!r} holds a number outside 0 to {len(names[label]) - 1}: {excerpt(str(values))}"
            return Problem(number, message, number)
    return None


def _named(values: list[Any], names: list[str] | None) -> list[str]:
    return [names[value] for value in values] if names else [str(value) for value in values]


def _cell(value: Any, names: list[str] | None) -> str:
    if names and isinstance(value, int) and 0 <= value < len(names):
        return names[value]
    return "" if value is None else str(value)


def _is_text(kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def _is_labels(kind: pa.DataType) -> bool:
    return _is_list(kind) and (_is_text(kind.value_type) or bool(pa.types.is_integer(kind.value_type)))


def _described(schema: pa.Schema) -> str:
    return clipped(", ".join(f"{field.name} ({field.type})" for field in schema) or "none")
