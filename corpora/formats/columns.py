"""Columns, one word a line: CoNLL-2000 and 2003, WNUT, and any two or more columns of words and labels.

Tabs or blanks separate the columns; a no-break space is part of its word. A blank line ends a sentence, and so does
a line of nothing but tabs. ``-DOCSTART-`` lines are no words. A first line ``# global.columns = FORM XPOS UPOS``
names the columns, as in CoNLL-U Plus. A line ``# ...`` is a comment unless it has as many columns as the others:
``#`` is a word too. Where a column counts the words, ranges (``1-2``) and empty nodes (``8.1``) are no words.

Vertical text of CWB and Sketch Engine is columns with structure tags (``<s>``, ``<doc id="a">``, ``<g/>``) on
lines of their own, where a tag of a sentence, paragraph or document begins or ends a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain

from tagger.corpora.files.lines import Block, DamagedLine, block_lines, split_fields
from tagger.corpora.formats.conllu import FIELD_NAMES, NOT_A_WORD
from tagger.corpora.formats.layout import DOCUMENT, HEADER, MARKUP, Layout, Line, find_layout
from tagger.corpora.formats.metadata import SentenceMetadata
from tagger.corpora.formats.options import LabelledFile, ReadOptions
from tagger.corpora.formats.sentence import (
    MISSING,
    OnProblem,
    Problem,
    ProblemKind,
    RawSentence,
    excerpt,
    number_of,
    sentence_of_rows,
)
from tagger.errors import CorpusError

PROBE_LINES = 1000  # looked at to learn the layout
END_OF_VERTICAL = re.compile(
    rb"\n(?:</(?:s|sent|sentence)>[^\n]*\n|(?=<(?:s|sent|sentence|p|doc|text|head|u|turn|item|l)[\s>])|\s*\n)", re.I
)
"""Where a sentence of vertical text ends."""
COMMENT = re.compile(r"#\s|#+$|##|#(?:begin|end) document")
KEYED_COMMENT = re.compile(r"#\s*(?:[\w.]+\s*=|\S+://|global\.columns)")

Row = tuple[int, str, list[str]]  # its number, the line, its fields


@dataclass(slots=True)
class Record:
    """The lines of a sentence.

    Args:
        start: the number of the first one.
        rows: number, line and fields of each word.
        comments: comments, marks of documents and structure tags before the first word.
        others: ranges, empty nodes and structure tags behind it, each with the number of words before it.
    """

    start: int
    rows: list[Row] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    others: list[tuple[int, str]] = field(default_factory=list)


def sentences(
    blocks: Iterable[Block], file: LabelledFile, on_problem: OnProblem, *, markup: bool = False
) -> Iterator[RawSentence]:
    """Read columns, or vertical text (``markup``); the words are the first column that does not count them.

    Yields:
        Sentences with the column ``tag`` (of two), else with columns called after what they hold (``ner``,
        ``chunk``, ``upos``, ``pos``, ``lemma``) or after their numbers, ``column2``; or the names in the header.
        Comments and ``-DOCSTART-`` lines before a sentence are its metadata.

    Raises:
        CorpusError: there is no such column of words.
    """
    layout, source = read_layout(blocks, file.options, file.name, markup=markup)
    numbers = {name: place + 1 for place, name in layout.names.items()}
    pending: list[str] = []  # the mark of a document stands in a block of its own
    for lines, _ in source:
        record = split_rows(lines, layout)
        pending += [comment for comment in record.comments if not HEADER.match(comment)]
        if not record.rows:
            continue
        problems = find_problems(record, layout)
        for problem in problems:
            on_problem(problem)
        if not problems:
            rows, places = [row for _, _, row in record.rows], [number for number, _, _ in record.rows]
            sentence = sentence_of_rows(rows, places, layout.words, layout.names, file.options.numbers)
            sentence.line = record.start
            others = [(place, _ten_fields(line, layout)) for place, line in record.others]
            sentence.metadata, sentence.numbers = SentenceMetadata(pending, others), numbers
            yield sentence
        pending = []


def read_layout(
    blocks: Iterable[Block], options: ReadOptions, name: str | None = None, *, min_width: int = 2, markup: bool = False
) -> tuple[Layout, Iterator[tuple[list[Line], bytes]]]:
    """Find the layout of a file by its first thousand lines.

    Returns:
        The layout, and for each block its lines that are not blank and its bytes.

    Raises:
        CorpusError: there is no such column of words.
    """
    source = ((lines, block[1]) for block in blocks if (lines := block_lines(block)))
    probe: list[tuple[list[Line], bytes]] = []
    while sum(len(lines) for lines, _ in probe) < PROBE_LINES and (item := next(source, None)):
        probe.append(item)
    first = [lines for lines, _ in probe]
    try:
        return find_layout(first, options, min_width=min_width, markup=markup), chain(probe, source)
    except ValueError as error:
        raise CorpusError(str(error), path=name) from error


def split_rows(block: list[Line], layout: Layout) -> Record:
    """Divide the numbered lines of a sentence, none of them blank, into fields."""
    record = Record(block[0][0])
    rows, separator = record.rows, layout.separator
    for number, line in block:
        row = line.split(separator) if separator or line.isascii() else split_fields(line)
        if (line[0] in "#<" or DOCUMENT in line) and _is_apart(line, row, layout, first=not rows):
            if rows and layout.markup:
                record.others.append((len(rows), line))
            else:
                record.comments.append(line)
        elif layout.counter is not None and NOT_A_WORD.fullmatch(row[min(layout.counter, len(row) - 1)]):
            record.others.append((len(rows), line))
        else:
            rows.append((number, line, row))
    return record


def _is_apart(line: str, row: list[str], layout: Layout, *, first: bool) -> bool:
    """Whether a line is a comment, the mark of a document or a structure tag."""
    if layout.markup:
        return line[0] == "<" and MARKUP.fullmatch(line) is not None
    if line[0] != "#":
        return row[0] == DOCUMENT or row[min(layout.words, len(row) - 1)] == DOCUMENT
    if first and KEYED_COMMENT.match(line) and (len(row) != layout.width or "\t" not in line or "://" in line):
        return True
    return bool(COMMENT.match(line)) and len(row) != layout.width


def find_problems(record: Record, layout: Layout) -> list[Problem]:
    """Check the lines of a sentence: all have the same number of columns, and a word."""
    words = layout.words
    headers = [found for comment in record.comments if (found := HEADER.match(comment))]
    if any(tuple(header[1].lower().split()) != layout.header for header in headers):
        message = f"{excerpt(headers[0][0])} names other columns than the beginning of the file; split the file here"
        return [Problem(record.start, message, record.start)]
    fields = [row for _, _, row in record.rows]
    width = max(layout.width, len(fields[0])) if layout.ragged and fields else layout.width
    numbers = layout.counter if layout.header else None
    if (
        width > 1
        and {len(row) for row in fields} == {width}  # what is damaged has one field
        and all(row[words] for row in fields)
        and (numbers is None or all(row[numbers].isdecimal() for row in fields))
    ):
        return []
    layout = replace(layout, width=width)
    problems = (_problem(*row, layout, record.start) for row in record.rows)
    return [problem for problem in problems if problem is not None]


def _problem(number: int, line: str, row: list[str], layout: Layout, start: int) -> Problem | None:
    if isinstance(line, DamagedLine):
        return Problem(number, line.reason, start, ProblemKind.ENCODING)
    if len(row) != layout.width:
        separated = "tabs" if layout.separator else "spaces"
        message = f"{number_of(len(row), 'column')}, expected {layout.width} separated by {separated}: {excerpt(line)}"
        return Problem(number, message, start, ProblemKind.COLUMN_COUNT)
    if layout.header and layout.counter is not None and not row[layout.counter].isdecimal():
        message = f"the ID {excerpt(row[layout.counter])}, expected a number: {excerpt(line)}"
        return Problem(number, message, start)
    if not row[layout.words]:
        message = f"column {layout.words + 1} is empty, expected a word: {excerpt(line)}"
        return Problem(number, message, start, ProblemKind.EMPTY)
    return None


def _ten_fields(line: str, layout: Layout) -> str:
    """Return a range or empty node with the fields of CoNLL-U, where the file names its columns."""
    if not layout.header:
        return line
    row = dict(zip(layout.header, line.split("\t"), strict=False))
    return "\t".join(row.get(name, MISSING) for name in FIELD_NAMES)
