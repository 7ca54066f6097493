"""Choosing the label column, and checking that every word has a label."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tagger.corpora.conllu import misc_keys
from tagger.corpora.sentences import MISSING, OnProblem, Problem, RawSentence, excerpt
from tagger.errors import CorpusError

PATIENCE = 1000  # sentences without any label before the first is reported
OPTIONAL = {"feats", "lemma"}  # columns where ``_`` is a value like any other
SYNONYMS = {
    "upos": ("upos_tags", "pos", "pos_tags", "upostag", "postag", "tag", "tags"),
    "xpos": ("xpos_tags", "pos", "pos_tags", "postag", "tag", "tags"),
    "pos": ("pos_tags", "upos", "upos_tags", "xpos", "postag", "tag", "tags"),
    "ner": ("ner_tags", "named_entities", "entities", "entity", "tag", "tags"),
    "chunk": ("chunk_tags", "tag", "tags"),
}


def choose_column(requested: str | None, available: list[str]) -> tuple[str | None, str | None]:
    """Finds the column that a user means.

    Args:
        requested: a name, a number counted from 1 with the words as the first (``-1`` is the last),
            or None for the last column.
        available: the label columns there are, in the order of the file.

    Returns:
        The column, None if there is no such; and a note where it is not the one by that name.
    """
    if requested is None:
        return (available[-1] if available else None), None
    if requested in available:
        return requested, None
    if requested.lstrip("-").isdecimal():
        index = int(requested)
        place = index - 2 if index > 0 else len(available) + index
        return (available[place], None) if 0 <= place < len(available) else (None, None)
    found = next((name for name in SYNONYMS.get(requested, ()) if name in available), None)
    if found is None and len(available) == 1:
        found = available[0]
        return found, f"no column {requested!r}: read the only label column, {found!r}"
    if found is None:
        return None, None
    return found, f"no column {requested!r}: read the label column {found!r} (of {', '.join(available)})"


@dataclass(slots=True)
class Intake:
    """Sentences on their way in: the label column chosen, every word's label checked, all counted.

    Args:
        requested: the column the user asked for.
        on_problem: told of every sentence that lacks a label; it is then left out.
        name: the file, for messages.
        expected: the columns that a file before this one had.
    """

    requested: str | None
    on_problem: OnProblem
    name: str
    expected: list[str] | None = None
    column: str = ""
    note: str | None = None
    columns: list[str] = field(default_factory=list)
    sentences: int = 0
    tokens: int = 0
    missing: int = 0
    _empty: list[str] = field(default_factory=list)
    _others: set[str] = field(default_factory=set)
    _misc: bool = False

    def read(self, raw: Iterable[RawSentence]) -> Iterator[RawSentence]:
        """Passes on the sentences whose every word has a label.

        Raises:
            CorpusError: there is no such column, it holds no label at all, or there is no sentence.
        """
        pending: list[Problem] = []
        for sentence in raw:
            if not self.column:
                self._choose(sentence)
            if problem := self._check(sentence):
                pending.append(problem)
                if self.sentences or len(pending) > PATIENCE:
                    self._report(pending)
                continue
            self._report(pending)
            self.sentences += 1
            self.tokens += len(sentence.tokens)
            yield sentence
        if pending:
            raise self._unknown(f"column {self.column!r} holds no label, only {MISSING!r}")
        if not self.sentences:
            raise CorpusError("no sentence that can be read; expected words with labels", path=self.name)
        if self._misc and self.missing == self.tokens:
            raise self._unknown(f"no column {self.column!r}, nor such a key in MISC")
        if self._misc and self.missing:
            share = f"{self.missing:,} of {self.tokens:,} words"
            self.note = f"{share} have no {self.column} in MISC; their label is {MISSING!r}"

    @property
    def labelled(self) -> tuple[str, ...]:
        """The columns that hold a label for at least one word."""
        return tuple(name for name in self.columns if name not in self._empty)

    def _choose(self, sentence: RawSentence) -> None:
        self.columns = [name for name in sentence.columns if name != "misc"]
        self._misc = "misc" in sentence.columns
        column, self.note = choose_column(self.requested, self.columns)
        self._empty = list(self.columns)
        self._look(sentence)
        if self.expected is not None and self.columns != self.expected:
            found, before = ", ".join(self.columns), ", ".join(self.expected)
            raise CorpusError(f"has the columns {found}; the file before it has {before}", path=self.name)
        if column is None:
            raise self._unknown(f"no column {self.requested!r}")
        self.column = column

    def _check(self, sentence: RawSentence) -> Problem | None:
        if self._empty:
            self._look(sentence)
        if absent := [name for name in self.columns if name not in sentence.columns]:
            return Problem(
                sentence.line, f"no {absent[0]!r} here, unlike in the first sentence", sentence.line
            )
        tags = sentence.columns[self.column]
        if MISSING not in tags:
            return None
        if self.column in OPTIONAL or self._misc:
            self.missing += tags.count(MISSING)
            return None
        word = tags.index(MISSING)
        message = (
            f"word {excerpt(sentence.tokens[word])} has no {self.column} ({MISSING!r}), expected a label"
        )
        return Problem(sentence.lines[word], message, sentence.line)

    def _look(self, sentence: RawSentence) -> None:
        """Notes which columns hold a label; ``_`` alone is none."""
        columns = sentence.columns
        self._empty = [
            name for name in self._empty if columns.get(name, []).count(MISSING) == len(columns.get(name, []))
        ]
        if self._misc and self.column in ("", *self._empty):
            self._others |= misc_keys(columns["misc"])

    def _report(self, pending: list[Problem]) -> None:
        for problem in pending:
            self.on_problem(problem)
        pending.clear()

    def _unknown(self, message: str) -> CorpusError:
        held = [name for name in self.columns if name not in self._empty] + sorted(self._others)
        return CorpusError(f"{message}; columns with labels: {', '.join(held) or 'none'}", path=self.name)
