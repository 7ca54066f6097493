"""Pre-trained word vectors in the text formats of word2vec, GloVe and fastText."""

from __future__ import annotations

import gzip
import lzma
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
    with _open(path) as file:
        try:
            for number, line in enumerate(file, 1):
                head, _, rest = line.rstrip().partition(b" ")
                if b"\t" in head:
                    head, _, rest = line.rstrip().partition(b"\t")
                if number == 1 and rest.isdigit() and head.isdigit():
                    continue
                if head:
                    yield number, head.decode("utf-8"), rest
        except UnicodeDecodeError as error:
            message = "not UTF-8 text; binary .bin files are not read, convert them to the text format"
            raise CorpusError(message, path=path) from error
        except (OSError, EOFError, lzma.LZMAError) as error:
            raise CorpusError(f"cannot read word vectors: {error}", path=path) from error


def _parse(numbers: bytes, size: int, path: str | Path, line: int) -> np.ndarray:
    try:
        vector = np.array(numbers.split(), dtype=np.float32)
    except ValueError:
        vector = np.zeros(0, dtype=np.float32)
    if len(vector) != size or size < 2 or not np.isfinite(vector).all():
        shown = numbers[:40].decode("utf-8", "replace")
        message = f"expected a word and {max(size, 2)} finite numbers, found '{shown}' ({len(vector)} numbers)"
        raise CorpusError(message, path=path, line=line)
    return vector
