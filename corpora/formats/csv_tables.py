"""Tables with named columns: CSV and TSV with one word a row.

A blank line or a row of nothing but separators ends a sentence, and so does a new value in a column such as
``sentence_id`` (an empty cell continues the sentence).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from itertools import chain

from tagger.corpora.files.lines import DamagedLine
from tagger.corpora.formats.options import LabelledFile
from tagger.corpora.formats.records import TOKEN_KEYS
from tagger.corpora.formats.sentence import OnProblem, Problem, ProblemKind, RawSentence, excerpt, number_of
from tagger.errors import CorpusError

SENTENCE_KEYS = ("sentence_id", "sentence", "sentence #", "sent_id", "sentence_number", "sent", "sentence id")
WORD_KEYS = ("text", "surface")
MAX_SENTENCE_ROWS = 1_000_000

Row = tuple[int, str, list[str] | None]  # its number, the line, its cells (None if its quotes are not balanced)


def sentences(
    lines: Iterable[str], file: LabelledFile, on_problem: OnProblem, delimiter: str | None = None
) -> Iterator[RawSentence]:
    """Read a table with one word a row.

    Args:
        lines: of the file; the first one names the columns.
        file: its name, and the column of words; None for one called token, word, form ...
        on_problem: called with every malformed row; its sentence is left out.
        delimiter: what separates the columns; None for whichever of comma, semicolon and tab the first
            line has most of. Quotes are part of the text in a table separated by tabs.

    Yields:
        Sentences with all other columns.

    Raises:
        CorpusError: no column of words, or none of labels.
    """
    numbered = enumerate(lines, 1)
    start, first = next(((number, line) for number, line in numbered if line.strip()), (1, ""))
    delimiter = delimiter or max(",;\t", key=first.count)
    header = [cell.strip() for cell in split_row(first, delimiter) or []]
    table = Table(header, find_words(header, file.options.tokens_column, file.name, start), file.name, start)
    rows = (
        (number, line, None if isinstance(line, DamagedLine) else split_row(line, delimiter))
        for number, line in numbered
    )
    yield from table.sentences(rows, on_problem)


def split_row(line: str, delimiter: str) -> list[str] | None:
    """Return the cells of a line, or None if its quotes are not balanced."""
    if delimiter == "\t" or '"' not in line:
        return line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True))
    except (csv.Error, StopIteration):
        return None


def find_words(header: list[str], tokens_column: str | None, name: str | None, line: int) -> int:
    """Return the index of the column of words."""
    lowered = [cell.lower() for cell in header]
    wanted = (tokens_column.lower(),) if tokens_column is not None else (*TOKEN_KEYS, *WORD_KEYS)
    for key in wanted:
        if key in lowered:
            return lowered.index(key)
    expected = tokens_column or "token, word, form"
    message = f"no column of words ({expected}) in the first line, which has {excerpt(', '.join(header))}"
    raise CorpusError(f"{message}; name it (--tokens-column)", path=name, line=line)


class Table:
    """A table of one word a row, which it groups into sentences.

    Args:
        header: the names of the columns.
        words: the index of the column of words.
        name: the file, for messages.
        line: the line of the header.

    Raises:
        CorpusError: there is no column of labels.
    """

    def __init__(self, header: list[str], words: int, name: str | None, line: int) -> None:
        keys = [place for place, cell in enumerate(header) if cell.lower() in SENTENCE_KEYS and place != words]
        self.width, self.words, self.name = len(header), words, name
        self.key = keys[0] if keys else None
        self.places = {place: cell for place, cell in enumerate(header) if place not in (words, *keys) and cell}
        if not self.places:
            raise CorpusError(f"no column of labels beside {header[words]!r}", path=name, line=line)

    def sentences(self, rows: Iterable[Row], on_problem: OnProblem) -> Iterator[RawSentence]:
        """Group rows into sentences and report those that are malformed."""
        for group in self._groups(rows):
            problems = [problem for row in group if (problem := self._problem(row, group[0][0]))]
            for problem in problems:
                on_problem(problem)
            if not problems:
                cells = [row[2] or [] for row in group]
                columns = {name: [row[place] for row in cells] for place, name in self.places.items()}
                tokens = [row[self.words] for row in cells]
                yield RawSentence(tokens, columns, group[0][0], [row[0] for row in group])

    def _groups(self, rows: Iterable[Row]) -> Iterator[list[Row]]:
        group: list[Row] = []
        current = ""
        end: Row = (0, "", [""])
        for row in chain(rows, [end]):
            cells = row[2]
            blank = cells is not None and not any(map(str.strip, cells))
            value = cells[self.key] if self.key is not None and cells and self.key < len(cells) else ""
            if group and (blank or (value and value != current)):
                yield group
                group = []
            current = value or current
            if not blank:
                group.append(row)
            if len(group) > MAX_SENTENCE_ROWS:
                message = f"a sentence of more than {MAX_SENTENCE_ROWS:,} rows; separate sentences by blank lines"
                raise CorpusError(message, path=self.name, line=group[0][0])

    def _problem(self, row: Row, start: int) -> Problem | None:
        number, line, cells = row
        if isinstance(line, DamagedLine):
            return Problem(number, line.reason, start, ProblemKind.ENCODING)
        if cells is None:
            return Problem(number, f"the quotes are not balanced: {excerpt(line)}", start)
        if len(cells) != self.width:
            message = f"{number_of(len(cells), 'column')}, expected {self.width} as in the header: {excerpt(line)}"
            return Problem(number, message, start, ProblemKind.COLUMN_COUNT)
        if not cells[self.words].strip():
            return Problem(number, f"no word: {excerpt(line)}", start, ProblemKind.EMPTY)
        return None
