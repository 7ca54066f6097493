"""Documents as passages: the formats that can be tagged, read for a language model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from tagger.corpora.documents.input import Documents
from tagger.corpora.documents.piece import ConlluPiece, JsonPiece, Piece
from tagger.corpora.files.lines import byte_lines, not_utf8
from tagger.corpora.files.streams import read_errors
from tagger.corpora.formats.conllu import raw_text
from tagger.corpora.tokenization.passages import TextSegment, aligned, raw_passages
from tagger.corpora.tokenization.tokenizer import WordTokenizer
from tagger.errors import CorpusError


def read_passages(
    path: str, tokenizer: WordTokenizer, *, input_format: str = "auto", text: str | None = None, by_lines: bool = False
) -> Iterator[TextSegment]:
    """Read the passages of one document in bounded memory; those without words are left out.

    Args:
        path: a file, compressed or not; ``-`` is the standard input.
        tokenizer: splits raw text.
        input_format: one of ``READERS``, or ``auto`` to recognise it.
        text: read this raw text instead.
        by_lines: a line of raw text is a passage, as for BPE pieces and characters; else a sentence is.

    Raises:
        CorpusError: the document cannot be opened or read, with its path and line.
    """
    with Documents([path], input_format, text) as documents:
        if documents.format == "text":
            with read_errors("--text" if text is not None else path):
                passages = raw_passages(_text_lines(documents.first), tokenizer, by_lines=by_lines)
                yield from (passage for passage in passages if passage.words)
            return
        yield from (_passage(piece) for piece in documents.pieces(tokenizer) if piece.tokens)


def _passage(piece: Piece) -> TextSegment:
    raw = raw_text(line.removesuffix("\r") for line in piece.lines) if isinstance(piece, ConlluPiece) else None
    if isinstance(piece, JsonPiece) and isinstance(piece.record.get("text"), str):
        raw = piece.record["text"]
    return aligned(raw, piece.tokens)


def _text_lines(stream: BinaryIO) -> Iterator[str]:
    for number, raw in byte_lines(stream, hint="part it into lines"):
        try:
            yield raw.decode().rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise CorpusError(not_utf8(error, number)[0], line=number) from None
