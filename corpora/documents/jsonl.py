"""JSON lines in, JSON lines out: one object a line, its other keys are kept."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from tagger.corpora.documents.piece import BadPiece, JsonPiece, Piece, Tagged, TextPiece
from tagger.corpora.files.lines import byte_lines, decode_line
from tagger.corpora.formats.jsonl import parse_object
from tagger.corpora.formats.records import token_key, words_of
from tagger.corpora.formats.sentence import InvalidSentenceError

_SURROGATE = re.compile("[\ud800-\udfff]")


def read_json_lines(stream: BinaryIO, *_: object) -> Iterator[Piece]:
    """Read objects with the words of a sentence as a list of strings under one of ``TOKEN_KEYS``."""
    for number, raw in byte_lines(stream):
        if not raw.isspace():
            yield _piece(raw, number)


def _piece(raw: bytes, number: int) -> Piece:
    line = decode_line(raw.rstrip(b"\r\n"))
    try:
        record = parse_object(line)
        return JsonPiece(_words(record, line), record)
    except InvalidSentenceError as error:
        return BadPiece([], raw, str(error), number, "jsonl")


def _words(record: dict[str, Any], line: str) -> list[str]:
    try:
        key = token_key(record)
    except InvalidSentenceError as error:
        hint = "; tag raw text with --input text" if "text" in record else ""
        raise InvalidSentenceError(f"{error}{hint}") from None
    words = words_of(record, key)
    if not all(map(str.strip, words)):
        raise InvalidSentenceError(f"an empty word in {key!r}, expected at least one character")
    if "\\ud" in line.lower() and any(map(_SURROGATE.search, words)):
        raise InvalidSentenceError(f"half of a surrogate pair in {key!r}, which is no character")
    return words


def render_json(piece: Piece, tagged: Tagged) -> bytes:
    """Render an object with the keys of the input, ``tags``, and ``scores`` and ``offsets`` if known."""
    record: dict[str, Any] = dict(piece.record) if isinstance(piece, JsonPiece) else {"tokens": piece.tokens}
    record["tags"] = tagged.tags
    if tagged.scores is not None:
        record["scores"] = [round(score, 4) for score in tagged.scores]
    if isinstance(piece, TextPiece):
        record["offsets"] = piece.offsets
    try:
        return (json.dumps(record, ensure_ascii=False) + "\n").encode()
    except UnicodeEncodeError:  # half of a surrogate pair in a key that is only passed on
        return (json.dumps(record) + "\n").encode()
