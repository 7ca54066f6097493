"""Lines of a file, and blocks of lines between blank ones: UTF-8, line ends, limits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from tagger.corpora.files.streams import open_bytes, skip_byte_order_mark
from tagger.errors import CorpusError

CHUNK = 1 << 20
MAX_LINE_BYTES = 16 << 20  # a file without line ends is refused, not swallowed
MAX_BLOCK_LINES = 1_000_000  # and so is one without an end of sentence

Line = tuple[int, str]


class DamagedLine(str):
    """Stands for a line that is not text. It equals one NUL, which no reader takes for a word.

    Args:
        reason: what is wrong with the bytes.
        number: the line (or row) of the file, where it is not the place among those that are read.
    """

    reason: str
    number: int | None

    def __new__(cls, reason: str, number: int | None = None) -> DamagedLine:
        """Makes the stand-in that carries ``reason``."""
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
    name = name or str(path)
    number, offset, rest = 1, 0, b""
    with open_bytes(path, name) as stream:
        skip_byte_order_mark(stream)
        while block := stream.read(CHUNK):
            head, end, tail = block.rpartition(b"\n")
            if not end:
                rest += block
                if len(rest) > MAX_LINE_BYTES:
                    raise CorpusError(_endless(), path=name, line=number)
                continue
            lines = _decode(rest + head, offset)
            yield from lines
            number += len(lines)
            offset += len(rest) + len(head) + 1
            rest = tail
        if rest:
            yield from _decode(rest, offset)


def blocks(lines: Iterable[str], name: str | None = None) -> Iterator[list[Line]]:
    """Groups lines between blank lines; a line of nothing but tabs or spaces is blank.

    Args:
        lines: the lines of a file from its first.
        name: the file, for messages.

    Yields:
        Lists of (line number from 1, line), never empty.

    Raises:
        CorpusError: more than ``MAX_BLOCK_LINES`` lines follow without a blank one.
    """
    block: list[Line] = []
    for number, line in enumerate(lines, 1):
        if line and not line.isspace():
            block.append((number, line))
        elif block:
            yield block
            block = []
        if len(block) > MAX_BLOCK_LINES:
            message = f"a sentence of more than {MAX_BLOCK_LINES:,} lines; a blank line must end each sentence"
            raise CorpusError(message, path=name, line=block[0][0])
    if block:
        yield block


def _decode(data: bytes, offset: int) -> list[str]:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return _decode_each(data, offset)
    if "\0" in text:
        return _decode_each(data, offset)
    lines = text.split("\n")
    return [line.removesuffix("\r") for line in lines] if "\r" in text else lines


def _decode_each(data: bytes, offset: int) -> list[str]:
    lines: list[str] = []
    for raw in data.split(b"\n"):
        lines.append(_decode_line(raw, offset))
        offset += len(raw) + 1
    return lines


def _decode_line(raw: bytes, offset: int) -> str:
    if b"\0" in raw:
        return DamagedLine(f"a NUL byte at offset {offset + raw.index(0):,}: not text; remove it")
    try:
        return raw.decode().removesuffix("\r")
    except UnicodeDecodeError as error:
        place = f"byte 0x{raw[error.start]:02x} at offset {offset + error.start:,}"
        return DamagedLine(f"{place} is not UTF-8; convert the file, e.g. iconv -f latin1 -t utf-8")


def _endless() -> str:
    return f"a line of more than {MAX_LINE_BYTES >> 20} MB; expected one word or one sentence a line"
