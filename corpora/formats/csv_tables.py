"""Tables with named columns, CSV and TSV: one word a row, or one sentence a row in cells that hold lists.

A blank line or a row of nothing but separators ends a sentence, and so does a new value in a column such as
``sentence_id`` or ``doc_id`` (an empty cell continues the sentence). A list may be written as by Python, NumPy or JSON,
or with blanks between its values.
"""

from __future__ import annotations

import ast
import csv
import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from typing import Any

from tagger.corpora.files.lines import MAX_LINE_BYTES, DamagedLine, checked_returns
from tagger.corpora.formats.char_spans import SPAN_KEYS
from tagger.corpora.formats.options import LabelledFile, ReadOptions, numbered_place
from tagger.corpora.formats.records import PROBE_RECORDS, TEXT_KEYS, TOKEN_KEYS, read_records
from tagger.corpora.formats.sentence import (
    InvalidSentenceError,
    OnProblem,
    Problem,
    ProblemKind,
    RawSentence,
    excerpt,
    number_of,
    sentence_of_rows,
)
from tagger.errors import CorpusError

WORD_KEYS = ("text", "surface")
DOCUMENT_KEYS = ("document", "article", "story", "body")
MAX_SENTENCE_ROWS = 1_000_000
MAX_ROW_LINES = 10_000

Row = tuple[int, str, list[str] | None]  # its number, the lines, its cells (None if its quotes are not balanced)
BOUNDARY = re.compile(
    r"(sentence|sent)([\s_.-]*(id|idx|index|no|nr|num|number|#))?"
    r"|(doc|document|article|file|text|paragraph|par)[\s_.-]*(id|idx|index|no|nr|num|number|#)"
)
_LIST = re.compile(r"(?:array\()?\s*[\[(](.*?)[\])]\s*(?:,\s*dtype=[^)]*)?\)?", re.DOTALL)
_ITEM = re.compile(r"""[\s,]*('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d*)?|None|null|nan|NaN)(?=[\s,]|$)""")
_NO_VALUE = ("None", "null", "nan", "NaN")
_BLANK = re.compile("[ \n]")
_LIST_LIKE = re.compile(r"\[.*[\s,].*\]", re.DOTALL)  # a list, though perhaps in no notation that is known


