"""The formats of labelled corpora: the suffixes of their files and their readers. Add a format here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tagger.corpora.files.lines import read_blocks, read_lines
from tagger.corpora.files.streams import uncompressed_suffix
from tagger.corpora.formats import columns, conllu, csv_tables, jsonl, slash_tagged
from tagger.corpora.formats.options import CorpusReading, LabelledFile, ReadOptions
from tagger.corpora.formats.sentence import OnProblem, RawSentence
from tagger.errors import CorpusError


@dataclass(frozen=True, slots=True)
class Format:
    """A format of labelled files.

    Args:
        read: yields the sentences of what ``open`` returns, and reports problems.
        open: opens a file by path and name, as lines or as blocks between blank lines.
        suffixes: that names of such files end in.
    """

    read: Callable[[Any, LabelledFile, OnProblem], Iterator[RawSentence]]
    open: Callable[..., Any]
    suffixes: tuple[str, ...] = ()


def _read_parquet(path: Path, file: LabelledFile, on_problem: OnProblem) -> Iterator[RawSentence]:
    from tagger.corpora.formats import parquet

    return parquet.sentences(path, file, on_problem)


FORMATS = {
    "conllu": Format(conllu.sentences, read_blocks, (".conllu", ".conllx")),
    "columns": Format(
        columns.sentences,
        read_blocks,
        (
            *(".conll", ".iob", ".iob2", ".bio", ".bioes", ".col", ".tsv"),
            *(".conllup", ".cupt", ".gold_conll", ".v4_gold_conll"),
        ),
    ),
    "vertical": Format(
        partial(columns.sentences, markup=True),
        partial(read_blocks, end=columns.END_OF_VERTICAL),
        (".vert", ".vrt", ".vertical"),
    ),
    "parquet": Format(_read_parquet, lambda path, _: path, (".parquet", ".arrow")),
    "jsonl": Format(jsonl.sentences, read_lines, (".jsonl", ".ndjson", ".json")),
    "csv": Format(csv_tables.sentences, read_lines, (".csv",)),
    "tsv": Format(partial(csv_tables.sentences, delimiter="\t"), read_lines),
    "slashed": Format(slash_tagged.sentences, read_blocks, (".tagged", ".pos")),
}
"""By preference, where a folder holds the same split in several formats."""
SUFFIXES = {suffix: name for name, format in FORMATS.items() for suffix in format.suffixes}


def format_of_name(path: str | Path) -> str | None:
    """Return the format that the name of a file stands for, compressed or not; None if for none."""
    return SUFFIXES.get(uncompressed_suffix(path))


def describe_reading(path: Path, name: str, form: str, options: ReadOptions) -> CorpusReading:
    """Describe how a file that can be read is read, so that others of its format can be read alike."""
    if form in ("columns", "vertical"):
        layout, _ = columns.read_layout(FORMATS[form].open(path, name), options, markup=form == "vertical")
        if not layout.header:
            return CorpusReading(form, str(layout.words + 1), options.labels_column, layout.width)
    return CorpusReading(form, options.tokens_column, options.labels_column)


def read_sentences(
    path: Path, name: str, form: str, options: ReadOptions, on_problem: OnProblem, *, metadata: bool = False
) -> Iterator[RawSentence]:
    """Read one file in a known format.

    Args:
        path: the file.
        name: of the file in messages.
        form: one of ``FORMATS``.
        options: which columns to read.
        on_problem: called with every problem; its sentence is left out.
        metadata: also keep what is neither word nor label.

    Returns:
        The sentences that can be read, with all their label columns, one after the other.

    Raises:
        CorpusError: the file as a whole cannot be read.
    """
    if form not in FORMATS:
        raise CorpusError(f"no format {form!r}; choose from {', '.join(FORMATS)}", path=name)
    reader = FORMATS[form]
    return reader.read(reader.open(path, name), LabelledFile(path, name, options.in_format(form), metadata), on_problem)
