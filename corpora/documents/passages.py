"""Documents as passages: the formats that can be tagged, read for a language model."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import BinaryIO

from tagger.corpora.documents.columns import read_columns
from tagger.corpora.documents.conllu import read_conllu
from tagger.corpora.documents.jsonl import read_json_lines
from tagger.corpora.documents.piece import BadPiece, ConlluPiece, JsonPiece, Piece
from tagger.corpora.documents.text import read_lines
from tagger.corpora.files.document_blocks import BYTE_ORDER_MARK, lines, not_utf8
from tagger.corpora.files.streams import HEAD_BYTES, open_string, open_text, read_errors
from tagger.corpora.formats.document_format import detect_format
from tagger.corpora.tokenization.passages import TextSegment, aligned, raw_passages
from tagger.corpora.tokenization.tokenizer import WordTokenizer
from tagger.errors import CorpusError

_RAW = re.compile(r"^# text = (.*?)\r?$", re.MULTILINE)


def read_passages(
    path: str, tokenizer: WordTokenizer, *, input_format: str = "auto", text: str | None = None, by_lines: bool = False
) -> Iterator[TextSegment]:
    """The passages of one document, in bounded memory; those without words are left out.

    Args:
        path: a file, plain or packed; ``-`` is the standard input.
        tokenizer: splits raw text.
        input_format: one of ``document.INPUT_FORMATS``, or ``auto`` to tell by name and content.
        text: read this raw text instead.
        by_lines: a line of raw text is a passage, as for BPE pieces and characters; else a sentence is.

    Raises:
        CorpusError: the document cannot be opened or read, with its path and line.
    """
    if text is not None:
        path, input_format = "--text", "text" if input_format == "auto" else input_format
    with open_string(text) if text is not None else open_text(path) as stream, read_errors(path):
        found = detect_format(stream.peek(HEAD_BYTES), path) if input_format == "auto" else input_format
        if found == "text":
            passages = raw_passages(_text_lines(stream), tokenizer, by_lines=by_lines)
            yield from (passage for passage in passages if passage.words)
            return
        readers: dict[str, Callable[[], Iterator[Piece]]] = {
            "tokens": lambda: read_lines(stream),
            "conllu": lambda: read_conllu(stream, "upos"),
            "conll": lambda: read_columns(stream),
            "jsonl": lambda: read_json_lines(stream),
        }
        for piece in readers[found]():
            if isinstance(piece, BadPiece):
                raise CorpusError(piece.message, path=path, line=piece.line)
            if piece.tokens:
                yield _passage(piece)


def _passage(piece: Piece) -> TextSegment:
    raw = None
    if isinstance(piece, ConlluPiece) and (found := _RAW.search(piece.header)):
        raw = found[1]
    if isinstance(piece, JsonPiece) and isinstance(piece.record.get("text"), str):
        raw = piece.record["text"]
    return aligned(raw, piece.tokens)


def _text_lines(stream: BinaryIO) -> Iterator[str]:
    for number, raw in lines(stream, mend="part it into lines"):
        try:
            yield (raw.removeprefix(BYTE_ORDER_MARK) if number == 1 else raw).decode().rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise CorpusError(not_utf8(error, number)[0], line=number) from None
