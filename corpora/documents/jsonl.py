"""JSON in, JSON lines out: one object for each sentence, its other keys are kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from tagger.corpora.documents.piece import BadPiece, JsonPiece, Piece, Tagged, TextPiece
from tagger.corpora.files.lines import byte_lines, decode_line
from tagger.corpora.formats.jsonl import SURROGATE, read_values
from tagger.corpora.formats.options import ReadOptions
from tagger.corpora.formats.records import (
    EXAMPLE,
    TEXT_KEYS,
    TOKEN_KEYS,
    records_in,
    sentence_at,
    token_key,
    words_of,
)
from tagger.corpora.formats.sentence import InvalidSentenceError, excerpt
from tagger.corpora.tokenization.tokenizer import WordTokenizer


def read_json(stream: BinaryIO, options: ReadOptions, tokenizer: WordTokenizer) -> Iterator[Piece]:
    """Read JSON lines, an array or objects over several lines, of words or of raw text.

    Words are a list of strings under one of ``TOKEN_KEYS``; where there is none, raw text under one of ``TEXT_KEYS``
    becomes a piece for each sentence.
    """
    raw = b""

    def lines() -> Iterator[str]:
        nonlocal raw
        for _, raw in byte_lines(stream):
            yield decode_line(raw.rstrip(b"\r\n"))

    for row, (number, text, value) in enumerate(read_values(lines())):
        try:
            pieces = [
                piece for record in records_in(value, options) for piece in _pieces(record, row, options, tokenizer)
            ]
            if "\\ud" in text.lower() and any(SURROGATE.search(word) for piece in pieces for word in piece.tokens):
                raise InvalidSentenceError(f"half of a surrogate pair, which is no character: {excerpt(text)}")
            yield from pieces
        except InvalidSentenceError as error:
            source = raw if isinstance(value, InvalidSentenceError) else f"{text}\n".encode()
            yield BadPiece([], source, str(error), number, "jsonl")


def _pieces(record: Any, row: int, options: ReadOptions, tokenizer: WordTokenizer) -> Iterator[JsonPiece]:
    if isinstance(record, InvalidSentenceError):
        raise record
    if not isinstance(record, dict):
        raise InvalidSentenceError(f"expected an object such as {EXAMPLE}: {excerpt(str(record))}")
    key = text_key(record, options)
    held = [("--text-column", key), ("--id-column", options.id_column)]
    if absent := [pair for pair in held if pair[1] is not None and pair[1] not in (*record, *_data(record))]:
        raise InvalidSentenceError(f"no key {absent[0][1]!r} ({absent[0][0]}) among {', '.join(record) or '(none)'}")
    if key is not None:
        text = checked_text(record.get(key, _data(record).get(key)), key)
        others = {name: value for name, value in record.items() if name != key}
        yield from text_pieces(
            text, others if "id" in others or options.id_column else {"row": row, **others}, tokenizer
        )
        return
    try:
        key = token_key(record, options.tokens_column)
    except InvalidSentenceError as error:
        raise InvalidSentenceError(f"{error}, or the text (--text-column)") from None
    words = record[key]
    if isinstance(words, list) and words and all(isinstance(item, list) for item in words):
        for place in range(len(words)):
            sentence = sentence_at(record, key, place)
            yield JsonPiece(words_of(sentence, key), sentence)
        return
    yield JsonPiece(words_of(record, key), record)


def text_key(record: dict[str, Any], options: ReadOptions) -> str | None:
    """Return the key of the raw text of a record; None if its words are to be tagged."""
    if options.text_column is not None or options.tokens_column is not None:
        return options.text_column
    if any(isinstance(record.get(key), list) for key in TOKEN_KEYS):
        return None
    return next((key for held in (record, _data(record)) for key in TEXT_KEYS if isinstance(held.get(key), str)), None)


def _data(record: dict[str, Any]) -> dict[str, Any]:
    """Return the texts of a task of Label Studio."""
    data = record.get("data")
    return data if isinstance(data, dict) else {}


def checked_text(value: Any, key: str) -> str:
    """Return the raw text under a key.

    Raises:
        InvalidSentenceError: it is no text.
    """
    if not isinstance(value, str):
        raise InvalidSentenceError(f"{key!r} must be a text: {excerpt(str(value))}")
    return value


def text_pieces(text: str, row: dict[str, Any], tokenizer: WordTokenizer) -> Iterator[JsonPiece]:
    """Yield the sentences of a text with the other values of its row; a text without words is one without words."""
    empty = True
    for sentence in tokenizer.sentences(text):
        empty = False
        words, starts, ends = map(list, zip(*sentence, strict=True))
        offsets = list(zip(starts, ends, strict=True))
        yield JsonPiece(words, {**row, "tokens": words, "offsets": offsets}, raw=True)
    if empty:
        yield JsonPiece([], {**row, "tokens": []})


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
