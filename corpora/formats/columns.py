"""Columns, one word a line: CoNLL-2000 and 2003, WNUT, and any two or more columns of words and labels.

Tabs or spaces separate the columns. A blank line ends a sentence, and so does a line of nothing but tabs.
``-DOCSTART-`` lines are no words. A first line ``# global.columns = FORM XPOS UPOS`` names the columns, as in
CoNLL-U Plus. A line ``# ...`` is a comment unless it has as many columns as the others:
``#`` is a word too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from tagger.corpora.files.lines import Block, DamagedLine, block_lines
from tagger.corpora.formats.metadata import SentenceMetadata
from tagger.corpora.formats.options import LabelledFile
from tagger.corpora.formats.sentence import OnProblem, Problem, ProblemKind, RawSentence, excerpt, number_of
from tagger.errors import CorpusError

PROBE_LINES = 1000  # looked at to learn the layout
DOCUMENT = "-DOCSTART-"
HEADER = re.compile(r"#\s*global\.columns\s*=\s*(.+)")  # https://universaldependencies.org/ext-format.html
COMMENT = re.compile(r"#\s")
KEYED_COMMENT = re.compile(r"#\s*[\w.]+\s*=")
CHUNK_TAG = re.compile(r"O|[BIESLU]-\S+")

Line = tuple[int, str]
Row = tuple[int, str, list[str]]  # its number, the line, its fields


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a file.

    Args:
        separator: the tab, or None for any run of spaces.
        width: columns in a line.
        words: the index of the column of words.
        names: the names of the label columns, by index.
    """

    separator: str | None
    width: int
    words: int
    names: dict[int, str]


def sentences(blocks: Iterable[Block], file: LabelledFile, on_problem: OnProblem) -> Iterator[RawSentence]:
    """Read columns. The column of words has a number, from 1; else it is the first that does not count the words.

    Yields:
        Sentences with the columns ``tag`` (of two), ``pos`` and ``chunk`` (CoNLL-2000), ``pos``, ``chunk``
        and ``ner`` (CoNLL-2003), else ``column2``, ``column3`` and so on; or the names in the header. Comments
        and ``-DOCSTART-`` lines before a sentence are its metadata.

    Raises:
        CorpusError: there is no such column of words.
    """
    source = filter(None, map(block_lines, blocks))
    probe: list[list[Line]] = []
    for block in source:
        probe.append(block)
        if sum(map(len, probe)) >= PROBE_LINES:
            break
    try:
        layout = find_layout(probe, file.options.tokens_column)
    except ValueError as error:
        raise CorpusError(str(error), path=file.name) from error
    pending: list[str] = []  # the mark of a document stands in a block of its own
    for block in chain(probe, source):
        rows, comments = split_rows(block, layout)
        pending += [comment for comment in comments if not HEADER.match(comment)]
        if not rows:
            continue
        start = block[0][0]
        problems = find_problems(rows, layout, start)
        for problem in problems:
            on_problem(problem)
        if not problems:
            sentence = _sentence([row for _, _, row in rows], layout)
            sentence.line, sentence.lines = start, [number for number, _, _ in rows]
            sentence.metadata = SentenceMetadata(comments=pending)
            yield sentence
        pending = []


def find_layout(probe: list[list[Line]], tokens_column: str | None = None, *, min_width: int = 2) -> Layout:
    """Find the separator, the number of columns and what they hold.

    Args:
        probe: the first blocks of a file.
        tokens_column: the number of the column of words, from 1, or its name where the first line names them.
        min_width: the least number of columns: words alone, or words and labels.

    Raises:
        ValueError: there is no such column of words.
    """
    if probe and (header := HEADER.match(probe[0][0][1])):
        return _named_layout(header[1].lower().split(), tokens_column)
    data = [[line for _, line in block if not line.startswith(("#", DOCUMENT))] for block in probe]
    lines = [line for block in data for line in block] or [line for block in probe for _, line in block]
    separator = "\t" if 2 * sum("\t" in line for line in lines) > len(lines) else None
    widths = Counter(len(line.split(separator)) for line in lines)
    width = max(min_width, widths.most_common(1)[0][0]) if widths else min_width
    split = [[line.split(separator) for line in block] for block in data if block]
    labels = list(range(width))
    if tokens_column is not None:
        words = _numbered_place(tokens_column, width)
    elif width > min_width and _numbered(split):
        words = 1
        labels.remove(0)
    else:
        words = 0
    labels.remove(words)
    return Layout(separator, width, words, _names(split, width, labels))


