"""The formats of labelled corpora: the suffixes of their files and their readers. Add a format here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tagger.corpora.files.lines import read_blocks, read_lines
from tagger.corpora.files.streams import uncompressed_suffix
from tagger.corpora.formats import columns, conllu, csv_tables, jsonl, slash_tagged
from tagger.corpora.formats.sentence import OnProblem, RawSentence
from tagger.errors import CorpusError

CONLLU_FIELDS = {"3": "lemma", "4": "upos", "5": "xpos", "6": "feats", "8": "deprel"}
CONLLU_NAMES = {None: "upos", "pos": "upos", "tag": "upos", "tags": "upos", "pos_tags": "upos"}


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How to read a corpus.

    Args:
        column: the label column, None for the last one.
        format: one of ``FORMATS``, None to look at the content.
        tokens_column: the column of the words, where columns have names.
        label_names: the names that whole-number labels stand for, in the order of their numbers.
        skip_invalid: leave unreadable sentences out and count them, rather than stop at the first.
        repair: repair what a rule can repair, and count it.
        numbers: columns of lists of numbers, which are read as they are, with gaps.
        labels_column: the very column of labels; it goes before ``column``, and synonyms are not tried.
        offline: never ask the hub.
    """

    column: str | None = "upos"
    format: str | None = None
    tokens_column: str | None = None
    label_names: tuple[str, ...] | None = None
    skip_invalid: bool = False
    repair: bool = False
    numbers: tuple[str, ...] = ()
    labels_column: str | None = None
    offline: bool = False

    def column_in(self, form: str) -> str | None:
        """Return the name that the label column has in files of a format."""
        column = self.labels_column or self.column
        return conllu_column(column) if form == "conllu" else column


@dataclass(frozen=True, slots=True)
class LabelledFile:
    """A labelled file to read.

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


Reader = Callable[[LabelledFile, OnProblem], Iterator[RawSentence]]


@dataclass(frozen=True, slots=True)
class Format:
    """A format of labelled files.

    Args:
        read: reads a file.
        suffixes: that names of such files end in; the first is given to files that are written.
    """

    read: Reader
    suffixes: tuple[str, ...] = ()


def _conllu(file: LabelledFile, on_problem: OnProblem) -> Iterator[RawSentence]:
    key = file.options.column_in("conllu")
    misc_key = None if key in conllu.LABEL_FIELDS else key
    blocks = read_blocks(file.path, file.name)
    return conllu.sentences(blocks, on_problem, misc_key=misc_key, metadata=file.metadata)


def _columns(file: LabelledFile, on_problem: OnProblem) -> Iterator[RawSentence]:
    blocks = read_blocks(file.path, file.name)
    return columns.sentences(blocks, on_problem, tokens_column=file.options.tokens_column, name=file.name)


def _parquet(file: LabelledFile, on_problem: OnProblem) -> Iterator[RawSentence]:
    from tagger.corpora.formats import parquet

    return parquet.sentences(file.path, on_problem, file.options.tokens_column, file.options.numbers, name=file.name)


def _jsonl(file: LabelledFile, on_problem: OnProblem) -> Iterator[RawSentence]:
    options = file.options
    return jsonl.sentences(
        read_lines(file.path, file.name),
        on_problem,
        tokens_column=options.tokens_column,
        numbers=options.numbers,
        metadata=file.metadata,
    )


def _csv(file: LabelledFile, on_problem: OnProblem, delimiter: str | None = None) -> Iterator[RawSentence]:
    lines, words = read_lines(file.path, file.name), file.options.tokens_column
    return csv_tables.sentences(lines, on_problem, tokens_column=words, delimiter=delimiter, name=file.name)


def _tsv(file: LabelledFile, on_problem: OnProblem) -> Iterator[RawSentence]:
    return _csv(file, on_problem, "\t")


def _slashed(file: LabelledFile, on_problem: OnProblem) -> Iterator[RawSentence]:
    return slash_tagged.sentences(read_blocks(file.path, file.name), on_problem)


FORMATS = {
    "conllu": Format(_conllu, (".conllu", ".conllup", ".conllx")),
    "columns": Format(_columns, (".conll", ".iob", ".iob2", ".bio", ".bioes", ".col", ".tsv")),
    "parquet": Format(_parquet, (".parquet",)),
    "jsonl": Format(_jsonl, (".jsonl", ".ndjson", ".json")),
    "csv": Format(_csv, (".csv",)),
    "tsv": Format(_tsv),
    "slashed": Format(_slashed, (".tagged", ".pos")),
}
"""By preference, where a folder holds the same split in several formats."""
SUFFIXES = {suffix: name for name, format in FORMATS.items() for suffix in format.suffixes}


def format_of_name(path: str | Path) -> str | None:
    """Return the format that the name of a file stands for, compressed or not; None if for none."""
    return SUFFIXES.get(uncompressed_suffix(path))


def read_sentences(
    path: Path, name: str, form: str, options: ReadOptions, on_problem: OnProblem, *, metadata: bool = False
) -> Iterator[RawSentence]:
    """Read one file in a known format.

    Args:
        path: the file.
        name: the name to use in messages.
        form: one of ``FORMATS``.
        options: which columns to read.
        on_problem: called with every problem.
        metadata: also keep what is neither word nor label.

    Returns:
        The sentences that can be read, with all their label columns, one after the other.

    Raises:
        CorpusError: the file as a whole cannot be read.
    """
    if form not in FORMATS:
        raise CorpusError(f"no format {form!r}; choose from {', '.join(FORMATS)}", path=name)
    return FORMATS[form].read(LabelledFile(path, name, options, metadata), on_problem)


def conllu_column(requested: str | None) -> str:
    """Return the CoNLL-U column that a user means by its name, its field number, or a usual synonym."""
    if requested in CONLLU_NAMES:
        return CONLLU_NAMES[requested]
    assert requested is not None
    lowered = requested.lower()
    return CONLLU_FIELDS.get(requested, lowered if lowered in conllu.LABEL_FIELDS else requested)
