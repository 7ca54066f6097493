"""A sentence as text: CoNLL-U, columns, JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tagger.corpora.formats.conllu import FIELDS, MISC
from tagger.corpora.formats.layout import DOCUMENT, conllu_comments
from tagger.corpora.formats.metadata import LABEL_FIELDS, METADATA_FIELDS, METADATA_KEY, SentenceMetadata
from tagger.corpora.formats.options import CONLLU_NAMES
from tagger.corpora.formats.sentence import MISSING, RawSentence, excerpt
from tagger.errors import OutputError

FIELD_OF = LABEL_FIELDS | METADATA_FIELDS


def render_conllu(rows: Iterator[RawSentence], path: Path) -> Iterator[str]:
    """Yield sentences in CoNLL-U. Labels without a field of their own go into MISC.

    Raises:
        OutputError: a word or label cannot stand in CoNLL-U.
    """
    for number, row in enumerate(rows, 1):
        _check_fields(row, path, number)
        values = _all_columns(row)
        fields = [[MISSING] * len(row.tokens) for _ in range(FIELDS)]
        fields[0] = [str(place) for place in range(1, len(row.tokens) + 1)]
        fields[1] = row.tokens
        places = _field_places(values)
        for name, place in places.items():
            fields[place] = values[name]
        for name, labels in row.columns.items():
            if name not in places:
                if any("|" in label for label in labels):
                    message = f"a label in {name!r} holds '|'; write JSON lines instead"
                    raise OutputError(f"{path}: sentence {number}: {message}")
                fields[MISC] = [_with_key(*pair, name) for pair in zip(fields[MISC], labels, strict=True)]
        lines = ["\t".join(word) for word in zip(*fields, strict=True)]
        for place, line in reversed(_metadata(row).other_lines):
            lines.insert(place, line)
        comments = [comment for line in _comments(row) for comment in conllu_comments(line)]
        yield "\n".join([*comments, *lines]) + "\n\n"


def render_columns(rows: Iterator[RawSentence], path: Path, *, bare: bool = False) -> Iterator[str]:
    """Yield sentences in columns, with the names of the columns in the first line unless ``bare``.

    Raises:
        OutputError: a word or label cannot stand in columns.
    """
    for number, row in enumerate(rows, 1):
        _check_fields(row, path, number)
        values = _all_columns(row)
        if number == 1 and not bare:
            yield f"# global.columns = {' '.join(['FORM', *(name.upper() for name in values)])}\n"
        comments = [
            comment
            for line in ([] if bare else _comments(row))
            for comment in (["\t".join(line.split()) + "\n"] if line.startswith(DOCUMENT) else conllu_comments(line))
        ]
        yield "\n".join([*comments, *map("\t".join, zip(row.tokens, *values.values(), strict=True))]) + "\n\n"


def render_json_lines(rows: Iterator[RawSentence]) -> Iterator[str]:
    """Yield sentences as JSON objects, with their metadata under the key ``conllu``."""
    for row in rows:
        text = {} if row.text is None else {"text": row.text}
        value: dict[str, Any] = {**text, "tokens": row.tokens, **label_columns(row), **_metadata(row).extra}
        if metadata := metadata_value(row):
            value[METADATA_KEY] = metadata
        yield json.dumps(value, ensure_ascii=False) + "\n"


def label_columns(row: RawSentence) -> dict[str, list[str]]:
    """Return the columns that hold labels."""
    return {name: values for name, values in row.columns.items() if name not in METADATA_FIELDS}


def metadata_value(row: RawSentence) -> dict[str, Any]:
    """Return the metadata of a sentence as plain values."""
    return _metadata(row).to_dict() | {name: row.columns[name] for name in METADATA_FIELDS if name in row.columns}


def _metadata(row: RawSentence) -> SentenceMetadata:
    return row.metadata or SentenceMetadata()


def _all_columns(row: RawSentence) -> dict[str, list[str]]:
    """Return the columns of metadata and labels that have a value for each word, the labels last."""
    columns = {**_metadata(row).columns, **row.columns}
    return {name: values for name, values in columns.items() if len(values) == len(row.tokens)}


def _field_places(values: dict[str, list[str]]) -> dict[str, int]:
    """Return the CoNLL-U field of each column that has one.

    A synonym such as ``tag`` or ``pos`` goes where readers look for it: into UPOS, unless that is taken.
    """
    places = {name: FIELD_OF[name] for name in values if name in FIELD_OF}
    for name in values:
        place = FIELD_OF.get(CONLLU_NAMES.get(name, ""))
        if place is not None and place not in places.values():
            places[name] = place
    return places


def _with_key(misc: str, label: str, name: str) -> str:
    """Put a label under its key into a MISC field, in place of an older one; ``_`` is no label."""
    pairs = [] if misc == MISSING else misc.split("|")
    keys = [pair.partition("=")[0] for pair in pairs]
    if name in keys:
        pairs[keys.index(name)] = f"{name}={label}"
    elif label != MISSING:
        pairs.append(f"{name}={label}")
    return "|".join(pairs) or MISSING


def _comments(row: RawSentence) -> list[str]:
    """Return the lines before the first word."""
    comments = _metadata(row).comments
    if comments is None:
        return [] if row.text is None else [f"# text = {' '.join(row.text.split())}"]
    return comments


def _check_fields(row: RawSentence, path: Path, number: int) -> None:
    for values in (row.tokens, *row.columns.values()):
        for value in values:
            if not value.strip() or any(sign in value for sign in "\t\n\r"):
                what = "is blank" if not value.strip() else "holds a tab or a line end"
                raise OutputError(f"{path}: sentence {number}: {excerpt(value)} {what}; write JSON lines instead")
