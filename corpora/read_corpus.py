"""Read a labelled corpus by one argument: bundled, file, folder, glob, ``-``, catalogue name or hub id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tagger.corpora.formats.options import DEFAULT_COLUMN, ReadOptions
from tagger.corpora.sources.corpus import Corpus, Note, Split
from tagger.corpora.sources.file_corpus import read_file_split, read_files, replace_splits
from tagger.corpora.sources.in_memory import Source
from tagger.corpora.sources.resolve import find_files
from tagger.corpora.sources.splits import SPLIT_NAMES
from tagger.errors import CorpusError


def read_corpus(
    source: Source | None = None,
    *,
    train: Source | None = None,
    dev: Source | None = None,
    test: Source | None = None,
    column: str | None = None,
    offline: bool = False,
    seed: int = 1,
    format: str | None = None,
    tokens_column: str | None = None,
    labels_column: str | None = None,
    label_names: Sequence[str] | None = None,
    skip_invalid: bool = False,
    repair: bool = False,
) -> Corpus:
    """Read a labelled corpus into train, dev and test.

    A single file is split: a tenth each becomes dev and test. Where there is a train but no dev split, a
    tenth of train becomes dev. Every such step is in ``notes``.

    Args:
        source: ``bundled`` (or None), ``bundled:ko``, a file, a folder, a glob, ``-`` for the standard
            input, a name in the catalogue, or ``OWNER/NAME[:CONFIG][@REVISION]`` on the hub. Or a corpus in memory:
            a list of (tokens, labels), of lists of (word, label) or of dicts, a data frame of pandas or polars, a
            ``datasets.Dataset``, or a dict of such splits.
        train: a file, glob or folder for this split, or a corpus in memory; it replaces the one of ``source``.
        dev: the same for dev.
        test: the same for test.
        column: the labels: upos, xpos, feats, lemma, deprel, a key in MISC, the name of a column or its
            number in the file from 1 (-1 is the last); None for upos, or what stands for it, or the only column.
        offline: never ask the hub.
        seed: of the random split.
        format: conllu, columns, jsonl, csv, tsv, parquet or slashed; None to tell by the content.
        tokens_column: the name of the column of words.
        labels_column: the name of the column of labels, where it is not ``column``.
        label_names: the names of labels that are whole numbers, in order.
        skip_invalid: leave unreadable sentences out, and count them in ``notes``.
        repair: repair what a rule can repair (``tagger.corpora.labels.repair``), and count it in ``notes``.

    Raises:
        CorpusError: nothing by that name, or what is there cannot be read; the message says where and why.
        TypeError: it is neither a name nor a corpus in memory.
    """
    options = ReadOptions(
        column=column,
        format=format,
        tokens_column=tokens_column,
        labels_column=labels_column,
        label_names=None if label_names is None else tuple(label_names),
        skip_invalid=skip_invalid,
        repair=repair,
        offline=offline,
    )
    given = {"source": source, "train": train, "dev": dev, "test": test}
    with find_files(given, labels_column or column or DEFAULT_COLUMN, needs_train=True) as found:
        if found.files is not None:
            return read_files(found.files, found.label, options, seed)
        from tagger.corpora.hub.corpus import read_hub_corpus

        corpus = read_hub_corpus(str(found.source), options, seed)
        return corpus if found.replacements is None else replace_splits(corpus, found.replacements, options)


def read_split(source: Source | None, split: str = "test", **options: Any) -> Split:
    """Read one split, to evaluate on. A single file is the whole split.

    Args:
        source: as for ``read_corpus``.
        split: train, dev or test, where the source has several.
        options: the fields of ``ReadOptions``.

    Raises:
        CorpusError: nothing by that name, no such split, or it cannot be read.
        TypeError: it is neither a name nor a corpus in memory.
    """
    reading = ReadOptions(**options)
    with find_files({"source": source}, reading.labels_column or reading.column or DEFAULT_COLUMN) as found:
        if found.files is not None:
            return read_file_split(found.files, split, found.source, reading)
        from tagger.corpora.hub.corpus import read_hub_corpus

        corpus = read_hub_corpus(str(found.source), reading, seed=None)
    splits = {part.name: part for part in corpus.splits}
    if split not in splits:
        raise CorpusError(f"no {split} split; there are: {', '.join(splits)}", path=found.source)
    others = SPLIT_NAMES.keys() - {split}
    return replace(splits[split], notes=tuple(note for note in corpus.notes if Note.split_of(note) not in others))
