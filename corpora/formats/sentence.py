"""What every reader yields, and what it does about a sentence it cannot read.

A reader turns lines into ``RawSentence`` and reports each defect to ``on_problem``. It then leaves the
sentence out and reads on, so the one who listens decides what a defect means: ``Stop`` raises at the first,
``Skip`` counts, a list's ``append`` collects them all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tagger.errors import CorpusError

SEVERAL_LABELS = "has several labels, "
MISSING = "_"  # what a label column holds where there is no label, as in CoNLL-U


@dataclass(slots=True)
class RawSentence:
    """One sentence as the file holds it.

    Args:
        tokens: T words.
        columns: the labels by column name, T strings each.
        line: the line it starts on, from 1.
        lines: the line of each of the T words.
        text: the sentence before it was tokenised, where the file tells.
    """

    tokens: list[str]
    columns: dict[str, list[str]]
    line: int
    lines: list[int]
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """A defect that makes a sentence unreadable.

    Args:
        line: where, from 1 (the row, in a table without lines).
        message: the value seen, what was expected, how to mend it.
        sentence: the line its sentence starts on; several problems may share one.
    """

    line: int
    message: str
    sentence: int

    def __post_init__(self) -> None:
        """Keeps the message on one line of moderate length, whatever the file holds."""
        object.__setattr__(self, "message", clipped(self.message))


OnProblem = Callable[[Problem], None]


@dataclass(frozen=True, slots=True)
class Stop:
    """Ends reading at the first problem.

    Args:
        path: the file, for the message.
    """

    path: str | Path

    def __call__(self, problem: Problem) -> None:
        """Raises CorpusError with the place, the message and a way on."""
        several = SEVERAL_LABELS in problem.message
        way = "--repair keeps one, " if several else ""
        raise CorpusError(
            f"{problem.message}; {way}--skip-invalid leaves such sentences out", path=self.path, line=problem.line
        )


@dataclass(slots=True)
class Skip:
    """Counts the sentences that are left out and keeps the first problems for the report.

    Args:
        path: the file, for the report.
        keep: how many problems to remember.
    """

    path: str | Path
    keep: int = 3
    sentences: int = 0
    first: list[Problem] = field(default_factory=list)
    _last: int = 0

    def __call__(self, problem: Problem) -> None:
        """Counts the problem's sentence once, however many problems it has."""
        if problem.sentence != self._last:
            self.sentences += 1
            self._last = problem.sentence
            if len(self.first) < self.keep:
                self.first.append(problem)

    def note(self) -> str | None:
        """One line for the user, or None if nothing was left out."""
        if not self.sentences:
            return None
        shown = "; ".join(f"{self.path}:{problem.line}: {problem.message}" for problem in self.first)
        more = "" if self.sentences <= len(self.first) else "; ..."
        left = "sentence was" if self.sentences == 1 else "sentences were"
        return f"{self.sentences:,} unreadable {left} left out: {shown}{more}"


def clipped(message: str, limit: int = 400) -> str:
    """A message on one line of moderate length."""
    line = message if len(message) <= limit else f"{message[: limit - 3]}..."
    return line if line.isprintable() else "".join([char if char.isprintable() else repr(char)[1:-1] for char in line])


def excerpt(text: str, limit: int = 60) -> str:
    """The beginning of a text in quotes, for a message on one line."""
    return repr(text if len(text) <= limit else text[: limit - 3] + "...")


def number_of(count: int, noun: str) -> str:
    """``1 column``, ``2 columns``: a count and its noun, for a message."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