class TableReader:
    """A table whose columns have been found by its first line and its first thousand rows.

    Args:
        lines: of the file; the first one names the columns.
        options: the column of words.
        name: the file, for messages.
        delimiter: what separates the columns; None for whichever of comma, semicolon and tab the first line has
            most of. In a table separated by tabs a quote is part of the text unless the cell needs it, as pandas writes
            cells.
        labels: whether the words must have labels; else a column ``text`` holds words only where they are grouped.

    Attributes:
        first: the line of column names.
        header: the names of the columns.
        start: the number of the first line.
        words: the index of the column of words or of text.
        kind: ``words`` (one a row), ``lists`` (a sentence a row) or ``texts``.
        modes: of the other columns that hold a list in each row: ``list``, ``blanks`` or ``spans``.

    Raises:
        CorpusError: there is no column of words.
    """

    def __init__(
        self,
        lines: Iterable[str],
        options: ReadOptions,
        name: str | None,
        delimiter: str | None = None,
        *,
        labels: bool = True,
    ) -> None:
        self._lines: Iterator[tuple[int, str]] = enumerate(lines, 1)
        self.start, self.first = next(((number, line) for number, line in self._lines if line.strip()), (1, ""))
        if isinstance(line := checked_returns(self.first), DamagedLine):
            raise CorpusError(line.reason, path=name, line=self.start)
        csv.field_size_limit(max(csv.field_size_limit(), MAX_LINE_BYTES))  # the default is 131,072 characters
        self.delimiter = delimiter or max(",;\t", key=self.first.count)
        self._quoted = self.first.startswith('"') and self.first.rstrip().endswith('"')
        self.header = [cell.strip() for cell in self._cells(self.first) or []]
        self.width = len(self.header)
        self.words = find_words(self.header, options.text_column or options.tokens_column, name, self.start)
        probe = list(islice(self._lines, PROBE_RECORDS))
        self._lines = chain(probe, self._lines)
        rows = [cells for _, _, cells in self._rows(iter(probe), joined=True) if cells and len(cells) == self.width]
        self.modes = {place: _mode(rows, self.words, place, key) for place, key in enumerate(self.header)}
        own = self.modes.pop(self.words)
        self.modes = {place: mode for place, mode in self.modes.items() if mode}
        self.kind = "lists" if own == "list" or self.modes else "words"
        if options.text_column or (self.kind == "words" and self._holds_texts(rows, options, labels)):
            self.kind, self.modes = "texts", {}

    def _holds_texts(self, rows: list[list[str]], options: ReadOptions, labels: bool) -> bool:
        """Whether the column of words is one of texts; without labels it must group them to hold words."""
        if options.tokens_column is not None or self.header[self.words].lower() in TOKEN_KEYS:
            return False
        keys = [place for place, cell in enumerate(self.header) if BOUNDARY.fullmatch(cell.lower())]
        values = [tuple(row[place] for place in keys if place != self.words) for row in rows]
        grouped = any(values) and len(set(values)) < len(values)
        of_blanks = sum(bool(_BLANK.search(row[self.words].strip())) for row in rows)
        return 2 * of_blanks > len(rows) or not (labels or grouped)

    def rows(self) -> Iterator[Row]:
        """Yield all rows; one that is not one word may go over several lines, within quotes."""
        return self._rows(self._lines, joined=self.kind != "words")

    def record(self, cells: list[str]) -> dict[str, Any]:
        """Return a row as a record of lists.

        Raises:
            InvalidSentenceError: a cell cannot be read as a list.
        """
        record: dict[str, Any] = {name: cell for name, cell in zip(self.header, cells, strict=True) if name}
        for place, mode in self.modes.items():
            cell = cells[place]
            record[self.header[place]] = cell.split() if mode == "blanks" else _checked_list(cell, self.header[place])
        key, words = self.header[self.words], cells[self.words]
        if "spans" in self.modes.values():
            return record | {"text": words}
        return record | {key: _checked_list(words, key) if _LIST.fullmatch(words.strip()) else words.split()}

    def _rows(self, lines: Iterator[tuple[int, str]], *, joined: bool) -> Iterator[Row]:
        ahead: deque[tuple[int, str]] = deque()

        def take() -> tuple[int, str] | None:
            return ahead.popleft() if ahead else next(lines, None)

        while (numbered := take()) is not None:
            number, line = numbered
            cells = None if isinstance(line, DamagedLine) else self._cells(line)
            if joined and cells is None and not isinstance(line, DamagedLine):
                more, cells = self._joined_cells(line, take)
                if cells is None:
                    ahead.extendleft(reversed(more))
                else:
                    line = "\n".join([line, *(text for _, text in more)])
            yield number, line, cells

    def _cells(self, line: str) -> list[str] | None:
        return split_row(line, self.delimiter, quoted=self._quoted)

    def _joined_cells(
        self, first: str, take: Callable[[], tuple[int, str] | None]
    ) -> tuple[list[tuple[int, str]], list[str] | None]:
        """Return the further lines of a row, which ``take`` reads, and its cells; None if its quotes do not end."""
        more: list[tuple[int, str]] = []

        def lines() -> Iterator[str]:
            yield f"{first}\n"
            while len(more) < MAX_ROW_LINES and (numbered := take()) is not None:
                more.append(numbered)
                if isinstance(numbered[1], DamagedLine):
                    return
                yield f"{numbered[1]}\n"

        try:
            return more, next(csv.reader(lines(), delimiter=self.delimiter, strict=True))
        except csv.Error:
            return more, None


