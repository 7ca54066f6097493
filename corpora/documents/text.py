"""Pieces from raw text, and from lines of words."""

from __future__ import annotations

import codecs
import io
import re
from collections import deque
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from tagger.corpora.documents.piece import BadPiece, LinePiece, Piece, TextPiece
from tagger.corpora.files.lines import DamagedLine, byte_lines, checked_returns, not_utf8
from tagger.corpora.formats.options import ReadOptions
from tagger.corpora.tokenization.sentence_splitter import Token
from tagger.corpora.tokenization.tokenizer import WordTokenizer

TEXT_CHUNK_BYTES = 1 << 16
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n\s*")


def read_text(stream: BinaryIO, _: ReadOptions, tokenizer: WordTokenizer) -> Iterator[Piece]:
    """Read sentences of raw text; bytes that are not UTF-8 are reported and become U+FFFD.

    Args:
        stream: bytes of any length, with or without line ends.
        tokenizer: splits text into sentences of words.
    """
    bad: list[BadPiece] = []
    previous: list[Token] = []
    paragraphs = deque([0])
    for sentence in tokenizer.stream(_with_paragraphs(_decoded(stream, bad), paragraphs)):
        while bad:
            yield bad.pop(0)
        if previous:
            yield _text_piece(previous, paragraphs, space_after=previous[-1].end != sentence[0].start)
        previous = sentence
    yield from bad
    if previous:
        yield _text_piece(previous, paragraphs, space_after=True)


def read_text_lines(stream: BinaryIO, options: ReadOptions, tokenizer: WordTokenizer) -> Iterator[Piece]:
    """Read each line as a text by itself, as soon as it is there; offsets are those in the line."""
    for number, line in byte_lines(stream):
        for piece in read_text(io.BytesIO(line), options, tokenizer):
            if isinstance(piece, BadPiece):
                piece.line = number
            yield piece


def _text_piece(sentence: list[Token], paragraphs: deque[int], *, space_after: bool) -> TextPiece:
    words, starts, ends = zip(*sentence, strict=True)
    begins = False
    while paragraphs and paragraphs[0] <= starts[0]:
        paragraphs.popleft()
        begins = True
    return TextPiece(list(words), list(zip(starts, ends, strict=True)), space_after, begins)


def _with_paragraphs(chunks: Iterable[str], paragraphs: deque[int]) -> Iterator[str]:
    """Pass on a text and note the offsets behind its blank lines."""
    end, space = 0, ""  # white space at the end of what was passed on
    for chunk in chunks:
        text, start = space + chunk, end - len(space)
        paragraphs.extend(start + blank.end() for blank in _BLANK_LINE.finditer(text))
        end += len(chunk)
        space = text[len(text.rstrip()) :]
        yield chunk


def _decoded(stream: BinaryIO, bad: list[BadPiece]) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    line = 1
    final = False
    while not final:
        data = stream.read(TEXT_CHUNK_BYTES)
        final = not data
        while True:
            try:
                text = decoder.decode(data, final)
                break
            except UnicodeDecodeError as error:
                text, data = _repaired(error, line, bad)
                decoder = codecs.getincrementaldecoder("utf-8")()
                line += text.count("\n")
                yield text
        line += text.count("\n")
        yield text


def _repaired(error: UnicodeDecodeError, line: int, bad: list[BadPiece]) -> tuple[str, bytes]:
    """Report a damaged line; return its text with replacement characters, and the bytes after it."""
    message, number = not_utf8(error, line)
    bad.append(BadPiece([], b"", message, number, "text"))
    data: bytes = error.object
    end = data.find(b"\n", error.start) + 1 or len(data)
    return data[:end].decode("utf-8-sig", "replace"), data[end:]


def read_lines(stream: BinaryIO, *_: object) -> Iterator[Piece]:
    """Read a sentence a line, words separated by ASCII white space; a no-break space is part of its word."""
    for number, line in byte_lines(stream):
        if b"\r" in line and isinstance(damaged := checked_returns(line.decode("utf-8", "replace")), DamagedLine):
            yield BadPiece([], line, damaged.reason, number, "tokens")
            continue
        try:
            text = b" ".join(line.split()).decode()
        except UnicodeDecodeError as error:
            message = not_utf8(error, number)[0]
            yield BadPiece([], line, message, number, "tokens")
            continue
        yield LinePiece(text.split(" ") if text else [])
