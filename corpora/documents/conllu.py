"""CoNLL-U in, CoNLL-U out, where nothing changes but the tags."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from tagger.corpora.documents.piece import BadPiece, ColumnsPiece, ConlluPiece, Piece, Tagged, TextPiece
from tagger.corpora.files.lines import DamagedLine, blocks, checked_returns, not_utf8
from tagger.corpora.formats.conllu import FIELD_NAMES, FIELDS, FORM, MISC, check_words, parse_block
from tagger.corpora.formats.layout import conllu_comments
from tagger.corpora.formats.metadata import LABEL_FIELDS
from tagger.corpora.formats.options import CONLLU_NAMES, DEFAULTS, ReadOptions
from tagger.corpora.formats.sentence import MISSING

TAG_FIELDS = {
    name: LABEL_FIELDS[CONLLU_NAMES.get(name, name)] for name in (*filter(None, CONLLU_NAMES), "upos", "xpos", "feats")
}
"""The fields of tags, also under other names of UPOS; any other label goes into MISC."""
HEAD = FIELD_NAMES.index("head")
BAR_IN_MISC = "\\p"  # as in Udapi, for | separates the items


def read_conllu(stream: BinaryIO, options: ReadOptions = DEFAULTS, *_: object) -> Iterator[Piece]:
    """Read the sentences of a CoNLL-U stream, and keep their lines.

    Args:
        stream: bytes; line ends, comments, multiword ranges and empty nodes are kept as they are.
        options: must not name another column of words than FORM.
    """
    check_words(options.tokens_column, "form", "2")
    for first, block in blocks(stream):
        try:
            text = block.decode()
        except UnicodeDecodeError as error:
            message, number = not_utf8(error, first)
            yield BadPiece([], block, message, number, "conllu")
            continue
        mark = "\ufeff" if first == 1 and text[0] == "\ufeff" else ""
        lines = text.removeprefix(mark).split("\n")
        damaged = "\r" in text and any(isinstance(checked_returns(line), DamagedLine) for line in lines)
        words = parse_block([checked_returns(line) for line in lines] if damaged else lines, strict=False)
        if words.problems:
            place, message = words.problems[0][:2]
            yield BadPiece([], block, message, first + place, "conllu")
        else:
            yield ConlluPiece([row[FORM] for row in words.rows], lines, words.rows, words.places, mark)


def render_conllu(piece: Piece, tagged: Tagged, column: str) -> bytes:
    """Render a sentence as CoNLL-U: its own lines with new tags, or new lines for a sentence of another format."""
    if not isinstance(piece, ConlluPiece):
        return _new_lines(piece, tagged, column) if piece.tokens else b""
    lines, field = piece.lines, TAG_FIELDS.get(column)
    scores: Sequence[float | None] = tagged.scores or [None] * len(piece.tokens)
    if field is not None:
        for row, tag in zip(piece.rows, tagged.tags, strict=True):
            row[field] = tag
    if field is None or tagged.scores is not None:
        for row, tag, score in zip(piece.rows, tagged.tags, scores, strict=True):
            misc = row[MISC].rstrip("\r")
            row[MISC] = _misc(misc, column, tag, score) + row[MISC][len(misc) :]
    for place, row in zip(piece.places, piece.rows, strict=True):
        lines[place] = "\t".join(row)
    return (piece.mark + "\n".join(lines)).encode()


def _misc(misc: str, column: str, tag: str, score: float | None) -> str:
    """Return MISC with the tag (unless it has a field of its own) and its score, in place of older ones."""
    new = [] if column in TAG_FIELDS else [f"{column}={tag.replace('|', BAR_IN_MISC)}"]
    if score is not None:
        new.append(f"TagScore={score:.4f}")
    if misc != MISSING:
        old = misc.split("|")
        for item in new:
            key = item.partition("=")[0] + "="
            if key in misc:
                old = [kept for kept in old if not kept.startswith(key)]
        new = old + new
    return "|".join(new) or MISSING


def _new_lines(piece: Piece, tagged: Tagged, column: str) -> bytes:
    """Render words of another format; raw text tells where no space follows a word.

    HEAD and DEPREL are placeholders, without which tools of Universal Dependencies refuse the file: every word depends
    on the first one.
    """
    last = len(piece.tokens) - 1
    joined = [False] * (last + 1)
    if isinstance(piece, TextPiece):
        offsets = piece.offsets
        joined = [offsets[i][1] == offsets[i + 1][0] for i in range(last)] + [not piece.space_after]
    elif isinstance(piece, ColumnsPiece):
        glued = {place - 1 for place, line in piece.others if line.startswith("<g/>")}
        joined = [place in glued for place in range(last + 1)]
    text = "".join([word if tight else word + " " for word, tight in zip(piece.tokens, joined, strict=True)])
    lines = [line + "\n" for line in _comments(piece, " ".join(text.split()))]
    scores: Sequence[float | None] = tagged.scores or [None] * (last + 1)
    field = TAG_FIELDS.get(column)
    for index, (word, tag, score) in enumerate(zip(piece.tokens, tagged.tags, scores, strict=True)):
        fields = [str(index + 1), " ".join(word.split()) or MISSING, *[MISSING] * (FIELDS - 2)]
        fields[HEAD : HEAD + 2] = ("1", "dep") if index else ("0", "root")
        fields[MISC] = _misc("SpaceAfter=No" if joined[index] else MISSING, column, tag, score)
        if field is not None:
            fields[field] = tag
        lines.append("\t".join(fields) + "\n")
    lines.append("\n")
    return "".join(lines).encode()


def _comments(piece: Piece, text: str) -> list[str]:
    """Return the comments of a sentence of another format: its own, what it begins, its number and its text."""
    before = piece.before.splitlines() if isinstance(piece, ColumnsPiece) else []
    comments = [comment for line in before if line for comment in conllu_comments(line)]
    if isinstance(piece, TextPiece) and piece.paragraph:
        comments.append("# newpar")
    if piece.first and "# newdoc" not in comments:
        comments.insert(0, "# newdoc")
    for key, value in (("sent_id", str(piece.number or "")), ("text", text)):
        if value and not any(re.match(rf"#\s*{key}\s*=", comment) for comment in comments):
            comments.append(f"# {key} = {value}")
    return comments
