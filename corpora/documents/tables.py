"""Tables in, tables out: CSV and TSV of words, of lists or of texts, with a column of tags added."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from tagger.corpora.documents.jsonl import text_pieces
from tagger.corpora.documents.piece import BadPiece, Piece, TableLines, TablePiece, Tagged
from tagger.corpora.files.lines import byte_lines, decode_line
from tagger.corpora.formats.csv_tables import Row, Table, TableReader, checked_row, is_blank
from tagger.corpora.formats.options import LabelledFile, ReadOptions
from tagger.corpora.formats.records import words_of
from tagger.corpora.formats.sentence import InvalidSentenceError
from tagger.corpora.tokenization.tokenizer import WordTokenizer
from tagger.errors import CorpusError, OutputError


def read_table(
    stream: BinaryIO, options: ReadOptions, tokenizer: WordTokenizer, delimiter: str | None = None
) -> Iterator[Piece]:
    """Read a table with one word, one sentence or one text a row.

    Args:
        stream: bytes; the first line names the columns.
        options: the column of words, or of text.
        tokenizer: splits texts.
        delimiter: as for ``TableReader``.

    Raises:
        CorpusError: there is no such column.
    """
    end = ""

    def lines() -> Iterator[str]:
        nonlocal end
        for _, raw in byte_lines(stream):
            end = end or ("\r\n" if raw.endswith(b"\r\n") else "\n")
            yield decode_line(raw.rstrip(b"\r\n"))

    table = TableReader(lines(), options, None, delimiter, labels=False)
    if options.id_column is not None and options.id_column not in table.header:
        there = ", ".join(table.header)
        raise CorpusError(f"no column {options.id_column!r} (--id-column); there are: {there}", line=table.start)
    names = tuple(name.lower() for name in table.header)
    yield TableLines([], table.first + end, names, table.delimiter)
    if table.kind == "words":
        words = Table(table.header, table.words, LabelledFile(Path(), "", options), table.start, labels=False)
        for group in words.groups(table.rows()):
            yield _words(group, words, table, end)
        return
    for row in table.rows():
        try:
            yield from _row(row, table, tokenizer, end)
        except InvalidSentenceError as error:
            yield _bad([row], str(error), row[0], table, end)


def _words(group: list[Row], words: Table, table: TableReader, end: str) -> Piece:
    if is_blank(group[0]):
        return TableLines([], group[0][1] + end, None, table.delimiter)
    if problem := next(filter(None, (words.problem(row, group[0][0]) for row in group)), None):
        return _bad(group, problem.message, problem.line, table, end)
    tokens = [(cells or [])[table.words] for _, _, cells in group]
    return TablePiece(tokens, {"tokens": tokens}, [line for _, line, _ in group], end, table.delimiter, "words")


def _row(row: Row, table: TableReader, tokenizer: WordTokenizer, end: str) -> Iterator[Piece]:
    line = row[1]
    if is_blank(row):
        yield TableLines([], line + end, None, table.delimiter)
        return
    cells, key = checked_row(row, table.width), table.header[table.words]
    if table.kind == "lists" and "spans" not in table.modes.values():
        record = table.record(cells)
        yield TablePiece(words_of(record, key), record, [line], end, table.delimiter, "lists")
        return
    others = {name: cell for name, cell in zip(table.header, cells, strict=True) if name not in ("", key)}
    pieces = list(text_pieces(cells[table.words], others, tokenizer))
    for piece in pieces:
        begins, ends = piece is pieces[0], piece is pieces[-1]
        yield TablePiece(piece.tokens, piece.record, [line], end, table.delimiter, "texts", begins, ends, raw=piece.raw)


def _bad(rows: list[Row], message: str, line: int, table: TableReader, end: str) -> BadPiece:
    raw = "".join(f"{text}{table.delimiter}{end}" for _, text, _ in rows)
    return BadPiece([], raw.encode("utf-8", "surrogateescape"), message, line, "csv")


def render_table(piece: Piece, tagged: Tagged, column: str, pairs: Callable[[Piece, Tagged], bytes]) -> bytes:
    """Render rows as they were, with a cell for the tag of a word, the tags of a list, or ``word/TAG`` pairs of a text.

    Args:
        piece: of a table.
        tagged: the tags, and scores for one more cell in each row of a word.
        column: the name of the column of tags; ``tagger:`` stands before it if the table has such a column.
        pairs: renders the pairs of a sentence.

    Raises:
        OutputError: the piece is not of a table, or scores have no place.
    """
    if isinstance(piece, TableLines):
        if piece.header is None:
            return piece.lines.encode()
        name = f"tagger:{column}" if column.lower() in piece.header else column
        added = [name] if tagged.scores is None else [name, "score"]
        body = piece.lines.rstrip("\r\n")
        return (piece.delimiter.join([body, *added]) + piece.lines[len(body) :]).encode()
    if not isinstance(piece, TablePiece):
        raise OutputError("csv is for CSV and TSV input; write tsv instead (--output tsv)")
    if tagged.scores is not None and piece.kind != "words":
        raise OutputError(f"a table of {piece.kind} has no place for scores; write JSON lines (--output jsonl)")
    rows = [row.replace("\n", piece.end) + piece.delimiter for row in piece.rows]
    if piece.kind == "texts":
        quote = "" if piece.delimiter == "\t" else '"'
        text = pairs(piece, tagged).decode().rstrip("\n") if piece.tokens else ""
        text = text.replace('"', '""') if quote else text
        return f"{rows[0] + quote if piece.begins else ' '}{text}{quote + piece.end if piece.ends else ''}".encode()
    tags = tagged.tags if piece.kind == "words" else [json.dumps(tagged.tags, ensure_ascii=False)]
    cells = [_cell(tag, piece.delimiter) for tag in tags]
    if tagged.scores is not None:
        cells = [f"{cell}{piece.delimiter}{score:.4f}" for cell, score in zip(cells, tagged.scores, strict=True)]
    return "".join(f"{row}{cell}{piece.end}" for row, cell in zip(rows, cells, strict=True)).encode()


def _cell(text: str, delimiter: str) -> str:
    """Quote a cell that needs it."""
    needed = delimiter != "\t" and any(sign in text for sign in (delimiter, '"', "\n"))
    return '"{}"'.format(text.replace('"', '""')) if needed else text
