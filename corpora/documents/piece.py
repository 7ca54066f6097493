"""Pieces of a document: the words of a sentence, and what is needed to write it again with its tags.

Readers make pieces, the tagger sees only their ``tokens``, renderers write them with their tags.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

INPUT_FORMATS = ("text", "tokens", "conllu", "columns", "vertical", "slashed", "jsonl", "csv", "tsv")


@dataclass(slots=True)
class Piece:
    """A sentence, or a part without words (``tokens`` is empty) that is only passed on.

    Args:
        tokens: T words.
        number: counts the sentences of all documents from 1; set by ``Documents``.
        first: it is the first sentence of its document; set by ``Documents``.
    """

    tokens: list[str]
    number: int = field(default=0, kw_only=True)
    first: bool = field(default=False, kw_only=True)


@dataclass(slots=True)
class LinePiece(Piece):
    """A line of words; an empty line stays an empty line."""


@dataclass(slots=True)
class TextPiece(Piece):
    """A sentence of raw text.

    Args:
        offsets: start and end of each word in its document, in code points.
        space_after: white space follows the sentence, or nothing.
        paragraph: it is the first sentence of a paragraph: a blank line precedes it, or nothing.
    """

    offsets: list[tuple[int, int]]
    space_after: bool
    paragraph: bool = False


@dataclass(slots=True)
class ConlluPiece(Piece):
    """A CoNLL-U sentence.

    Args:
        lines: all lines of the block; joined by line ends they are the block.
        rows: the ten fields of each of the T words.
        places: the index of the line of each word.
        mark: the byte order mark, if the block begins with it.
    """

    lines: list[str]
    rows: list[list[str]]
    places: Sequence[int]
    mark: str = ""


@dataclass(slots=True)
class ColumnsPiece(Piece):
    """A sentence in columns.

    Args:
        rows: its T rows, columns separated by tabs.
        before: comment and ``-DOCSTART-`` lines that precede it, with their line ends.
        others: ranges, empty nodes and structure tags, each with the number of words before it.
        after: what follows it: a line end, for the blank line, or nothing.
    """

    rows: list[str]
    before: str
    others: list[tuple[int, str]] = field(default_factory=list)
    after: str = "\n"


@dataclass(slots=True)
class JsonPiece(Piece):
    """A JSON line.

    Args:
        record: the object, all of its keys.
        raw: it is a sentence of raw text.
    """

    record: dict[str, Any]
    raw: bool = field(default=False, kw_only=True)


@dataclass(slots=True)
class TableLines(Piece):
    """Lines of a table that hold no word: blank ones, and the names of the columns.

    Args:
        lines: with their ends.
        header: the names of the columns, in lower case; None for other lines.
        delimiter: between the cells.
    """

    lines: str
    header: tuple[str, ...] | None
    delimiter: str


@dataclass(slots=True)
class TablePiece(JsonPiece):
    """A sentence of a table: a row for each word, or one row, which several sentences of a text share.

    Args:
        rows: one for each of the T words, or one; without line ends.
        end: of lines.
        delimiter: between the cells.
        kind: what a row holds: ``words`` (one), ``lists`` or ``texts``.
        begins: the sentence is the first of its row.
        ends: the sentence is the last of its row.
    """

    rows: list[str]
    end: str
    delimiter: str
    kind: str
    begins: bool = True
    ends: bool = True


@dataclass(slots=True)
class BadPiece(Piece):
    """A part that cannot be read in the format of its file; it has no words.

    Args:
        source: its bytes.
        message: what is wrong.
        line: 1-based line in its file.
        format: the format it was read as.
        path: its file, set by ``Documents``.
    """

    source: bytes
    message: str
    line: int
    format: str
    path: str = ""


class Tagged(Protocol):
    """The tags of a sentence of T words."""

    tags: list[str]
    scores: list[float] | None
