"""How to read a labelled corpus, and one file of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from tagger.corpora.formats.metadata import LABEL_FIELDS

DEFAULT_COLUMN = "upos"
CONLLU_NUMBERS = {"3": "lemma", "4": "upos", "5": "xpos", "6": "feats", "8": "deprel"}
CONLLU_NAMES = {None: "upos", "pos": "upos", "tag": "upos", "tags": "upos", "pos_tags": "upos"}
_NUMBER = re.compile(r"(?:column)?-?\d{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class CorpusReading:
    """How the corpus of a model was read, which is how files of the same format are read.

    Args:
        format: of its first file.
        tokens_column: the column of the words; None for the one that is found.
        labels_column: the very column of labels, if one was named.
        width: the number of columns in a line, where they have no names.
    """

    format: str
    tokens_column: str | None = None
    labels_column: str | None = None
    width: int | None = None

    @classmethod
    def of_model(cls, about: Any) -> CorpusReading | None:
        """Return what ``config.json`` holds under "about"; None for older models, and corpora that are no files."""
        match about:
            case {"reading": {"format": str()} as reading}:
                return cls(**{field.name: reading.get(field.name) for field in fields(cls)})
        return None

    def words_in(self, width: int) -> str | None:
        """Return the column of words in a file of that many columns; None if it is of another kind.

        Columns of CoNLL-2012, eleven or more, have one for each verb of the document.
        """
        alike = width == self.width or min(width, self.width or 0) > 10
        return self.tokens_column if alike else None


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How to read a corpus.

    Args:
        column: the label column; None for the default, or what stands for upos, or the only one.
        default_column: the label column where none is named.
        format: one of ``FORMATS``, None to look at the content.
        tokens_column: the column of the words, where columns have names.
        label_names: the names that whole-number labels stand for, in the order of their numbers.
        skip_invalid: leave unreadable sentences out and count them, rather than stop at the first.
        repair: repair what a rule can repair, and count it.
        numbers: columns of lists of numbers, which are read as they are, with gaps.
        labels_column: the very column of labels; it goes before ``column``, and on the hub synonyms are not tried.
        offline: never ask the hub.
        text_column: of documents to be tagged: the column or key of raw text.
        id_column: of documents to be tagged: the column or key of their names.
        learnt: how the corpus of a model was read; its columns are the default in files of the same format.
    """

    column: str | None = None
    default_column: str = DEFAULT_COLUMN
    format: str | None = None
    tokens_column: str | None = None
    label_names: tuple[str, ...] | None = None
    skip_invalid: bool = False
    repair: bool = False
    numbers: tuple[str, ...] = ()
    labels_column: str | None = None
    offline: bool = False
    text_column: str | None = None
    id_column: str | None = None
    learnt: CorpusReading | None = None

    def in_format(self, form: str) -> ReadOptions:
        """Return the options for files of a format; columns that are not named are those of the model's corpus."""
        learnt = self.learnt
        if learnt is None or learnt.format != form:
            return self if learnt is None else replace(self, learnt=None)
        usual = learnt.tokens_column if learnt.width is None and self.text_column is None else None
        words = self.tokens_column or usual
        return replace(self, tokens_column=words, labels_column=self.labels_column or learnt.labels_column)

    def column_in(self, form: str) -> str | None:
        """Return the name of the label column in files of a format."""
        column = self.in_format(form).labels_column or self.column
        return conllu_column(column or self.default_column) if form == "conllu" else column


DEFAULTS = ReadOptions()


@dataclass(frozen=True, slots=True)
class LabelledFile:
    """A file to read.

    Args:
        path: the file.
        name: the name to use in messages.
        options: which columns to read.
        metadata: also keep what is neither word nor label, so that the file can be written again.
    """

    path: Path
    name: str
    options: ReadOptions
    metadata: bool = False


def numbered_place(number: str, width: int) -> int | None:
    """Return the index of the column that has a number from 1, negative from the end; None if there is none."""
    place = int(number.removeprefix("column")) if _NUMBER.fullmatch(number) else 0
    if not 0 < abs(place) <= width:
        return None
    return place - 1 if place > 0 else width + place


def conllu_column(requested: str | None) -> str:
    """Return the CoNLL-U column that a user means by its name, its field number, or a usual synonym."""
    if requested in CONLLU_NAMES:
        return CONLLU_NAMES[requested]
    assert requested is not None
    lowered = requested.lower()
    return CONLLU_NUMBERS.get(lowered.removeprefix("column"), lowered if lowered in LABEL_FIELDS else requested)
