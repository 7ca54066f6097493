"""The label column of a file: its choice, and a label for every word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

from tagger.corpora.formats.conllu import misc_keys
from tagger.corpora.formats.layout import KINDS, label_kind
from tagger.corpora.formats.options import DEFAULT_COLUMN
from tagger.corpora.formats.sentence import (
    MISSING,
    UNLABELLED,
    OnProblem,
    Problem,
    ProblemKind,
    RawSentence,
    clipped,
    excerpt,
    number_of,
)
from tagger.corpora.labels.repair import DOUBLE_LABEL, Repairs
from tagger.errors import CorpusError

PROBE_SENTENCES = 1000  # looked at to find a column by what it holds
OPTIONAL = {"feats", "lemma"}  # columns where ``_`` is a value like any other
NUMBER = re.compile(r"(?:column)?-?\d{1,9}", re.ASCII)
BREAK = re.compile(r"[\t\n\r]")  # no file of columns can hold such a label
STANDS_FOR_UPOS = ("upos_tags", "upostag", "pos", "pos_tags", "postag", "tag", "tags")
"""What is read in its place, with a note, where the user names no column."""


def choose_column(
    requested: str | None,
    available: list[str],
    numbers: Mapping[str, int] | None = None,
    default: str = DEFAULT_COLUMN,
) -> tuple[str | None, str | None]:
    """Find the column that a user means.

    Args:
        requested: a name, the number of a column of the file from 1 (``3`` or ``column3``; ``-1`` is the last),
            or None for the default, or what stands for upos, or the only column.
        available: the label columns, in the order of the file.
        numbers: their numbers in the file; by default the words are the first column and the labels follow.
        default: the column to read where the user names none.

    Returns:
        The column, or None if there is none; and a note if it has another name.
    """
    if requested is None:
        usual = (name for name in (default, DEFAULT_COLUMN, *STANDS_FOR_UPOS) if name in available)
        chosen = next(usual, available[0] if len(available) == 1 else None)
        if chosen in (None, default):
            return chosen, None
        others = "" if len(available) == 1 else f" (of {', '.join(available)})"
        return chosen, f"no column {default!r}: read {chosen!r}{others}; --column names another"
    if requested in available:
        return requested, None
    if NUMBER.fullmatch(requested):
        index = int(requested.removeprefix("column"))
        if index < 0:
            return (available[index] if -index <= len(available) else None), None
        numbers = numbers or {name: place for place, name in enumerate(available, 2)}
        return next((name for name in available if numbers.get(name) == index), None), None
    lowered = requested.lower()
    spellings = (lowered, f"{lowered}_tags", f"{lowered}_tag", f"{lowered}tag", lowered.removesuffix("_tags"))
    return next((name for name in spellings if name in available), None), None


@dataclass(slots=True)
class LabelColumnReader:
    """Reader of the label column of a file: chooses it, checks every label, counts sentences and words.

    Args:
        requested: the column the user asked for.
        on_problem: receives what makes the labels of a sentence unusable; the sentence is left out.
        name: the file, for messages.
        expected: the columns of the file before this one.
        label_names: the names of labels that are whole numbers, in order.
        repairs: repairs words and labels; None to leave them unchanged.
        default: the column to read where the user asked for none.
        keep_all: also yield sentences without any label.

    Attributes:
        unlabelled: number of words without a label; ``first_unlabelled`` is the line of the first, and what lacks.
    """

    requested: str | None
    on_problem: OnProblem
    name: str
    expected: list[str] | None = None
    label_names: tuple[str, ...] | None = None
    repairs: Repairs | None = None
    default: str = DEFAULT_COLUMN
    keep_all: bool = False
    column: str = ""
    columns: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    sentences: int = 0
    tokens: int = 0
    unlabelled: int = 0
    first_unlabelled: tuple[int, str] = (0, "")
    _left_out: int = 0
    _missing: int = 0
    _empty: list[str] = field(default_factory=list)
    _keys: set[str] = field(default_factory=set)
    _misc: bool = False
    _labels: set[str] = field(default_factory=set)

    def read(self, raw: Iterable[RawSentence]) -> Iterator[RawSentence]:
        """Yield the sentences with a label; where a word has none, its label is ``UNLABELLED``.

        Sentences without any label are left out and counted, unless all are to be kept. In columns such as ``feats``
        all words have a label.

        Raises:
            CorpusError: there is no such column, or it holds no label at all.
        """
        source = iter(raw)
        first = list(islice(source, 1))
        if first:
            self._choose(first, source)
        for sentence in chain(first, source):
            if self.expected is not None:
                _rename(sentence, self.expected)
            self._note_labelled(sentence)
            if defects := self._defects(sentence):
                for problem in defects:
                    self.on_problem(problem)
            elif self._has_label(sentence):
                self.sentences += 1
                self.tokens += len(sentence.tokens)
                yield sentence
        self._conclude()

    @property
    def labelled(self) -> tuple[str, ...]:
        """The columns that hold a label for at least one word."""
        return tuple(name for name in self.columns if name not in self._empty)

    def _choose(self, first: list[RawSentence], source: Iterator[RawSentence]) -> None:
        """Choose the column by its name, else by what it holds in a thousand sentences, added to the first."""
        sentence = first[0]
        if self.expected is not None:
            _rename(sentence, self.expected)
        self.columns = [name for name in sentence.columns if name != "misc"]
        self._misc = "misc" in sentence.columns
        column, note = choose_column(self.requested, self.columns, sentence.numbers, self.default)
        self.notes += [note] if note else []
        self._empty = list(self.columns)
        if self.expected is not None and self.columns != self.expected:
            here, before = ", ".join(self.columns), ", ".join(self.expected)
            message = clipped(f"has the columns {here}; the file before it has {before}")
            raise CorpusError(message, path=self.name)
        if column is None:
            first += islice(source, PROBE_SENTENCES)
            column = self._of_kind(first)
        if column is None:
            self._note_labelled(sentence)
            raise self._unknown(f"no column {self.requested or self.default!r}")
        self.column = column

    def _of_kind(self, sentences: list[RawSentence]) -> str | None:
        """Find the only column whose labels are those that its requested name stands for, such as ``ner``."""
        names = [name for name in self.columns if name not in KINDS]
        held = {name: [label for one in sentences for label in one.columns.get(name, ())] for name in names}
        kinds = {name: label_kind(labels, []) for name, labels in held.items()}
        alike = [name for name, kind in kinds.items() if kind == (self.requested or self.default).lower()]
        if len(alike) != 1:
            return None
        self.notes.append(f"no column {self.requested or self.default!r}: read {alike[0]!r}, which holds such labels")
        return alike[0]

    def _defects(self, sentence: RawSentence) -> list[Problem]:
        """Find what makes the labels of a sentence unusable."""
        if absent := [name for name in self.columns if name not in sentence.columns]:
            message = f"no {absent[0]!r} here, unlike in the first sentence"
            return [Problem(sentence.line, message, sentence.line)]
        tags = sentence.columns[self.column]
        unseen = set(tags) - self._labels
        if unseen and self.label_names is not None:
            try:
                sentence.columns[self.column] = tags = [
                    tag if tag in (MISSING, UNLABELLED) else label_name(tag, self.label_names) for tag in tags
                ]
            except ValueError as error:
                return [Problem(sentence.line, str(error), sentence.line)]
            unseen = set(tags) - self._labels
        if self.repairs is not None:
            self.repairs.repair_words(sentence)
            self.repairs.repair_labels(sentence, self.column)
            tags = sentence.columns[self.column]
            unseen = set(tags) - self._labels
        unfit = {tag for tag in unseen if DOUBLE_LABEL.fullmatch(tag) or BREAK.search(tag)}
        self._labels |= unseen - unfit
        return [_unfit(sentence, place, tag) for place, tag in enumerate(tags) if tag in unfit]

    def _has_label(self, sentence: RawSentence) -> bool:
        """Find the words without a label and count them; return whether the sentence is of use."""
        tags = sentence.columns[self.column]
        if MISSING not in tags and UNLABELLED not in tags:
            return True
        if self.column in OPTIONAL or self._misc:
            self._missing += tags.count(MISSING)
            return True
        sentence.columns[self.column] = tags = [UNLABELLED if tag == MISSING else tag for tag in tags]
        place = tags.index(UNLABELLED)
        if not self.unlabelled:
            self.first_unlabelled = sentence.lines[place], f"no {self.column} on {excerpt(sentence.tokens[place])}"
        self.unlabelled += tags.count(UNLABELLED)
        kept = self.keep_all or any(tags)
        self._left_out += not kept
        return kept

    def _note_labelled(self, sentence: RawSentence) -> None:
        """Note which columns hold a label; ``_`` alone does not count."""
        if not self._empty:
            return
        columns = sentence.columns
        self._empty = [name for name in self._empty if set(columns.get(name, ())) <= {MISSING, ""}]
        if self._misc and self.column in ("", *self._empty):
            self._keys |= misc_keys(columns["misc"])

    def _conclude(self) -> None:
        """Note what is odd about the labels as a whole."""
        if self.column in self._empty:
            what = f"no column {self.column!r}, nor such a key in MISC"
            raise self._unknown(what if self._misc else f"column {self.column!r} holds no label, only {MISSING!r}")
        if self._misc and self._missing:
            share = f"{self._missing:,} of {self.tokens:,} words"
            self.notes.append(f"{share} have no {self.column} in MISC; their label is {MISSING!r}")
        if self.unlabelled:
            left = f"; {number_of(self._left_out, 'sentence')} without any left out" if self._left_out else ""
            words = number_of(self.unlabelled, "word")
            self.notes.append(f"{words} without {self.column} ({MISSING}): not learnt and not scored{left}")
        if self.tokens == self.sentences >= 10:
            self.notes.append(
                "every sentence has one word only; words stand on lines of their own, or with blanks between"
            )
        labels = self._labels - {MISSING, UNLABELLED}
        if labels and self.label_names is None and all(map(str.isdecimal, labels)):
            self.notes.append(f"the labels in {self.column!r} are whole numbers; name them with --label-names")
        self.notes += self.repairs.notes() if self.repairs is not None else []

    def _unknown(self, message: str) -> CorpusError:
        held = [name for name in self.labelled if name != self.requested] + sorted(self._keys)
        shown = ", ".join(held[:30]) + (", ..." if len(held) > 30 else "")
        return CorpusError(clipped(f"{message}; columns with labels: {shown or 'none'}"), path=self.name)


def _rename(sentence: RawSentence, expected: list[str]) -> None:
    """Call columns as in the file before: one that was called after its content there may have a number here."""
    names = list(sentence.columns)
    if names == expected or sentence.numbers is None or len(names) != len(expected):
        return
    changed = {(here, before) for here, before in zip(names, expected, strict=True) if here != before}
    if all("column" in (here[:6], before[:6]) or {here, before} == {"pos", "upos"} for here, before in changed):
        sentence.columns = dict(zip(expected, sentence.columns.values(), strict=True))
        sentence.numbers = dict(zip(expected, sentence.numbers.values(), strict=True))


def label_name(tag: str, names: Sequence[str]) -> str:
    """Return the name of a label that is a whole number.

    Raises:
        ValueError: it is not a whole number, or there is no name for it.
    """
    if not tag.isdecimal() or int(tag) >= len(names):
        raise ValueError(f"label {excerpt(tag)} is not a number from 0 to {len(names) - 1}, the labels with a name")
    return names[int(tag)]


def _unfit(sentence: RawSentence, place: int, tag: str) -> Problem:
    word, line = excerpt(sentence.tokens[place]), sentence.lines[place]
    if BREAK.search(tag):
        message = f"the label of {word} holds a tab or a line break, {excerpt(tag)}, expected neither"
        return Problem(line, message, sentence.line)
    message = f"word {word} has several labels, {excerpt(tag)}, expected one"
    return Problem(line, message, sentence.line, ProblemKind.DOUBLE_LABEL)
