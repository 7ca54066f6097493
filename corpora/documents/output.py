"""Putting tags back into the frame they belong to: one function from a piece and its tags to bytes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tagger.corpora.documents.conllu import render_conllu
from tagger.corpora.documents.jsonl import render_json
from tagger.corpora.documents.piece import BadPiece, ColumnsPiece, JsonPiece, LinePiece, Piece, Tagged, TextPiece

Renderer = Callable[[Piece, Tagged], bytes]

_SAME_FORMAT = {"tokens": "pairs", "conll": "tsv", "conllu": "conllu", "jsonl": "jsonl"}
_DEFAULT_OUTPUT = {"conllu": "conllu", "jsonl": "jsonl"}


def default_output(input_format: str, *, scores: bool = False) -> str:
    """The output that fits an input: its own format if that can hold tags, else pairs (with scores: tsv)."""
    return _DEFAULT_OUTPUT.get(input_format, "tsv" if scores else "pairs")


def make_renderer(output: str, column: str) -> Renderer:
    """The function that writes pieces in the format ``output`` (``pairs``, ``tsv``, ``conllu``, ``jsonl``).

    Args:
        output: name of the format.
        column: what the tags are: ``upos``, ``xpos``, ``feats`` or another name; says where CoNLL-U holds them.
    """
    renderers: dict[str, Renderer] = {
        "pairs": render_pairs,
        "tsv": render_tsv,
        "conllu": partial(render_conllu, column=column),
        "jsonl": render_json,
    }
    render = renderers[output]
    wordless = {"pairs": (LinePiece, JsonPiece), "jsonl": (LinePiece, JsonPiece)}.get(output, (Piece,))

    def render_any(piece: Piece, tagged: Tagged) -> bytes:
        if piece.tokens:
            return render(piece, tagged)
        if isinstance(piece, BadPiece):
            return piece.raw if _SAME_FORMAT.get(piece.format) == output else b""
        return render(piece, tagged) if isinstance(piece, wordless) else b""

    return render_any


def render_pairs(piece: Piece, tagged: Tagged) -> bytes:
    """``word/TAG`` pairs on a line; the last slash separates, white space inside a word becomes ``_``."""
    tokens = piece.tokens
    line = " ".join([f"{token}/{tag}" for token, tag in zip(tokens, tagged.tags, strict=True)])
    if isinstance(piece, LinePiece | TextPiece):
        return (line + "\n").encode()
    if len(line.split()) != len(tokens):
        tokens = ["_".join(token.split()) for token in tokens]
        line = " ".join([f"{token}/{tag}" for token, tag in zip(tokens, tagged.tags, strict=True)])
    return (line + "\n").encode()


def render_tsv(piece: Piece, tagged: Tagged) -> bytes:
    """A word, its tag and the score if known on a line, separated by tabs; a blank line after each sentence.

    Columns that came in stay in front; tabs and line ends inside a word become blanks.
    """
    rows, before = piece.tokens, ""
    if isinstance(piece, ColumnsPiece):
        rows, before = piece.rows, piece.before
    elif isinstance(piece, JsonPiece):
        rows = [" ".join(token.split()) for token in rows]
    if not rows:
        return f"{before}\n".encode() if before else b""
    if tagged.scores is None:
        lines = [f"{row}\t{tag}\n" for row, tag in zip(rows, tagged.tags, strict=True)]
    else:
        triples = zip(rows, tagged.tags, tagged.scores, strict=True)
        lines = [f"{row}\t{tag}\t{score:.4f}\n" for row, tag, score in triples]
    return f"{before}{''.join(lines)}\n".encode()
