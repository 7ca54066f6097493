"""Pieces from columns, vertical text and words with attached labels, read as in training."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

from tagger.corpora.documents.piece import BadPiece, ColumnsPiece, LinePiece, Piece
from tagger.corpora.files.lines import blocks
from tagger.corpora.files.streams import skip_byte_order_mark
from tagger.corpora.formats import slash_tagged
from tagger.corpora.formats.columns import END_OF_VERTICAL, find_problems, read_layout, split_rows
from tagger.corpora.formats.layout import Layout, Line
from tagger.corpora.formats.options import DEFAULTS, LabelledFile, ReadOptions
from tagger.corpora.formats.sentence import Problem


def read_columns(
    stream: io.BufferedReader, options: ReadOptions = DEFAULTS, *_: object, markup: bool = False
) -> Iterator[Piece]:
    """Read sentences in columns separated by tabs or by blanks; the first thousand lines tell which, and how many.

    Comments, lines that begin with ``-DOCSTART-``, ranges and empty nodes are passed on where they stand.

    Args:
        stream: bytes; a line of nothing but white space ends a sentence.
        options: the column of words, as in training.
        markup: the document is vertical text, whose structure tags are passed on.

    Raises:
        CorpusError: there is no such column of words.
    """
    skip_byte_order_mark(stream)
    source = blocks(stream, END_OF_VERTICAL) if markup else blocks(stream)
    layout, parts = read_layout(source, options, min_width=1, markup=markup)
    apart = ""  # blocks without words
    for lines, block in parts:
        piece = _piece(lines, block, layout)
        if isinstance(piece, ColumnsPiece):
            piece.before, apart = apart + piece.before, ""
            if not piece.tokens:
                apart = piece.before + piece.after
                continue
        yield piece
    if apart:
        yield ColumnsPiece([], [], apart, after="")


def _piece(lines: list[Line], block: bytes, layout: Layout) -> Piece:
    record = split_rows(lines, layout)
    if problems := find_problems(record, layout):
        form = "vertical" if layout.markup else "columns"
        return BadPiece([], block, problems[0].message, problems[0].line, form)
    tabbed = [line if layout.separator else "\t".join(row) for _, line, row in record.rows]
    before = "".join([line + "\n" for line in record.comments])
    tokens = [row[layout.words] for _, _, row in record.rows]
    return ColumnsPiece(tokens, tabbed, before, record.others, "" if layout.markup else "\n")


def read_slashed(stream: io.BufferedReader, options: ReadOptions = DEFAULTS, *_: object) -> Iterator[Piece]:
    """Read words with attached labels, which are left out; a line is a sentence."""
    skip_byte_order_mark(stream)
    bad: dict[int, BadPiece] = {}  # by the line of its sentence

    def report(problem: Problem) -> None:
        bad.setdefault(problem.sentence, BadPiece([], b"", problem.message, problem.line, "slashed"))

    for sentence in slash_tagged.sentences(blocks(stream), LabelledFile(Path(), "", options), report):
        yield from bad.values()
        bad.clear()
        yield LinePiece(sentence.tokens)
    yield from bad.values()
