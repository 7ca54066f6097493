"""A labelled corpus in files: read, split and described."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from tagger.corpora.formats.options import ReadOptions
from tagger.corpora.sources.corpus import Corpus, Note, Split
from tagger.corpora.sources.ingest import Reading, ingest
from tagger.corpora.sources.locate import DatasetFiles
from tagger.corpora.sources.splits import SPLIT_NAMES, missing_notes, split_off
from tagger.errors import CorpusError


def read_files(files: DatasetFiles, source: str, options: ReadOptions, seed: int | None) -> Corpus:
    """Read a corpus from its files.

    Args:
        files: the files of each split.
        source: what the user asked for.
        options: how to read them.
        seed: of the random split; None to split nothing off (a corpus without splits is all train).

    Raises:
        CorpusError: a file cannot be read.
    """
    readings = _read(files, options)
    notes = [*files.notes, *_shared_notes({split: reading.entry.info.notes for split, reading in readings.items()})]
    splits = {split: reading.split(split) for split, reading in readings.items()}
    whole, wanted = ("all", ("dev", "test")) if "all" in readings else ("train", ("dev",))
    if seed is None and "all" in readings:
        splits["train"] = readings["all"].split("train")
    if seed is not None and whole in readings and "dev" not in readings:
        tables, split_notes = split_off(splits[whole].data, wanted, seed)
        splits |= {split: readings[whole].split(split, table) for split, table in tables.items()}
        notes += split_notes
    if seed is not None:
        notes += missing_notes(splits)
    info = next(iter(readings.values())).entry.info
    return Corpus(
        name=files.name,
        source=source,
        column=info.column,
        **{name: splits.get(name) for name in SPLIT_NAMES},
        columns=info.columns,
        notes=tuple(notes),
        fingerprint=_fingerprint("", readings),
        license=files.license,
        reading=readings["train" if "train" in readings else next(iter(readings))].found,
    )


def read_file_split(files: DatasetFiles, split: str, source: str | None, options: ReadOptions) -> Split:
    """Read one split from its files; files without splits are the whole split.

    Raises:
        CorpusError: there is no such split, or it cannot be read.
    """
    paths = files.files.get(split) or files.files.get("all")
    if paths is None:
        raise CorpusError(f"no {split} split; there are: {', '.join(files.files)}", path=source)
    reading = ingest(paths, options, files.display)
    return reading.split(split, notes=(*files.notes, *reading.entry.info.notes))


def replace_splits(corpus: Corpus, files: DatasetFiles, options: ReadOptions) -> Corpus:
    """Put splits from files in the place of those of a corpus from the hub."""
    readings = _read(files, options)
    splits: dict[str, Any] = {split: reading.split(split) for split, reading in readings.items()}
    return replace(
        corpus,
        **splits,
        notes=(*(note for note in corpus.notes if Note.split_of(note) not in splits), *files.notes),
        fingerprint=_fingerprint(corpus.fingerprint, readings),
    )


def _read(files: DatasetFiles, options: ReadOptions) -> dict[str, Reading]:
    return {split: ingest(paths, options, files.display) for split, paths in files.files.items()}


def _fingerprint(before: str, readings: dict[str, Reading]) -> str:
    digests = before + "".join(reading.digest for reading in readings.values())
    return hashlib.sha256(digests.encode()).hexdigest()[:16]


def _shared_notes(notes: dict[str, tuple[str, ...]]) -> list[str]:
    """Merge the notes on each split; those that all splits have appear once."""
    every = [note for note in next(iter(notes.values())) if all(note in others for others in notes.values())]
    return every + [
        Note(note, None if split == "all" else split)
        for split, split_notes in notes.items()
        for note in split_notes
        if note not in every
    ]
