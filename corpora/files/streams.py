"""Open files, compressed or not, and the standard input; errors name what was read."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tagger.corpora.files.paths import checked_status, open_file, reason, user_path
from tagger.errors import CorpusError

HEAD_BYTES = 1 << 16
STANDARD_INPUT = "-"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
PARQUET = b"PAR1"
ARROW = b"\xff\xff\xff\xff"  # a stream of Arrow, as ``Dataset.save_to_disk`` writes it
ARCHIVES = {
    b"PK\x03\x04": "a ZIP archive, or a file of Excel or Word; unpack it, or export CSV or text",
    b"7z\xbc\xaf": "a 7-Zip archive; unpack it first",
}
_MAX_NUL_SHARE = 0.01  # of the first bytes of a text; a single NUL is reported with its line
_DAMAGE = (EOFError, zlib.error, lzma.LZMAError)


@dataclass(frozen=True, slots=True)
class Compression:
    """A compression that is recognised by the first bytes of a file.

    Args:
        magic: the first bytes of every file compressed in this way.
        decompress: returns a readable stream of the decompressed bytes.
        create: opens a new file, which compresses the bytes that are written.
    """

    magic: bytes
    decompress: Callable[[io.BufferedReader], Any]
    create: Callable[[Path], Any]


def _read_zstandard(stream: io.BufferedReader) -> Any:
    import pyarrow as pa

    return pa.CompressedInputStream(pa.PythonFile(stream, "r"), "zstd")


def _create_zstandard(path: Path) -> Any:
    import pyarrow as pa

    return pa.CompressedOutputStream(pa.OSFile(str(path), "wb"), "zstd")


COMPRESSIONS = {
    ".gz": Compression(b"\x1f\x8b", lambda stream: gzip.GzipFile(fileobj=stream), partial(gzip.GzipFile, mode="wb")),
    ".xz": Compression(b"\xfd7zXZ\x00", lzma.LZMAFile, partial(lzma.LZMAFile, mode="wb")),
    ".bz2": Compression(b"BZh", bz2.BZ2File, partial(bz2.BZ2File, mode="wb")),
    ".zst": Compression(b"\x28\xb5\x2f\xfd", _read_zstandard, _create_zstandard),
}
"""The compressions that every reader takes, by the suffix that file names have."""


def uncompressed_suffix(path: str | Path) -> str:
    """Return the suffix of a file name before that of its compression: ``.conllu`` of ``A.CONLLU.gz``."""
    path = Path(path)
    inner = path.with_suffix("") if path.suffix.lower() in COMPRESSIONS else path
    return inner.suffix.lower()


def create_file(path: Path, suffix: str) -> Any:
    """Open a new file for writing bytes, compressed if ``suffix`` is that of a compression."""
    compression = COMPRESSIONS.get(suffix.lower())
    return path.open("wb") if compression is None else compression.create(path)


@contextmanager
def read_errors(name: str) -> Iterator[None]:
    """Turn all errors of reading a file into a ``CorpusError`` that names it."""
    try:
        yield
    except CorpusError as error:
        raise error if error.path else CorpusError(error.message, path=name, line=error.line) from None
    except (*_DAMAGE, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise CorpusError(reason(error), path=name) from error
        raise CorpusError(f"the compressed file is damaged or cut short ({error}); get it again", path=name) from error


@contextmanager
def open_bytes(path: Path, name: str | None = None) -> Iterator[io.BufferedReader]:
    """Open a regular file and decompress it if its first bytes say that it is compressed.

    Args:
        path: the file.
        name: the name to use in messages.

    Yields:
        The decompressed bytes.

    Raises:
        CorpusError: the file cannot be opened, or is damaged; also while it is read.
    """
    name = name or str(path)
    with read_errors(name), open_file(path, name) as stream:
        yield _decompressed(stream)


@contextmanager
def open_text(path: str, *, by_line: bool = False) -> Iterator[io.BufferedReader]:
    """Open a text file, a pipe or the standard input, which stays open; refuse binary files.

    Args:
        path: ``-`` is the standard input.
        by_line: hand out each line of the standard input at once.

    Yields:
        The decompressed bytes.

    Raises:
        CorpusError: the file cannot be opened, is damaged or not text; also while it is read.
    """
    with ExitStack() as stack, read_errors(path):
        if path == STANDARD_INPUT:
            source = getattr(sys.stdin.buffer, "raw", sys.stdin.buffer) if by_line else sys.stdin.buffer
            stream = _buffered(source)
            stack.callback(stream.detach)
        else:
            file = user_path(path)
            if file.is_dir():
                raise CorpusError(f"is a folder; name the files in it, for example {path.rstrip('/')}/*.conllu")
            checked_status(file)
            stream = _buffered(stack.enter_context(file.open("rb", 0)))
        stream = _decompressed(stream)
        _refuse_binary(stream.peek(HEAD_BYTES)[:HEAD_BYTES])
        yield stream


@contextmanager
def open_string(text: str) -> Iterator[io.BufferedReader]:
    """Open a text given on the command line, where surrogates stand for bytes that are not UTF-8."""
    yield _buffered(io.BytesIO(text.encode("utf-8", "surrogateescape")))


def read_head(path: Path, name: str, size: int = HEAD_BYTES) -> bytes:
    """Return the first decompressed bytes of a file, without a byte order mark."""
    with open_bytes(path, name) as stream:
        skip_byte_order_mark(stream)
        return stream.read(size)


def skip_byte_order_mark(stream: io.BufferedReader) -> None:
    """Pass over the mark of UTF-8 at the beginning of a text; refuse that of UTF-16."""
    head = stream.peek(3)
    _refuse_utf16(head)
    if head.startswith(BYTE_ORDER_MARK):
        stream.read(len(BYTE_ORDER_MARK))


def _refuse_utf16(head: bytes) -> None:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise CorpusError("UTF-16 text, expected UTF-8; convert it: iconv -f utf-16 -t utf-8", line=1)


def _decompressed(stream: io.BufferedReader) -> io.BufferedReader:
    head = stream.peek(6)
    for compression in COMPRESSIONS.values():
        if head.startswith(compression.magic):
            return _buffered(compression.decompress(stream))
    return stream


def _buffered(stream: Any) -> io.BufferedReader:
    return io.BufferedReader(stream, HEAD_BYTES)


def refuse_archive(head: bytes, name: str | None = None) -> None:
    """Raise ``CorpusError`` if these are the first bytes of an archive."""
    if kind := next((kind for magic, kind in ARCHIVES.items() if head.startswith(magic)), None):
        raise CorpusError(kind, path=name)


def _refuse_binary(head: bytes) -> None:
    _refuse_utf16(head)
    refuse_archive(head)
    if head.startswith(PARQUET):
        raise CorpusError("a Parquet file, expected text, CoNLL-U, columns or JSON lines")
    if head.count(b"\0") > 1 + _MAX_NUL_SHARE * len(head):
        raise CorpusError(f"{head.count(0):,} NUL bytes at its beginning, expected text")