def sentences(
    lines: Iterable[str], file: LabelledFile, on_problem: OnProblem, delimiter: str | None = None
) -> Iterator[RawSentence]:
    """Read a table with one word or one sentence a row.

    Args:
        lines: of the file; the first one names the columns.
        file: its name, and the column of words.
        on_problem: called with every malformed row; its sentence is left out.
        delimiter: as for ``TableReader``.

    Yields:
        Sentences with all other columns.

    Raises:
        CorpusError: no column of words, or none of labels.
    """
    table = TableReader(lines, file.options, file.name, delimiter)
    if table.kind == "words":
        yield from Table(table.header, table.words, file, table.start).sentences(table.rows(), on_problem)
        return
    if table.kind == "texts":
        message = f"the column {table.header[table.words]!r} holds text, expected one word a row, or lists of words"
        raise CorpusError(f"{message} and of labels; name the column of words (--tokens-column)", path=file.name)
    numbers = {name: place for place, name in enumerate(table.header, 1)}
    file = replace(file, options=replace(file.options, tokens_column=table.header[table.words]))
    yield from read_records(_records(table), file, on_problem, numbers)


def _records(table: TableReader) -> Iterator[tuple[int, Any]]:
    for row in table.rows():
        if not is_blank(row):
            try:
                yield row[0], table.record(checked_row(row, table.width))
            except InvalidSentenceError as error:
                yield row[0], error


def split_row(line: str, delimiter: str, *, quoted: bool = False) -> list[str] | None:
    """Return the cells of a row, or None if its quotes are not balanced; ``quoted`` if all cells stand in quotes."""
    if '"' not in line:
        return line.split(delimiter)
    if delimiter == "\t" and not quoted and "\n" not in line:
        return [_unquoted(cell) for cell in line.split(delimiter)]
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True))
    except (csv.Error, StopIteration):
        return None


def _unquoted(cell: str) -> str:
    """Take away quotes that are there for a quote within, such as the four of a word that is one."""
    inner = cell[1:-1]
    quoted = cell[:1] == cell[-1:] == '"' and '""' in inner and '"' not in inner.replace('""', "")
    return inner.replace('""', '"') if quoted else cell


def _checked_list(cell: str, name: str) -> list[Any]:
    values = parse_list(cell)
    if values is None:
        shortened = " that is whole (NumPy wrote ... for a part)" if "..." in cell else ""
        raise InvalidSentenceError(f"expected a list{shortened} in {name!r}: {excerpt(cell)}")
    return values


def parse_list(cell: str) -> list[Any] | None:
    """Read a list that Python, NumPy or JSON wrote, without evaluating it; None if the cell holds none."""
    try:
        values = json.loads(cell)
    except (ValueError, RecursionError):
        values = None
    if isinstance(values, list):
        return values
    found = _LIST.fullmatch(cell.strip())
    if found is None or _ITEM.sub("", found[1]).strip(", \t\n"):
        return None
    try:
        return [None if item in _NO_VALUE else ast.literal_eval(item) for item in _ITEM.findall(found[1])]
    except (ValueError, SyntaxError):  # a line end or a damaged escape within quotes
        return None


def _mode(rows: Sequence[list[str]], words: int, place: int, key: str) -> str | None:
    """Return how a column holds a list in more than half of the rows, None if it does not."""
    parsed = [parse_list(row[place]) for row in rows if row[place].startswith(("[", "(", "array("))]
    lists = [values for values in parsed if values is not None]
    if 2 * sum(bool(_LIST_LIKE.fullmatch(row[place].strip())) for row in rows) > len(rows) or 2 * len(lists) > len(
        rows
    ):
        spans = key in SPAN_KEYS and all(isinstance(item, list | dict) for values in lists for item in values)
        return "spans" if spans else "list"
    counts = [(len(row[words].split()), len(row[place].split())) for row in rows]
    equal = sum(1 < first == second for first, second in counts)
    return "blanks" if place != words and 2 * equal > len(rows) and key else None


def find_words(header: list[str], tokens_column: str | None, name: str | None, line: int) -> int:
    """Return the index of the column of words, which has a name or a number from 1, negative from the end."""
    lowered = [cell.lower() for cell in header]
    wanted = (
        (tokens_column.lower(),) if tokens_column is not None else (*TOKEN_KEYS, *WORD_KEYS, *TEXT_KEYS, *DOCUMENT_KEYS)
    )
    for key in wanted:
        if key in lowered:
            return lowered.index(key)
    if (place := numbered_place(wanted[0], len(header))) is not None:
        return place
    expected = tokens_column or "token, word, form"
    message = f"no column of words ({expected}) in the first line, which has {excerpt(', '.join(header))}"
    raise CorpusError(f"{message}; name it (--tokens-column), or that of texts (--text-column)", path=name, line=line)


