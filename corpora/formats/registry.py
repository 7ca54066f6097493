"""The formats of labelled corpora, each with the reader that turns a file into sentences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tagger.corpora.files.lines import read_lines
from tagger.corpora.formats import columns, conllu
from tagger.corpora.formats import csv_tables as tables
from tagger.corpora.formats import jsonl as jsonlines
from tagger.corpora.formats import slash_tagged as slashed
from tagger.corpora.formats.sentence import OnProblem, RawSentence
from tagger.errors import CorpusError

FORMATS = ("conllu", "columns", "jsonl", "csv", "tsv", "parquet", "slashed")
CONLLU_FIELDS = {"3": "lemma", "4": "upos", "5": "xpos", "6": "feats", "8": "deprel"}
CONLLU_NAMES = {None: "upos", "pos": "upos", "tag": "upos", "tags": "upos", "pos_tags": "upos"}


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How to read a file.

    Args:
        column: the label column, None for the last one.
        format: one of ``FORMATS``, None to look at the content.
        tokens_column: the column of the words, where columns have names.
        numbers: columns of lists of numbers, which are read as they are, with gaps.
        label_names: the names that whole-number labels stand for, in the order of their numbers.
        skip_invalid: leave unreadable sentences out and count them, rather than stop at the first.
        repair: mend what can be mended by a rule, and count it.
    """

    column: str | None = "upos"
    format: str | None = None
    tokens_column: str | None = None
    label_names: tuple[str, ...] | None = None
    skip_invalid: bool = False
    repair: bool = False
    numbers: tuple[str, ...] = ()


def read_sentences(
    path: Path, name: str, form: str, options: ReadOptions, on_problem: OnProblem
) -> Iterator[RawSentence]:
    """Reads one file in a known format.

    Args:
        path: the file.
        name: the name to use in messages.
        form: one of ``FORMATS``.
        options: which columns to read.
        on_problem: told of every unreadable sentence.

    Returns:
        The sentences that can be read, with all their label columns, one after the other.

    Raises:
        CorpusError: the file as a whole cannot be read.
    """
    words = options.tokens_column
    if form == "parquet":
        from tagger.corpora.formats import parquet

        return parquet.sentences(path, on_problem, tokens_column=words, name=name, numbers=options.numbers)
    lines = read_lines(path, name)
    if form == "conllu":
        key = conllu_column(options.column)
        misc_key = None if key in conllu.LABEL_FIELDS else key
        return conllu.sentences(lines, on_problem, misc_key=misc_key, name=name)
    if form == "columns":
        return columns.sentences(lines, on_problem, tokens_column=words, name=name)
    if form == "jsonl":
        return jsonlines.sentences(lines, on_problem, tokens_column=words, numbers=options.numbers)
    if form in ("csv", "tsv"):
        delimiter = "\t" if form == "tsv" else None
        return tables.sentences(lines, on_problem, tokens_column=words, delimiter=delimiter, name=name)
    if form == "slashed":
        return slashed.sentences(lines, on_problem, name=name)
    raise CorpusError(f"no format {form!r}; there are: {', '.join(FORMATS)}", path=name)


def conllu_column(requested: str | None) -> str:
    """The CoNLL-U column that a user means: by its name, its field number, or a usual synonym."""
    if requested in CONLLU_NAMES:
        return CONLLU_NAMES[requested]
    assert requested is not None
    lowered = requested.lower()
    return CONLLU_FIELDS.get(requested, lowered if lowered in conllu.LABEL_FIELDS else requested)
