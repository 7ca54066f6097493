"""Pieces from columns, one word a line, as in the CoNLL-2000 and CoNLL-2003 shared tasks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from tagger.corpora.documents.piece import BadPiece, ColumnsPiece, Piece
from tagger.corpora.files.document_blocks import BYTE_ORDER_MARK, blocks, not_utf8

DOCUMENT_START = "-DOCSTART-"


def read_columns(stream: BinaryIO) -> Iterator[Piece]:
    """Sentences in columns separated by tabs or by blanks; the first sentence settles which, and how many.

    Words stand in the first column, or in the second where the first one counts them. Lines that begin with
    ``-DOCSTART-``, and comments (``# ...``) before a sentence, are passed on.

    Args:
        stream: bytes; a line of nothing but white space ends a sentence.
    """
    layout: _Layout | None = None
    for number, block in blocks(stream):
        try:
            text = block.removeprefix(BYTE_ORDER_MARK).decode() if number == 1 else block.decode()
        except UnicodeDecodeError as error:
            message, place = not_utf8(error, number)
            yield BadPiece([], block, message, place, "conll")
            continue
        lines = [line.rstrip("\r") for line in text.rstrip().split("\n")]
        first = _first_row(lines, layout)
        before = "".join([line + "\n" for line in lines[:first] if line])
        rows = lines[first:]
        if not rows:
            if before:
                yield ColumnsPiece([], [], before)
            continue
        layout = layout or _Layout(rows)
        fields = [layout.split(row) for row in rows]
        wrong = next((i for i, row in enumerate(fields) if not layout.fits(row)), None)
        if wrong is not None:
            skipped = first + wrong
            yield BadPiece([], block, layout.complaint(fields[wrong]), number + skipped, "conll")
            continue
        words = [row[layout.word] for row in fields]
        yield ColumnsPiece(words, ["\t".join(row) for row in fields], before)


class _Layout:
    """What separates the columns of a file, how many there are and which one holds the words."""

    def __init__(self, rows: list[str]) -> None:
        self.separator = "\t" if "\t" in rows[0] else None
        fields = [self.split(row) for row in rows]
        self.width = len(fields[0])
        counted = [row[0] for row in fields] == [str(i + 1) for i in range(len(rows))]
        self.word = int(counted and self.width > 1)

    def split(self, row: str) -> list[str]:
        return row.split(self.separator)

    def fits(self, fields: list[str]) -> bool:
        return len(fields) == self.width and bool(fields[self.word].strip())

    def complaint(self, fields: list[str]) -> str:
        if len(fields) == self.width:
            return f"the word (column {self.word + 1}) is empty, expected at least one character"
        separators = "tabs" if self.separator else "blanks"
        return (
            f"{len(fields)} column{'s' * (len(fields) > 1)} {' '.join(fields)[:60]!r}, "
            f"expected {self.width} separated by {separators} as in the first sentence of the file"
        )


def _first_row(lines: list[str], layout: _Layout | None) -> int:
    """The index of the first line that holds a word."""
    for index, line in enumerate(lines):
        if line.startswith(DOCUMENT_START) or not line.strip():
            continue
        comment = line.startswith("#") and "\t" not in line and not line[1:].startswith("\t")
        if comment and (layout is None or len(layout.split(line)) != layout.width):
            continue
        return index
    return len(lines)
