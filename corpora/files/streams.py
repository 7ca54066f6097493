"""Opening documents: files, the standard input or a given text, unpacked, with errors that name them."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, cast

from tagger.corpora.files.paths import checked_status, reason
from tagger.errors import CorpusError

HEAD_BYTES = 1 << 16
STANDARD_INPUT = "-"
NUL_SHARE = 0.01  # of the bytes; a stray one in a text is its owner's affair
_UNPACKERS: dict[bytes, Callable[[io.BufferedReader], object]] = {
    b"\x1f\x8b": lambda stream: gzip.GzipFile(fileobj=stream),
    b"\xfd7zXZ\x00": lzma.LZMAFile,
    b"BZh": bz2.BZ2File,
}


@contextmanager
def readable(path: str) -> Iterator[None]:
    """Turn everything that reading ``path`` can run into into a ``CorpusError`` that names it."""
    try:
        yield
    except CorpusError as error:
        raise error if error.path else CorpusError(error.message, path=path, line=error.line) from None
    except (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile) as error:
        raise CorpusError(f"the packed file is damaged or cut short ({error}); fetch it again", path=path) from error
    except OSError as error:
        raise CorpusError(reason(error), path=path) from error


@contextmanager
def text_stream(text: str) -> Iterator[io.BufferedReader]:
    """The bytes of a text given on the command line (where bytes that are not UTF-8 are surrogates)."""
    yield _buffered(io.BytesIO(text.encode("utf-8", "surrogateescape")))


@contextmanager
def opened(path: str, *, by_line: bool = False) -> Iterator[io.BufferedReader]:
    """The unpacked bytes of a file, or of the standard input, which is left open.

    Args:
        path: ``-`` is the standard input.
        by_line: hand out what comes on the standard input at once, and do not wait until there is much.
    """
    with ExitStack() as stack, readable(path):
        if path == STANDARD_INPUT:
            stream = _buffered(getattr(sys.stdin.buffer, "raw", sys.stdin.buffer) if by_line else sys.stdin.buffer)
            stack.callback(stream.detach)
        else:
            if Path(path).is_dir():
                raise CorpusError(f"is a folder; name the files in it, for example {path.rstrip('/')}/*.conllu")
            checked_status(Path(path))
            stream = _buffered(stack.enter_context(Path(path).open("rb")))
        head = stream.peek(6)
        for magic, unpack in _UNPACKERS.items():
            if head.startswith(magic):
                stream = _buffered(unpack(stream))
        _refuse_binary(stream.peek(HEAD_BYTES)[:HEAD_BYTES])
        yield stream


def _buffered(stream: object) -> io.BufferedReader:
    return io.BufferedReader(cast(Any, stream), HEAD_BYTES)


def _refuse_binary(head: bytes) -> None:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise CorpusError("UTF-16 text, expected UTF-8; convert it: iconv -f utf-16 -t utf-8", line=1)
    if head[:4] in (b"PAR1", b"PK\x03\x04"):
        raise CorpusError("a Parquet or ZIP file, expected text, CoNLL-U, columns or JSON lines")
    if head.count(b"\0") > 1 + NUL_SHARE * len(head):
        raise CorpusError(f"{head.count(0):,} NUL bytes at its beginning: not text, as far as can be told")
