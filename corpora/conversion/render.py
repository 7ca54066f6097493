"""A sentence as text: CoNLL-U, columns, JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tagger.corpora.conversion.frames import CONLLU_KEY, FRAME_FIELDS, frame_value
from tagger.corpora.conversion.rows import Row
from tagger.corpora.formats.columns import DOCUMENT
from tagger.corpora.formats.conllu import FIELDS, LABEL_FIELDS, MISC
from tagger.corpora.formats.registry import CONLLU_NAMES
from tagger.corpora.formats.sentence import MISSING, excerpt
from tagger.errors import OutputError

FIELD_OF = LABEL_FIELDS | FRAME_FIELDS


def render_conllu(rows: Iterator[Row], path: Path) -> Iterator[str]:
    """Sentences in CoNLL-U. Labels without a field of their own go into MISC.

    Raises:
        OutputError: a word or label cannot stand in CoNLL-U.
    """
    for number, row in enumerate(rows, 1):
        _check_fields(row, path, number)
        fields = [[MISSING] * len(row.tokens) for _ in range(FIELDS)]
        fields[0] = [str(place) for place in range(1, len(row.tokens) + 1)]
        fields[1] = row.tokens
        places = field_places(row)
        for name, place in places.items():
            fields[place] = row.values[name]
        for name, labels in row.columns.items():
            if name not in places:
                if any("|" in label for label in labels):
                    message = f"a label in {name!r} holds '|'; write JSON lines instead"
                    raise OutputError(f"{path}: sentence {number}: {message}")
                fields[MISC] = [with_key(*pair, name) for pair in zip(fields[MISC], labels, strict=True)]
        lines = ["\t".join(word) for word in zip(*fields, strict=True)]
        for place, line in reversed(row.frame.others):
            lines.insert(place, line)
        yield "\n".join([*_comments(row, documents=False), *lines]) + "\n\n"


def field_places(row: Row) -> dict[str, int]:
    """The CoNLL-U field of each column that has one.

    A synonym such as ``tag`` or ``pos`` goes where it is looked for on reading: into UPOS, unless that is taken.
    """
    names = [name for name, values in row.values.items() if len(values) == len(row.tokens)]
    places = {name: FIELD_OF[name] for name in names if name in FIELD_OF}
    for name in names:
        place = FIELD_OF.get(CONLLU_NAMES.get(name, ""))
        if place is not None and place not in places.values():
            places[name] = place
    return places


def with_key(misc: str, label: str, name: str) -> str:
    """A MISC field with a label under its key, in place of an older one; ``_`` is no label."""
    pairs = [] if misc == MISSING else misc.split("|")
    keys = [pair.partition("=")[0] for pair in pairs]
    if name in keys:
        pairs[keys.index(name)] = f"{name}={label}"
    elif label != MISSING:
        pairs.append(f"{name}={label}")
    return "|".join(pairs) or MISSING


def render_columns(rows: Iterator[Row], path: Path, *, bare: bool = False) -> Iterator[str]:
    """Sentences in columns, with the names of the columns in the first line unless ``bare``.

    Raises:
        OutputError: a word or label cannot stand in columns.
    """
    for number, row in enumerate(rows, 1):
        _check_fields(row, path, number)
        columns = [row.tokens, *(values for values in row.values.values() if len(values) == len(row.tokens))]
        if number == 1 and not bare:
            yield f"# global.columns = {' '.join(['FORM', *(name.upper() for name in row.values)])}\n"
        comments = [] if bare else _comments(row, documents=True)
        yield "\n".join([*comments, *map("\t".join, zip(*columns, strict=True))]) + "\n\n"


def render_json_lines(rows: Iterator[Row], path: Path) -> Iterator[str]:
    """Sentences as JSON objects; what stands around them is under the key ``conllu``."""
    for row in rows:
        text = {} if row.text is None else {"text": row.text}
        value: dict[str, Any] = {**text, "tokens": row.tokens, **label_columns(row), **row.frame.extra}
        if frame := row_frame(row):
            value[CONLLU_KEY] = frame
        yield json.dumps(value, ensure_ascii=False) + "\n"


def label_columns(row: Row) -> dict[str, list[str]]:
    """The columns that hold labels."""
    return {name: values for name, values in row.columns.items() if name not in FRAME_FIELDS}


def row_frame(row: Row) -> dict[str, Any]:
    """What stands around a sentence, as plain values."""
    frame = frame_value(row.frame)
    return frame | {name: values for name, values in row.columns.items() if name in FRAME_FIELDS}


def _comments(row: Row, *, documents: bool) -> list[str]:
    """The lines before the first word."""
    if row.frame.comments is None:
        return [] if row.text is None else [f"# text = {' '.join(row.text.split())}"]
    if documents:
        lines = ["\t".join(line.split()) + "\n" if line.startswith(DOCUMENT) else line for line in row.frame.comments]
    else:
        lines = ["# newdoc" if line.startswith(DOCUMENT) else line for line in row.frame.comments]
    return lines


def _check_fields(row: Row, path: Path, number: int) -> None:
    for values in (row.tokens, *row.columns.values()):
        for value in values:
            if not value.strip() or any(sign in value for sign in "\t\n\r"):
                what = "is blank" if not value.strip() else "holds a tab or a line end"
                raise OutputError(f"{path}: sentence {number}: {excerpt(value)} {what}; write JSON lines instead")
