"""Cutting a byte stream into lines and into blocks between blank lines, in bounded memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from tagger.errors import CorpusError

CHUNK_BYTES = 1 << 18
MAX_LINE_BYTES = 50_000_000
MAX_BLOCK_BYTES = 100_000_000  # of one sentence in columns: over a million words

_END_OF_BLOCK = re.compile(rb"\n(?:[ \t\r]*\n)+")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def lines(
    stream: BinaryIO, mend: str = "raw text of any length is read with --input text"
) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers (from 1) and their line ends.

    Args:
        stream: bytes.
        mend: what to do about a line that is too long.

    Raises:
        CorpusError: a line is longer than ``MAX_LINE_BYTES``.
    """
    number = 0
    while line := stream.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(line) > MAX_LINE_BYTES:
            raise CorpusError(
                f"a line of more than {MAX_LINE_BYTES // 1_000_000} MB, expected one sentence; {mend}",
                line=number,
            )
        yield number, line


def blocks(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Stretches that end after blank lines, with the number of their first line; joined they are the stream.

    Raises:
        CorpusError: a block is longer than ``MAX_BLOCK_BYTES``.
    """
    number, buffer = 1, b""
    while chunk := stream.read(max(CHUNK_BYTES, len(buffer))):
        search = max(0, buffer.rfind(b"\n")) if buffer else 0
        buffer += chunk
        start = 0
        for end in _END_OF_BLOCK.finditer(buffer, search):
            block = buffer[start : end.end()]
            yield number, block
            number += block.count(b"\n")
            start = end.end()
        buffer = buffer[start:]
        if len(buffer) > MAX_BLOCK_BYTES:
            raise CorpusError(
                f"more than {MAX_BLOCK_BYTES // 1_000_000} MB without a blank line, expected one after "
                "every sentence; choose the format with --input",
                line=number,
            )
    if buffer:
        yield number, buffer


def not_utf8(error: UnicodeDecodeError, line: int) -> tuple[str, int]:
    """Message and line number for bytes that are not UTF-8; ``line`` is that of the first byte decoded."""
    before: bytes = error.object[: error.start]
    column = error.start - before.rfind(b"\n")
    message = (
        f"not UTF-8: byte 0x{error.object[error.start]:02x} at byte {column} of the line; "
        "convert the file first, for example with iconv -f latin1 -t utf-8"
    )
    return message, line + before.count(b"\n")
