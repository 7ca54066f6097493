"""From bytes to lines and blocks of lines: decompression, UTF-8, line ends, limits."""

from __future__ import annotations

import contextlib
import gzip
import lzma
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, cast

from tagger.corpora.files.paths import open_file
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
    r"""The lines of a text file, plain or compressed with gzip or xz, without their ends.

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
    with open_stream(path, name) as stream:
        for block in _blocks(stream, name):
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


@contextlib.contextmanager
def open_stream(path: Path, name: str) -> Iterator[IO[bytes]]:
    """Opens a file for reading bytes, unpacking gzip and xz, known by their first bytes."""
    with open_file(path, name) as stream:
        magic = stream.peek(6)[:6]
        if magic.startswith(b"\x1f\x8b"):
            with gzip.GzipFile(fileobj=stream) as unpacked:
                yield cast(IO[bytes], unpacked)
        elif magic == b"\xfd7zXZ\0":
            with lzma.LZMAFile(stream) as xz:
                yield xz
        else:
            yield stream


def read_head(path: Path, name: str, size: int = 1 << 16) -> bytes:
    """The first bytes of a file, unpacked."""
    with open_stream(path, name) as stream:
        return next(_blocks(stream, name, size), b"")


def _blocks(stream: IO[bytes], name: str, size: int = CHUNK) -> Iterator[bytes]:
    """Reads to the end, turning every way a file can break off into one error."""
    try:
        block = stream.read(size)
        if block.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise CorpusError("UTF-16 text; convert it: iconv -f utf-16 -t utf-8", path=name, line=1)
        block = block.removeprefix(b"\xef\xbb\xbf") or stream.read(size)
        while block:
            yield block
            block = stream.read(size)
    except (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile) as error:
        message = f"the compressed file is damaged or cut short ({error}); get it again or test it: gzip -t, xz -t"
        raise CorpusError(message, path=name) from error
    except OSError as error:
        raise CorpusError(f"cannot be read: {error.strerror or error}", path=name) from error


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