def is_blank(row: Row) -> bool:
    """Whether a row has no value at all."""
    return row[2] is not None and not any(map(str.strip, row[2]))


def checked_row(row: Row, width: int) -> list[str]:
    """Return the cells of a row.

    Raises:
        InvalidSentenceError: the line is damaged, its quotes are not balanced, or it has more or fewer cells.
    """
    _, line, cells = row
    if isinstance(line, DamagedLine):
        raise InvalidSentenceError(line.reason, ProblemKind.ENCODING)
    if cells is None:
        raise InvalidSentenceError(f"the quotes are not balanced: {excerpt(line)}")
    if len(cells) != width:
        message = f"{number_of(len(cells), 'column')}, expected {width} as in the header: {excerpt(line)}"
        raise InvalidSentenceError(message, ProblemKind.COLUMN_COUNT)
    return cells


class Table:
    """A table of one word a row, which it groups into sentences.

    Args:
        header: the names of the columns, on the given line.
        words: the index of the column of words.
        file: for messages, and the columns of numbers.
        labels: whether there must be a column of labels.

    Raises:
        CorpusError: there is no column of labels.
    """

    def __init__(self, header: list[str], words: int, file: LabelledFile, line: int, *, labels: bool = True) -> None:
        self.width, self.words, self.file = len(header), words, file
        self.keys = [place for place, cell in enumerate(header) if BOUNDARY.fullmatch(cell.lower()) and place != words]
        self.places = {
            place: cell
            for place, cell in enumerate(header)
            if place not in (words, *self.keys) and cell and not cell.startswith("Unnamed:")
        }
        if labels and not self.places:
            raise CorpusError(f"no column of labels beside {header[words]!r}", path=file.name, line=line)

    def sentences(self, rows: Iterable[Row], on_problem: OnProblem) -> Iterator[RawSentence]:
        """Group rows into sentences and report those that are malformed."""
        numbers = {name: place + 1 for place, name in self.places.items()}
        for group in self.groups(rows):
            if is_blank(group[0]):
                continue
            problems = [problem for row in group if (problem := self.problem(row, group[0][0]))]
            for problem in problems:
                on_problem(problem)
            if not problems:
                cells, lines = [row[2] or [] for row in group], [row[0] for row in group]
                sentence = sentence_of_rows(cells, lines, self.words, self.places, self.file.options.numbers)
                sentence.numbers = numbers
                yield sentence

    def groups(self, rows: Iterable[Row]) -> Iterator[list[Row]]:
        """Yield the rows of each sentence, and each blank row by itself."""
        group: list[Row] = []
        current = [""] * len(self.keys)
        for row in rows:
            cells, blank = row[2], is_blank(row)
            here = [cells[key] if cells and key < len(cells) else "" for key in self.keys]
            changed = any(new and new != old for new, old in zip(here, current, strict=True))
            current = [new or old for new, old in zip(here, current, strict=True)]
            if group and (blank or changed):
                yield group
                group = []
            if blank:
                yield [row]
                continue
            group.append(row)
            if len(group) > MAX_SENTENCE_ROWS:
                message = f"a sentence of more than {MAX_SENTENCE_ROWS:,} rows; separate sentences by blank lines"
                raise CorpusError(message, path=self.file.name, line=group[0][0])
        if group:
            yield group

    def problem(self, row: Row, start: int) -> Problem | None:
        """Return what is wrong with the row of a word."""
        try:
            if not checked_row(row, self.width)[self.words].strip():
                raise InvalidSentenceError(f"no word: {excerpt(row[1])}", ProblemKind.EMPTY)
        except InvalidSentenceError as error:
            return error.at(row[0], start)
        return None
