"""Pre-trained word vectors in the text formats of word2vec, GloVe and fastText."""

from __future__ import annotations

from collections.abc import Container, Iterator
from pathlib import Path

import numpy as np

from tagger.corpora.files.paths import user_path
from tagger.corpora.files.streams import open_bytes
from tagger.errors import CorpusError

MAX_OTHERS = 100_000
"""Vectors kept beyond those of the training words: the first of the file, which belong to the most frequent words."""


def read_vectors(path: str | Path, wanted: Container[str], *, max_others: int = MAX_OTHERS) -> dict[str, np.ndarray]:
    """Read the vectors of the training words and the first ``max_others`` others.

    Args:
        path: a text file, compressed or not: a word and its numbers on each line, after an optional ``count size``.
        wanted: words whose vectors are always kept.
        max_others: number of other vectors to keep.

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
        if (not keep and others >= max_others) or word in vectors:
            continue
        vector = _parse(numbers, size, path, number)
        others += not keep
        vectors[word] = vector
    if not vectors:
        raise CorpusError("holds no word vectors; expected a word and its numbers on every line", path=path)
    return vectors


def _rows(path: str | Path) -> Iterator[tuple[int, str, bytes]]:
    """Yield line number, word and the bytes of its numbers."""
    size = 0
    with open_bytes(user_path(path), str(path)) as stream:
        for number, line in enumerate(stream, 1):
            head, _, rest = line.rstrip().partition(b" ")
            if b"\t" in head:
                head, _, rest = line.rstrip().partition(b"\t")
            if number == 1 and rest.isdigit() and head.isdigit():
                continue
            if size == 0:
                size = len(rest.split())
            elif rest.count(b" ") >= size:
                head, rest = _with_spaces(head, rest, size)
            if not head:
                continue
            try:
                word = head.decode("utf-8")
            except UnicodeDecodeError as error:
                message = "not UTF-8 text; binary .bin files are not read, convert them to the text format"
                raise CorpusError(message, path=path, line=number) from error
            yield number, word, rest


def _with_spaces(head: bytes, rest: bytes, size: int) -> tuple[bytes, bytes]:
    """Split word and numbers where the word holds spaces, as ``. . .`` in GloVe's largest file."""
    pieces = rest.split()
    further = pieces[:-size]
    try:
        for piece in further:
            float(piece)
    except ValueError:
        return b" ".join([head, *further]), b" ".join(pieces[-size:])
    return head, rest


def _parse(numbers: bytes, size: int, path: str | Path, line: int) -> np.ndarray:
    try:
        with np.errstate(over="ignore"):  # a number that is too large becomes infinite and is refused below
            vector = np.array(numbers.split(), dtype=np.float32)
    except ValueError:
        vector = np.zeros(0, dtype=np.float32)
    if len(vector) != size or size < 2 or not np.isfinite(vector).all():
        shown = numbers[:40].decode("utf-8", "replace")
        message = f"expected a word and {max(size, 2)} finite numbers, found '{shown}' ({len(vector)} numbers)"
        raise CorpusError(message, path=path, line=line)
    return vector