def _named_layout(names: list[str], tokens_column: str | None) -> Layout:
    wanted = (tokens_column or "form").lower()
    if wanted in names or tokens_column is None:
        words = names.index(wanted) if wanted in names else 0
    elif wanted.isdecimal():
        words = _numbered_place(wanted, len(names))
    else:
        raise ValueError(f"no column {tokens_column!r} of words; there are: {', '.join(names)}")
    labels = {place: name for place, name in enumerate(names) if place != words and name != "id"}
    return Layout("\t", len(names), words, labels)


def _numbered_place(number: str, width: int) -> int:
    """Return the index of a column that is named by its number."""
    if not number.isdecimal() or not 0 < int(number) <= width:
        raise ValueError(f"no column {excerpt(number)} of words; columns are numbered from 1 to {width} here")
    return int(number) - 1


def _names(split: list[list[list[str]]], width: int, places: list[int]) -> dict[int, str]:
    if len(places) == 1:
        return {places[0]: "tag"}
    rows = [row for block in split for row in block if len(row) == width]
    chunked = all(CHUNK_TAG.fullmatch(row[place]) for row in rows for place in places[1:])
    if chunked and len(places) in (2, 3):
        return dict(zip(places, ("pos", "chunk", "ner"), strict=False))
    return {place: f"column{place + 1}" for place in places}


def _numbered(split: list[list[list[str]]]) -> bool:
    """Whether the first column counts the words of each sentence."""
    return all([row[0] for row in block] == [str(n) for n in range(1, len(block) + 1)] for block in split)


def split_rows(block: list[Line], layout: Layout) -> tuple[list[Row], list[str]]:
    """Divide the lines of a sentence into fields.

    Args:
        block: numbered lines, none of them blank.
        layout: of the file.

    Returns:
        Number, line and fields of each word, and the comments and marks of documents.
    """
    rows: list[Row] = []
    comments: list[str] = []
    for number, line in block:
        row = line.split(layout.separator)
        if row[0] == DOCUMENT or (line[0] == "#" and _is_comment(line, row, layout, first=not rows)):
            comments.append(line)
        else:
            rows.append((number, line, row))
    return rows, comments


def _is_comment(line: str, row: list[str], layout: Layout, *, first: bool) -> bool:
    if first and KEYED_COMMENT.match(line) and "\t" not in line:
        return True
    return bool(COMMENT.match(line)) and len(row) != layout.width


def find_problems(rows: list[Row], layout: Layout, start: int, *, labels: bool = True) -> list[Problem]:
    """Check the lines of a sentence.

    Args:
        rows: number, line and fields of each word.
        layout: of the file.
        start: the line that the sentence starts on.
        labels: every field must be filled, not only the word.
    """
    fields = [row for _, _, row in rows]
    if layout.width > 1 and {len(row) for row in fields} == {layout.width}:  # what is damaged has one field
        if labels and all(all(map(str.strip, row)) for row in fields):
            return []
        if not labels and all(row[layout.words].strip() for row in fields):
            return []
    problems = (_problem(*row, layout, start, labels=labels) for row in rows)
    return [problem for problem in problems if problem is not None]


def _problem(number: int, line: str, row: list[str], layout: Layout, start: int, *, labels: bool) -> Problem | None:
    if isinstance(line, DamagedLine):
        return Problem(number, line.reason, start, ProblemKind.ENCODING)
    if len(row) != layout.width:
        separated = "tabs" if layout.separator else "spaces"
        message = f"{number_of(len(row), 'column')}, expected {layout.width} separated by {separated}: {excerpt(line)}"
        return Problem(number, message, start, ProblemKind.COLUMN_COUNT)
    if not all(map(str.strip, row)) and (labels or not row[layout.words].strip()):
        empty = next(place for place, field in enumerate(row, 1) if not field.strip())
        message = f"column {empty} is empty, expected a word or label: {excerpt(line)}"
        return Problem(number, message, start, ProblemKind.EMPTY)
    return None


def _sentence(rows: list[list[str]], layout: Layout) -> RawSentence:
    fields = list(zip(*rows, strict=True))
    columns = {name: list(fields[place]) for place, name in layout.names.items()}
    return RawSentence(list(fields[layout.words]), columns)
