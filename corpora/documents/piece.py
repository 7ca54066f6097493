"""Pieces of a document that is being tagged: the words of a sentence and the frame they came in.

Reading makes pieces, the tagger sees only their ``tokens``, rendering puts the tags back into the frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

INPUT_FORMATS = ("text", "tokens", "conllu", "conll", "jsonl")
OUTPUT_FORMATS = ("pairs", "tsv", "conllu", "jsonl")


@dataclass(slots=True)
class Piece:
    """A sentence, or a stretch without words (``tokens`` is empty) that is only passed on.

    Args:
        tokens: T words.
    """

    tokens: list[str]


@dataclass(slots=True)
class LinePiece(Piece):
    """A line of words; an empty line is a piece without words and stays an empty line."""


@dataclass(slots=True)
class TextPiece(Piece):
    """A sentence of raw text.

    Args:
        offsets: start and end of each word in its document, in code points.
        glued: the next sentence follows without white space.
    """

    offsets: list[tuple[int, int]]
    glued: bool


@dataclass(slots=True)
class ConlluPiece(Piece):
    """A CoNLL-U sentence.

    Args:
        header: all before the first word.
        heads: for each word its line up to the column of the tag, line end of the line before included.
        rests: for each word what follows the column of the tag, up to the next word; header, heads, tags and
            rests, interleaved, give the sentence again.
    """

    header: str
    heads: list[str]
    rests: list[str]


@dataclass(slots=True)
class ColumnsPiece(Piece):
    """A sentence in columns.

    Args:
        rows: its T rows, columns separated by tabs.
        before: comment and ``-DOCSTART-`` lines that precede it, with their line ends.
    """

    rows: list[str]
    before: str


@dataclass(slots=True)
class JsonPiece(Piece):
    """A JSON line.

    Args:
        record: the object, all of its keys.
    """

    record: dict[str, Any]


@dataclass(slots=True)
class BadPiece(Piece):
    """A stretch that cannot be read as what it should be; it has no words.

    Args:
        raw: its bytes.
        message: what is wrong.
        line: 1-based line in its file.
        format: the format it was read as.
        path: its file; set by the one who opened it.
    """

    raw: bytes
    message: str
    line: int
    format: str
    path: str = ""


class Tagged(Protocol):
    """What a tagger returns for a sentence of T words."""

    tags: list[str]
    scores: list[float] | None
