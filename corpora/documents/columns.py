"""Pieces from columns, one word a line, as in the CoNLL-2000 and CoNLL-2003 shared tasks."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import chain

from tagger.corpora.documents.piece import BadPiece, ColumnsPiece, Piece
from tagger.corpora.files.lines import block_lines, blocks
from tagger.corpora.files.streams import skip_byte_order_mark
from tagger.corpora.formats.columns import PROBE_LINES, Layout, Line, find_layout, find_problems, split_rows


def read_columns(stream: io.BufferedReader) -> Iterator[Piece]:
    """Read sentences in columns separated by tabs or by spaces; the first thousand lines tell which, and how many.

    Words stand in the first column, or in the second where the first one counts them. Comments and lines that
    begin with ``-DOCSTART-`` are passed on before their sentence.

    Args:
        stream: bytes; a line of nothing but white space ends a sentence.
    """
    skip_byte_order_mark(stream)
    source = ((lines, block[1]) for block in blocks(stream) if (lines := block_lines(block)))
    probe: list[tuple[list[Line], bytes]] = []
    for item in source:
        probe.append(item)
        if sum(len(lines) for lines, _ in probe) >= PROBE_LINES:
            break
    layout = find_layout([lines for lines, _ in probe], min_width=1)
    for lines, block in chain(probe, source):
        yield _piece(lines, block, layout)


def _piece(lines: list[Line], block: bytes, layout: Layout) -> Piece:
    rows, comments = split_rows(lines, layout)
    if problems := find_problems(rows, layout, lines[0][0], labels=False):
        return BadPiece([], block, problems[0].message, problems[0].line, "conll")
    before = "".join([line + "\n" for line in comments])
    tabbed = [line if layout.separator else "\t".join(row) for _, line, row in rows]
    return ColumnsPiece([row[layout.words] for _, _, row in rows], tabbed, before)
