"""Lines of a text, and blocks between blank lines, with their numbers and in bounded memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from tagger.corpora.files.streams import BYTE_ORDER_MARK, open_bytes, skip_byte_order_mark
from tagger.errors import CorpusError

CHUNK_BYTES = 1 << 18
MAX_LINE_BYTES = 50_000_000
MAX_BLOCK_BYTES = 100_000_000  # a sentence of over a million words

Block = tuple[int, bytes]
"""The number of the first line, and the lines up to the next sentence."""

_UNICODE_SPACE = rb"\xc2[\x85\xa0]|\xe1\x9a\x80|\xe2\x80[\x80-\x8a\xa8\xa9\xaf]|\xe2\x81\x9f|\xe3\x80\x80"
_END_OF_BLOCK = re.compile(
    rb"\n(?=[\s\x1c-\x1f\xc2\xe1-\xe3])"  # fails at once where a line follows
    rb"(?:(?:[ \t\r\f\v\x1c-\x1f]|" + _UNICODE_SPACE + rb")*\n)+"
)
_FIELD = re.compile(r"[^ \t\r\f\v]+")
_LONE_RETURN = re.compile(r"\r(?!\r*(?:\n|$))")


class DamagedLine(str):
    """Stand-in for a line that is not text. It equals one NUL, which no reader takes for a word.

    Args:
        reason: what is wrong with the bytes.
        number: the line or row of the file, where it is not the place among the lines that are read.
    """

    reason: str
    number: int | None

    def __new__(cls, reason: str, number: int | None = None) -> DamagedLine:
        """Create the stand-in that carries ``reason``."""
        line = super().__new__(cls, "\0")
        line.reason, line.number = reason, number
        return line


def read_lines(path: Path, name: str | None = None) -> Iterator[str]:
    r"""Read the lines of a text file, compressed or not, without their ends.

    A byte order mark is dropped, ``\r\n`` counts as one end. Memory is bounded by the longest line.

    Args:
        path: the file.
        name: the name to use in messages.

    Yields:
        One string a line; a ``DamagedLine`` for one that is not UTF-8 or holds a NUL.

    Raises:
        CorpusError: the file cannot be read, is cut short, or has a line over ``MAX_LINE_BYTES``.
    """
    number, rest = 1, b""
    with open_bytes(path, name) as stream:
        skip_byte_order_mark(stream)
        while chunk := stream.read(CHUNK_BYTES):
            head, end, tail = chunk.rpartition(b"\n")
            if not end:
                rest += chunk
                if len(rest) > MAX_LINE_BYTES:
                    raise _too_long(number)
                continue
            lines = decode_lines(rest + head)
            yield from lines
            number += len(lines)
            rest = tail
        if rest:
            yield from decode_lines(rest)


def read_blocks(path: Path, name: str | None = None, end: re.Pattern[bytes] = _END_OF_BLOCK) -> Iterator[Block]:
    """Read the blocks of a text file, as ``blocks`` does, without a byte order mark."""
    with open_bytes(path, name) as stream:
        skip_byte_order_mark(stream)
        yield from blocks(stream, end)


def byte_lines(stream: BinaryIO, hint: str = "read raw text with --input text") -> Iterator[tuple[int, bytes]]:
    """Read lines with their numbers from 1 and their line ends, each as soon as it is there.

    Args:
        stream: bytes; a byte order mark at the beginning is dropped.
        hint: what to do about a line that is too long.

    Raises:
        CorpusError: a line is longer than ``MAX_LINE_BYTES``.
    """
    number = 0
    while line := stream.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(line) > MAX_LINE_BYTES:
            raise _too_long(number, hint)
        yield number, line.removeprefix(BYTE_ORDER_MARK) if number == 1 else line


def blocks(stream: BinaryIO, end: re.Pattern[bytes] = _END_OF_BLOCK) -> Iterator[Block]:
    """Cut a stream after runs of blank lines; the blocks joined are the stream.

    Args:
        stream: bytes.
        end: what ends a block, where blank lines do not; it begins with a line feed.

    Raises:
        CorpusError: a block is longer than ``MAX_BLOCK_BYTES``.
    """
    number, buffer = 1, b""
    while chunk := stream.read(max(CHUNK_BYTES, len(buffer))):
        search = max(0, buffer.rfind(b"\n")) if buffer else 0
        buffer += chunk
        start = 0
        for match in end.finditer(buffer, search):
            block = buffer[start : match.end()]
            yield number, block
            number += block.count(b"\n")
            start = match.end()
        buffer = buffer[start:]
        if len(buffer) > MAX_BLOCK_BYTES:
            raise CorpusError(
                f"more than {MAX_BLOCK_BYTES // 1_000_000} MB without a blank line, expected one after "
                "every sentence; if the format is another, name it (--format or --input)",
                line=number,
            )
    if buffer:
        yield number, buffer


def decode_lines(data: bytes) -> list[str]:
    """Decode lines and strip their ends; ``DamagedLine`` stands for those that are not text."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        return [decode_line(line) for line in data.split(b"\n")]
    lines = text.split("\n")
    return [line.rstrip("\r") for line in lines] if "\r" in text else lines


def block_lines(block: Block) -> list[tuple[int, str]]:
    """Decode a block and number its lines; blank ones are left out, those with a carriage return are damaged."""
    number, data = block
    lines = decode_lines(data)
    if b"\r" in data:
        lines = [checked_returns(line) for line in lines]
    return [(place, line) for place, line in enumerate(lines, number) if line and not line.isspace()]


def checked_returns(line: str) -> str:
    """Return the line, or a ``DamagedLine`` if a carriage return stands inside it, the line end of old Macs."""
    if found := _LONE_RETURN.search(line):
        return DamagedLine(
            f"a carriage return at character {found.start() + 1} of the line, the line end of old Macs, expected line "
            "feeds; convert the file first, for example with tr '\\r' '\\n'"
        )
    return line


def split_fields(line: str) -> list[str]:
    """Divide a line at ASCII blanks; a no-break or ideographic space is part of its word."""
    return line.split() if line.isascii() else _FIELD.findall(line)


def not_utf8(error: UnicodeDecodeError, line: int) -> tuple[str, int]:
    """Describe bytes that are not UTF-8.

    Args:
        error: of decoding them.
        line: the number of the first line that was decoded.

    Returns:
        The message and the number of the line.
    """
    before: bytes = error.object[: error.start]
    column = error.start - before.rfind(b"\n")
    message = (
        f"not UTF-8: byte 0x{error.object[error.start]:02x} at byte {column} of the line; "
        "convert the file first, for example with iconv -f latin1 -t utf-8"
    )
    return message, line + before.count(b"\n")


def decode_line(line: bytes) -> str:
    """Decode one line without its end; ``DamagedLine`` stands for one that is not text."""
    if b"\0" in line:
        return DamagedLine(f"a NUL byte at byte {line.index(0) + 1} of the line: not text; remove it")
    try:
        return line.decode().rstrip("\r")
    except UnicodeDecodeError as error:
        return DamagedLine(not_utf8(error, 0)[0])


def _too_long(number: int, hint: str = "one word or one sentence a line is expected") -> CorpusError:
    message = f"a line of more than {MAX_LINE_BYTES // 1_000_000} MB, expected one sentence; {hint}"
    return CorpusError(message, line=number)
