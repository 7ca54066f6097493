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

from tagger.corpora.files.lines import DamagedLine, Line, blocks
from tagger.corpora.formats.sentence import OnProblem, Problem, RawSentence, excerpt, number_of
from tagger.errors import CorpusError

PROBE_LINES = 1000  # looked at to learn the layout
DOCUMENT = "-DOCSTART-"
HEADER = re.compile(r"#\s*global\.columns\s*=\s*(.+)")  # https://universaldependencies.org/ext-format.html
COMMENT = re.compile(r"#\s")
KEYED_COMMENT = re.compile(r"#\s*[\w.]+\s*=")
CHUNK_TAG = re.compile(r"O|[BIESLU]-\S+")


@dataclass(frozen=True, slots=True)
class Layout:
    """How the lines of a file are divided.

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


def sentences(
    lines: Iterable[str], on_problem: OnProblem, *, tokens_column: str | None = None, name: str | None = None
) -> Iterator[RawSentence]:
    """Reads columns.

    Args:
        lines: the lines of a file from its first.
        on_problem: told of every malformed line; the sentence is then left out.
        tokens_column: the number of the column of words, from 1; None for the first that is no line number.
        name: the file, for messages.

    Yields:
        Sentences with the columns ``tag`` (of two), ``pos`` and ``chunk`` (CoNLL-2000), ``pos``, ``chunk``
        and ``ner`` (CoNLL-2003), else ``column2``, ``column3`` and so on; or the names in the header.

    Raises:
        CorpusError: there is no such column of words.
    """
    source = blocks(lines, name)
    probe: list[list[Line]] = []
    for block in source:
        probe.append(block)
        if sum(map(len, probe)) >= PROBE_LINES:
            break
    try:
        layout = find_layout(probe, tokens_column)
    except ValueError as error:
        raise CorpusError(str(error), path=name) from error
    for block in chain(probe, source):
        rows, problems = _rows(block, layout)
        for line, message in problems:
            on_problem(Problem(line, message, block[0][0]))
        if rows and not problems:
            yield _sentence(rows, layout)


def find_layout(probe: list[list[Line]], tokens_column: str | None = None) -> Layout:
    """Learns the separator, the number of columns and what they hold.

    Args:
        probe: the first blocks of a file.
        tokens_column: the number of the column of words, from 1, or its name where the first line names them.

    Raises:
        ValueError: there is no such column of words.
    """
    if probe and (header := HEADER.match(probe[0][0][1])):
        return _named_layout(header[1].lower().split(), tokens_column)
    data = [[line for _, line in block if not line.startswith(("#", DOCUMENT))] for block in probe]
    lines = [line for block in data for line in block] or [line for block in probe for _, line in block]
    separator = "\t" if 2 * sum("\t" in line for line in lines) > len(lines) else None
    widths = Counter(len(line.split(separator)) for line in lines)
    width = max(2, widths.most_common(1)[0][0]) if widths else 2
    split = [[line.split(separator) for line in block] for block in data if block]
    labels = list(range(width))
    if tokens_column is not None:
        words = _numbered_place(tokens_column, width)
    elif width > 2 and _numbered(split):
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
    """The index of a column that is named by its number."""
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


def _rows(block: list[Line], layout: Layout) -> tuple[list[tuple[int, list[str]]], list[tuple[int, str]]]:
    rows: list[tuple[int, list[str]]] = []
    problems: list[tuple[int, str]] = []
    for number, line in block:
        row = line.split(layout.separator)
        if row[0] == DOCUMENT or _is_comment(line, row, layout, first=not rows):
            continue
        if isinstance(line, DamagedLine):
            problems.append((number, line.reason))
        elif len(row) != layout.width:
            separated = "tabs" if layout.separator else "spaces"
            expected = f"expected {layout.width} separated by {separated}"
            problems.append((number, f"{number_of(len(row), 'column')}, {expected}: {excerpt(line)}"))
        elif not all(map(str.strip, row)):
            empty = next(place for place, field in enumerate(row, 1) if not field.strip())
            problems.append((number, f"column {empty} is empty, expected a word or label: {excerpt(line)}"))
        rows.append((number, row))
    return rows, problems


def _is_comment(line: str, row: list[str], layout: Layout, *, first: bool) -> bool:
    if line[0] != "#":
        return False
    if first and KEYED_COMMENT.match(line) and "\t" not in line:
        return True
    return bool(COMMENT.match(line)) and len(row) != layout.width


def _sentence(rows: list[tuple[int, list[str]]], layout: Layout) -> RawSentence:
    fields = list(zip(*(row for _, row in rows), strict=True))
    columns = {name: list(fields[place]) for place, name in layout.names.items()}
    return RawSentence(list(fields[layout.words]), columns, rows[0][0], [number for number, _ in rows])
