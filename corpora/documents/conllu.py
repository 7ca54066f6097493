"""CoNLL-U in, CoNLL-U out, where nothing changes but the tags.

https://universaldependencies.org/format.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import BinaryIO

from tagger.corpora.documents.piece import BadPiece, ConlluPiece, Piece, Tagged, TextPiece
from tagger.corpora.files.document_blocks import blocks, not_utf8

COLUMNS = {"upos": 4, "xpos": 5, "feats": 6}  # 1-based; any other label goes into MISC, column 10
MISC = 10
BAR_IN_MISC = "\\p"  # as in Udapi, for | separates the items
_FIELD = r"[^\t\n]*"
_LINE = re.compile(
    r"#"
    rf"|[0-9]+\t[^\t\n]+(?:\t{_FIELD}){{8}}\Z"  # a word
    rf"|[0-9]+[-.][0-9]+(?:\t{_FIELD}){{9}}\Z"  # a multiword range, an empty node
    r"|\s*\Z"
)


@cache
def _word_pattern(column: int) -> re.Pattern[str]:
    """Groups: line end and all before the tag, the word; then follows the tag that is there now."""
    before = rf"\n[0-9]+\t([^\t\n]+)\t{_FIELD}" + rf"\t{_FIELD}" * (column - 4) + r"\t"
    old_tag = "" if column == MISC else _FIELD  # in MISC other keys stay, so it belongs to the rest
    return re.compile(rf"({before}){old_tag}")


def read_conllu(stream: BinaryIO, column: str) -> Iterator[Piece]:
    """The sentences of a CoNLL-U stream with all that surrounds the column of the tags.

    Args:
        stream: bytes; line ends, comments, multiword ranges and empty nodes are kept as they are.
        column: the label that will be written: ``upos``, ``xpos``, ``feats``, or the name of a MISC key.
    """
    place = COLUMNS.get(column, MISC)
    split = _word_pattern(place).split
    for line, block in blocks(stream):
        try:
            text = block.decode()
        except UnicodeDecodeError as error:
            message, number = not_utf8(error, line)
            yield BadPiece([], block, message, number, "conllu")
            continue
        mark = ""
        if line == 1 and text[0] == "\ufeff":
            mark, text = text[0], text[1:]
        parts = split("\n" + text)  # header, then head, word and rest of each word
        header, rests = parts[0], parts[3::3]
        if not _is_plain(text, header, rests, MISC - place):
            bad = _first_bad(text)
            if bad is not None:
                yield BadPiece([], block, _complaint(bad[1]), line + bad[0], "conllu")
                continue
        # The line end that was put before the text is taken away from the first part that has it.
        parts[0 if header or len(parts) == 1 else 1] = (header or parts[min(1, len(parts) - 1)])[1:]
        yield ConlluPiece(parts[2::3], mark + parts[0], parts[1::3], rests)


def _is_plain(text: str, header: str, rests: list[str], tabs: int) -> bool:
    """Whether all lines are comments at the head, then words with all of their columns, then blank lines."""
    if [rest for rest in rests if rest.count("\t") != tabs]:
        return False
    comments = header.count("\n")
    end = rests[-1].partition("\n")[1:] if rests else ()
    lines = text.count("\n") + 1 - "".join(end).count("\n")
    return header.count("\n#") == comments and lines == comments + len(rests) and not "".join(end).strip()


def _first_bad(text: str) -> tuple[int, str] | None:
    """Index and text of the first line that CoNLL-U does not allow."""
    lines = enumerate(text.split("\n"))
    return next(((index, line) for index, line in lines if not _LINE.match(line)), None)


def _complaint(line: str) -> str:
    columns = line.rstrip("\r").split("\t")
    if len(columns) != 10:
        return (
            f"{len(columns)} column{'s' * (len(columns) > 1)} {line.strip()[:60]!r}, expected 10 separated by tabs "
            "(CoNLL-U); for other columns use --input conll"
        )
    if not columns[1]:
        return f"the word (column 2) of word {columns[0]} is empty, expected at least one character"
    return f"the id (column 1) is {columns[0][:40]!r}, expected a number like 1, a range 1-2 or an empty node 1.1"


def render_conllu(piece: Piece, tagged: Tagged, column: str) -> bytes:
    """A sentence in CoNLL-U: its own lines with new tags, or fresh lines for a sentence of another format."""
    if not isinstance(piece, ConlluPiece):
        return _fresh(piece, tagged, column) if piece.tokens else b""
    if not piece.tokens:
        return piece.header.encode()
    if column in COLUMNS and tagged.scores is None:
        triples = zip(piece.heads, tagged.tags, piece.rests, strict=True)
        return (piece.header + "".join([head + tag + rest for head, tag, rest in triples])).encode()
    return _with_misc(piece, tagged, column).encode()


def _with_misc(piece: ConlluPiece, tagged: Tagged, column: str) -> str:
    scores: Sequence[float | None] = tagged.scores or [None] * len(tagged.tags)
    written = column in COLUMNS
    out = [piece.header]
    for head, tag, rest, score in zip(piece.heads, tagged.tags, piece.rests, scores, strict=True):
        fields, line_end, following = rest.partition("\n")
        kept, tab, misc = fields.removesuffix("\r").rpartition("\t")
        carriage_return = "\r" * fields.endswith("\r")
        out += [head, tag if written else "", kept, tab, _misc(misc, column, tag, score)]
        out += [carriage_return, line_end, following]
    return "".join(out)


def _misc(misc: str, column: str, tag: str, score: float | None) -> str:
    """MISC with the tag (unless it has a column of its own) and its score, in place of older ones."""
    new = [] if column in COLUMNS else [f"{column}={tag.replace('|', BAR_IN_MISC)}"]
    if score is not None:
        new.append(f"TagScore={score:.4f}")
    if misc != "_":
        old = misc.split("|")
        for item in new:
            key = item.partition("=")[0] + "="
            if key in misc:
                old = [kept for kept in old if not kept.startswith(key)]
        new = old + new
    return "|".join(new) or "_"


def _fresh(piece: Piece, tagged: Tagged, column: str) -> bytes:
    """New CoNLL-U lines; raw text tells where no space follows a word."""
    last = len(piece.tokens) - 1
    glued = [False] * (last + 1)
    if isinstance(piece, TextPiece):
        offsets = piece.offsets
        glued = [offsets[i][1] == offsets[i + 1][0] for i in range(last)] + [piece.glued]
    text = "".join([w if g else w + " " for w, g in zip(piece.tokens, glued, strict=True)]).rstrip()
    lines = [f"# text = {' '.join(text.split())}\n"]
    scores: Sequence[float | None] = tagged.scores or [None] * (last + 1)
    place = COLUMNS.get(column, 0)
    for index, (word, tag, score) in enumerate(zip(piece.tokens, tagged.tags, scores, strict=True)):
        fields = [str(index + 1), " ".join(word.split()) or "_", *"_" * 8]
        fields[MISC - 1] = _misc("SpaceAfter=No" if glued[index] else "_", column, tag, score)
        if place:
            fields[place - 1] = tag
        lines.append("\t".join(fields) + "\n")
    lines.append("\n")
    return "".join(lines).encode()
