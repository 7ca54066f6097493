"""The sentence that every reader yields, and the problems it reports.

A reader reports each defect to ``on_problem``, leaves the sentence out and reads on. The listener decides:
``RaiseErrors`` raises at the first problem, ``SkipInvalid`` counts, ``list.append`` collects.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from tagger.corpora.formats.metadata import SentenceMetadata
from tagger.errors import CorpusError

MISSING = "_"  # what a label column holds where there is no label, as in CoNLL-U
NO_LABEL_SIGNS = frozenset(["-100", "-100.0", "nan", "NaN"])  # as libraries write it
UNLABELLED = ""  # the label of a word that has none, once the label column has been chosen


@dataclass(slots=True)
class RawSentence:
    """One sentence as the file holds it.

    Args:
        tokens: T words.
        columns: T labels under the name of each column.
        line: the line it starts on, from 1.
        lines: the line of each of the T words.
        text: the sentence before tokenisation, where the file holds it.
        metadata: everything else that the file holds of it; None unless asked for.
        numbers: the number of each label column in the file, from 1; one dict for all sentences of a file.
    """

    tokens: list[str]
    columns: dict[str, list[str]]
    line: int = 0
    lines: list[int] = field(default_factory=list)
    text: str | None = None
    metadata: SentenceMetadata | None = None
    numbers: dict[str, int] | None = None


class ProblemKind(StrEnum):
    """The kinds of problems that readers report; the values are the codes of ``tagger check``."""

    ENCODING = "encoding"
    COLUMN_COUNT = "column-count"
    DOUBLE_LABEL = "double-label"
    EMPTY = "empty"
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True)
class Problem:
    """A defect that makes a sentence unreadable.

    Args:
        line: where, from 1 (the row, in a table without lines).
        message: the value, what was expected, what helps.
        sentence: the line its sentence starts on; several problems may share one.
        kind: the kind of defect.
    """

    line: int
    message: str
    sentence: int
    kind: ProblemKind = ProblemKind.MALFORMED

    def __post_init__(self) -> None:
        """Keep the message on one line of moderate length, whatever the file holds."""
        object.__setattr__(self, "message", clipped(self.message))


class InvalidSentenceError(ValueError):
    """A sentence cannot be read; its reader turns this into a ``Problem``.

    Args:
        message: the value, what was expected, what helps.
        kind: the kind of defect.
    """

    def __init__(self, message: str, kind: ProblemKind = ProblemKind.MALFORMED) -> None:
        super().__init__(message)
        self.kind = kind

    def at(self, line: int, sentence: int | None = None) -> Problem:
        """Return the problem on a line, of the sentence that starts there or on another line."""
        return Problem(line, str(self), line if sentence is None else sentence, self.kind)


OnProblem = Callable[[Problem], None]


@dataclass(frozen=True, slots=True)
class RaiseErrors:
    """End reading at the first problem.

    Args:
        path: the file, for the message.
    """

    path: str | Path

    def __call__(self, problem: Problem) -> None:
        """Raise ``CorpusError`` with the place, the message and the options that help."""
        repair = "--repair keeps one, " if problem.kind is ProblemKind.DOUBLE_LABEL else ""
        message = f"{problem.message}; {repair}--skip-invalid leaves such sentences out"
        raise CorpusError(message, path=self.path, line=problem.line)

    def note(self) -> str | None:
        """Return None: nothing is left out."""
        return None


@dataclass(slots=True)
class SkipInvalid:
    """Count the sentences that are left out and keep the first problems for the report.

    Args:
        path: the file, for the report.
        keep: the number of problems to keep.
    """

    path: str | Path
    keep: int = 3
    sentences: int = 0
    first: list[Problem] = field(default_factory=list)
    _last: int = 0

    def __call__(self, problem: Problem) -> None:
        """Count the sentence of the problem once, however many problems it has."""
        if problem.sentence != self._last:
            self.sentences += 1
            self._last = problem.sentence
            if len(self.first) < self.keep:
                self.first.append(problem)

    def note(self) -> str | None:
        """Return one line for the user, or None if nothing was left out."""
        if not self.sentences:
            return None
        shown = "; ".join(f"{self.path}:{problem.line}: {problem.message}" for problem in self.first)
        more = "" if self.sentences <= len(self.first) else "; ..."
        left = "sentence was" if self.sentences == 1 else "sentences were"
        return f"{self.sentences:,} unreadable {left} left out: {shown}{more}"


def error_policy(path: str | Path, *, skip_invalid: bool) -> RaiseErrors | SkipInvalid:
    """Choose what becomes of unreadable sentences of a file."""
    return SkipInvalid(path) if skip_invalid else RaiseErrors(path)


def sentence_of_rows(
    rows: list[list[str]], lines: list[int], words: int, names: Mapping[int, str], numbers: Sequence[str] = ()
) -> RawSentence:
    """Return the sentence of T rows of a table, which have the same number of fields.

    Args:
        rows: the fields of each word.
        lines: the line of each word.
        words: the index of the words.
        names: the names of the label columns, by index.
        numbers: columns to be read as they are.
    """
    fields = list(zip(*rows, strict=True))
    columns: dict[str, list[str]] = {}
    for place, name in names.items():
        values = fields[place]
        plain = all(map(str.strip, values)) and NO_LABEL_SIGNS.isdisjoint(values) and ".0" not in "".join(values)
        columns[name] = list(values) if plain else label_texts(values, name, numbers) or []
    return RawSentence(list(fields[words]), columns, lines[0], lines)


def label_texts(values: Sequence[Any], name: str, numbers: Sequence[str] = ()) -> list[str] | None:
    """Return the labels of a column as text, None if there are values that are no labels.

    Null, NaN, -100 and blanks are ``MISSING``, and whole numbers have no point; but columns in ``numbers`` stay as
    they are, and nan is a lemma.
    """
    if name in numbers:
        return list(values)
    signs = () if name.lower() == "lemma" else NO_LABEL_SIGNS
    try:
        texts = {value: _label_text(value, signs) for value in set(values)}
    except TypeError:  # lists or objects
        return None
    labels = [text for value in values if (text := texts[value]) is not None]
    return labels if len(labels) == len(values) else None


def _label_text(value: object, signs: Collection[str]) -> str | None:
    if isinstance(value, float) and not value.is_integer() and value == value:
        return None
    text = "" if value is None or value != value else str(value)
    if not text.strip() or text in signs:
        return MISSING
    return text[:-2] if text.endswith(".0") and text[:-2].isdecimal() else text


def clipped(message: str, limit: int = 400) -> str:
    """Put a message on one line of moderate length."""
    line = message if len(message) <= limit else f"{message[: limit - 3]}..."
    return line if line.isprintable() else "".join([char if char.isprintable() else repr(char)[1:-1] for char in line])


def excerpt(text: str, limit: int = 60) -> str:
    """Quote the beginning of a text for a message on one line."""
    return repr(text if len(text) <= limit else text[: limit - 3] + "...")


def number_of(count: int, noun: str) -> str:
    """Return a count and its noun for a message: ``1 column``, ``2 columns``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
