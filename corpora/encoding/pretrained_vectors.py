"""Pre-trained word vectors in the text formats of word2vec, GloVe and fastText."""

from __future__ import annotations

import gzip
import lzma
import zlib
from collections.abc import Callable, Container, Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from tagger.errors import CorpusError

LARGEST = 100_000
"""Vectors kept beyond those of the training words: the first ones of the file, which are the most frequent."""


def read_vectors(path: str | Path, wanted: Container[str], *, largest: int = LARGEST) -> dict[str, np.ndarray]:
    """Read the vectors of the training words and the first ``largest`` others.

    Args:
        path: text file, a word and its numbers a line; an optional first line ``count size``; gzip and xz pass.
        wanted: words whose vectors are kept wherever they stand (their lower-cased forms, too).
        largest: how many other vectors to keep.

    Returns:
        Vectors by word, each (E,) float32.

    Raises:
        CorpusError: the file is missing, unreadable, binary, or a line has another size than the first.
    """
    vectors: dict[str, np.ndarray] = {}
    others = 0
    size = 0
    for number, word, numbers in _rows(path):
        if size == 0:
            size = len(numbers.split())
        keep = word in wanted
        if (not keep and others >= largest) or word in vectors:
            continue
        vector = _parse(numbers, size, path, number)
        others += not keep
        vectors[word] = vector
    if not vectors:
        raise CorpusError("holds no word vectors; expected a word and its numbers on every line", path=path)
    return vectors


def _open(path: str | Path) -> BinaryIO:
    openers: dict[str, Callable[[str | Path, str], Any]] = {".gz": gzip.open, ".xz": lzma.open}
    try:
        return cast(BinaryIO, openers.get(Path(path).suffix, open)(path, "rb"))
    except OSError as error:
        raise CorpusError(f"cannot read word vectors: {error.strerror}", path=path) from error


def _rows(path: str | Path) -> Iterator[tuple[int, str, bytes]]:
    """Line number, word and the bytes of its numbers."""
    number = size = 0
    with _open(path) as file:
        try:
            for number, line in enumerate(file, 1):
                head, _, rest = line.rstrip().partition(b" ")
                if b"\t" in head:
                    head, _, rest = line.rstrip().partition(b"\t")
                if number == 1 and rest.isdigit() and head.isdigit():
                    continue
                if size == 0:
                    size = len(rest.split())
                elif rest.count(b" ") >= size:
                    head, rest = _with_spaces(head, rest, size)
                if head:
                    yield number, head.decode("utf-8"), rest
        except UnicodeDecodeError as error:
            message = "not UTF-8 text; binary .bin files are not read, convert them to the text format"
            raise CorpusError(message, path=path, line=number) from error
        except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
            raise CorpusError(f"cannot read word vectors: {error}", path=path) from error


def _with_spaces(head: bytes, rest: bytes, size: int) -> tuple[bytes, bytes]:
    """Word and numbers where the word itself holds spaces, as ``. . .`` does in GloVe's largest file."""
    pieces = rest.split()
    further = pieces[:-size]
    if not any(_is_word(piece) for piece in further):
        return head, rest
    return b" ".join([head, *further]), b" ".join(pieces[-size:])


def _is_word(piece: bytes) -> bool:
    try:
        float(piece)
    except ValueError:
        return True
    return False


def _parse(numbers: bytes, size: int, path: str | Path, line: int) -> np.ndarray:
    try:
        with np.errstate(over="ignore"):  # too large a number becomes infinite, and is refused below
            vector = np.array(numbers.split(), dtype=np.float32)
    except ValueError:
        vector = np.zeros(0, dtype=np.float32)
    if len(vector) != size or size < 2 or not np.isfinite(vector).all():
        shown = numbers[:40].decode("utf-8", "replace")
        message = f"expected a word and {max(size, 2)} finite numbers, found '{shown}' ({len(vector)} numbers)"
        raise CorpusError(message, path=path, line=line)
    return vector
