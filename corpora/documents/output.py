"""Render pieces with their tags: one function from a piece and its tags to bytes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial

from tagger.corpora.documents.conllu import render_conllu
from tagger.corpora.documents.jsonl import render_json
from tagger.corpora.documents.piece import (
    BadPiece,
    ColumnsPiece,
    JsonPiece,
    LinePiece,
    Piece,
    TableLines,
    Tagged,
    TextPiece,
)
from tagger.corpora.documents.tables import render_table
from tagger.corpora.formats.layout import HEADER, MARKUP
from tagger.corpora.formats.sentence import excerpt
from tagger.errors import OutputError

Renderer = Callable[[Piece, Tagged], bytes]

_DEFAULT_OUTPUT = {"conllu": "conllu", "jsonl": "jsonl", "vertical": "tsv", "csv": "csv", "tsv": "csv"}
_SAME_FORMAT = {**_DEFAULT_OUTPUT, "tokens": "pairs", "columns": "tsv"}
_UNFIT = re.compile(r"[/\s]")
_BLANKS = re.compile(r"[ \t\n\r\f\v]+")
_BREAKS = re.compile(r"[\t\n\r\f\v]+")


def default_output(input_format: str, labels: Iterable[str] = (), *, scores: bool = False) -> str:
    """Return the output format of an input: its own if that can hold tags, else pairs.

    Scores, and labels with a slash or white space, have no place in pairs; then it is tsv.
    """
    unfit = scores or any(map(_UNFIT.search, labels))
    return _DEFAULT_OUTPUT.get(input_format, "tsv" if unfit else "pairs")


def make_renderer(output: str, column: str, labels: Iterable[str] = ()) -> Renderer:
    """Return the function that renders pieces in a format.

    Args:
        output: ``pairs``, ``tsv``, ``conllu``, ``jsonl`` or, for tables alone, ``csv``.
        column: the kind of tags, which decides where CoNLL-U holds them: ``upos``, ``xpos``, ``feats`` or another.
        labels: all tags there are.

    Raises:
        OutputError: a label has no place in pairs.
    """
    unfit = next(filter(_UNFIT.search, labels), None)
    if output == "pairs" and unfit is not None:
        raise OutputError(_unfit_message(unfit))

    def pairs_in_cell(piece: Piece, tagged: Tagged) -> bytes:
        if unfit is not None:
            raise OutputError(_unfit_message(unfit))
        return render_pairs(piece, tagged)

    renderers: dict[str, Renderer] = {
        "pairs": render_pairs,
        "tsv": partial(render_tsv, column=column),
        "conllu": partial(render_conllu, column=column),
        "jsonl": render_json,
        "csv": lambda piece, tagged: render_table(piece, tagged, column, pairs_in_cell),
    }
    render = renderers[output]
    wordless = {"pairs": (LinePiece, JsonPiece), "jsonl": (LinePiece, JsonPiece)}.get(output, (Piece,))

    def render_any(piece: Piece, tagged: Tagged) -> bytes:
        if piece.tokens:
            return render(piece, tagged)
        if isinstance(piece, TableLines) and output != "csv":
            return b""
        if isinstance(piece, BadPiece):
            return piece.source if _SAME_FORMAT.get(piece.format) == output else b""
        return render(piece, tagged) if isinstance(piece, wordless) else b""

    return render_any


def _unfit_message(label: str) -> str:
    return f"pairs cannot hold the label {excerpt(label)}: it has a slash or white space; use --output tsv or jsonl"


def render_pairs(piece: Piece, tagged: Tagged) -> bytes:
    """Render a line of ``word/TAG`` pairs; white space inside a word becomes ``_``."""
    tokens = piece.tokens
    if not isinstance(piece, LinePiece | TextPiece) and _BLANKS.search("".join(tokens)):
        tokens = [_BLANKS.sub("_", token) for token in tokens]
    return (" ".join([f"{token}/{tag}" for token, tag in zip(tokens, tagged.tags, strict=True)]) + "\n").encode()


def render_tsv(piece: Piece, tagged: Tagged, column: str) -> bytes:
    """Render lines of a word, its tag and its score if known, separated by tabs, and a blank line.

    The columns of the input stay in front; tabs and line ends inside a word become blanks.
    """
    rows = piece.tokens
    if isinstance(piece, ColumnsPiece):
        rows = piece.rows
    elif isinstance(piece, JsonPiece):
        rows = [_BREAKS.sub(" ", token) for token in rows]
    if tagged.scores is None:
        lines = [f"{row}\t{tag}\n" for row, tag in zip(rows, tagged.tags, strict=True)]
    else:
        triples = zip(rows, tagged.tags, tagged.scores, strict=True)
        lines = [f"{row}\t{tag}\t{score:.4f}\n" for row, tag, score in triples]
    if isinstance(piece, ColumnsPiece):
        return _with_other_lines(piece, lines, [column] if tagged.scores is None else [column, "score"])
    return f"{''.join(lines)}\n".encode() if lines else b""


def _with_other_lines(piece: ColumnsPiece, lines: list[str], added: list[str]) -> bytes:
    """Join the lines of words with those that are passed on; a header and ranges receive the ``added`` columns."""
    if not lines and not piece.before:
        return b""
    for place, line in reversed(piece.others):
        lines.insert(place, f"{line}\n" if MARKUP.fullmatch(line) else "\t".join([line, *"_" * len(added)]) + "\n")
    before = piece.before
    if header := HEADER.search(before):
        held = header[1].lower().split()
        names = [f"TAGGER:{name.upper()}" if name.lower() in held else name.upper() for name in added]
        before = before.replace(header[0], " ".join([header[0], *names]), 1)
    return f"{before}{''.join(lines)}{piece.after}".encode()
