"""JSON lines in, JSON lines out: one object a line, its other keys are kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from tagger.corpora.documents.piece import BadPiece, JsonPiece, Piece, Tagged, TextPiece
from tagger.corpora.files.document_blocks import BYTE_ORDER_MARK, lines, not_utf8

TOKEN_KEYS = ("tokens", "words")


def read_json_lines(stream: BinaryIO) -> Iterator[Piece]:
    """Objects with the words of a sentence as a list of strings under ``tokens`` (or ``words``)."""
    for number, line in lines(stream):
        if number == 1:
            line = line.removeprefix(BYTE_ORDER_MARK)
        if line.isspace():
            continue
        try:
            record = json.loads(line.decode())
            yield JsonPiece(_tokens(record), record)
        except UnicodeDecodeError as error:
            yield BadPiece([], line, not_utf8(error, number)[0], number, "jsonl")
        except json.JSONDecodeError as error:
            message = f"not a JSON object: {error.msg} at column {error.colno}; expected one object a line"
            yield BadPiece([], line, message, number, "jsonl")
        except (ValueError, RecursionError) as error:
            yield BadPiece([], line, str(error), number, "jsonl")


def _tokens(record: Any) -> list[str]:
    """The words of a record.

    Raises:
        ValueError: there are none, or they are not strings of at least one character.
    """
    if not isinstance(record, dict):
        raise ValueError(f'a JSON {type(record).__name__}, expected an object such as {{"tokens": [...]}}')
    key = next((key for key in TOKEN_KEYS if key in record), None)
    if key is None:
        hint = "; tag raw text with --input text" if "text" in record else ""
        raise ValueError(f'no key "tokens" among {", ".join(map(repr, record)) or "none"}{hint}')
    tokens = record[key]
    if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
        raise ValueError(f"{key!r} is {json.dumps(tokens)[:60]}, expected a list of strings")
    if not all(map(str.strip, tokens)):
        raise ValueError(f"an empty word in {key!r}, expected at least one character")
    if max(map(max, tokens), default="") >= "\ud800" and any(map(_half_pair, tokens)):
        raise ValueError(f"half of a surrogate pair in {key!r}, which is no character")
    return tokens


def _half_pair(token: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in token)


def render_json(piece: Piece, tagged: Tagged) -> bytes:
    """An object with ``tokens`` (or the keys that came in), ``tags``, and ``scores`` and ``offsets`` if known."""
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
