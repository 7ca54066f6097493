"""One argument names any corpus: bundled, file, folder, glob, ``-``, catalogue name or hub id."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tagger.corpora.files.paths import excerpt_path, near
from tagger.corpora.formats.registry import ReadOptions
from tagger.corpora.formats.sentence import RawSentence
from tagger.corpora.hub.catalogue import lookup, nearest
from tagger.corpora.hub.hub_id import HubSpec, parse_hub_spec
from tagger.corpora.labels.repair import Repairs
from tagger.corpora.labels.scheme_detection import SchemeDetector
from tagger.corpora.sources.corpus import BATCH, Corpus, Split
from tagger.corpora.sources.ingest import Reading, ingest
from tagger.corpora.sources.locate import DatasetFiles
from tagger.corpora.sources.resolve import explicit_files, named_splits, override, resolve, stdin_to_tempfile
from tagger.corpora.sources.splits import split_off, split_off_table
from tagger.errors import CorpusError

if TYPE_CHECKING:
    import datasets


def read_corpus(
    source: str | None = None,
    *,
    train: str | None = None,
    dev: str | None = None,
    test: str | None = None,
    column: str | None = "upos",
    offline: bool = False,
    seed: int = 1,
    format: str | None = None,
    tokens_column: str | None = None,
    labels_column: str | None = None,
    label_names: Sequence[str] | None = None,
    skip_invalid: bool = False,
    repair: bool = False,
) -> Corpus:
    """Reads a labelled corpus into train, dev and test.

    A single file is split: a tenth each becomes dev and test. Where there is a train but no dev part, a
    tenth of train becomes dev. Every such step is told in ``notes``.

    Args:
        source: ``bundled`` (or None), ``bundled:ko``, a file, a folder, a glob, ``-`` for the standard
            input, a name in the catalogue, or ``OWNER/NAME[:CONFIG][@REVISION]`` on the hub.
        train: a file, glob or folder for this split; stands in for the one that ``source`` has.
        dev: the same for dev.
        test: the same for test.
        column: the labels: upos, xpos, feats, lemma, deprel, a key in MISC, the name of a column or its
            number from 1; None for the last column.
        offline: never ask the hub.
        seed: of the random split.
        format: conllu, columns, jsonl, csv, tsv, parquet or slashed; None to tell by the content.
        tokens_column: the name of the column of words.
        labels_column: the name of the column of labels, where it is not ``column``.
        label_names: the names of labels that are whole numbers, in order.
        skip_invalid: leave unreadable sentences out, and count them in ``notes``.
        repair: mend what can be mended by a rule (``tagger.corpora.labels.repair``), and count it in ``notes``.

    Raises:
        CorpusError: nothing by that name, or what is there cannot be read; the message says where and why.
    """
    names = tuple(label_names) if label_names is not None else None
    options = ReadOptions(labels_column or column, format, tokens_column, names, skip_invalid, repair)
    explicit = named_splits(source, train=train, dev=dev, test=test)
    with stdin_to_tempfile([source, *explicit.values()]) as spool:
        located = explicit_files(explicit, spool) if source is None and explicit else resolve(source, spool)
        if located is None:
            from tagger.corpora.read_corpus import read_hub_corpus

            name, labels = str(source), labels_column
            corpus = read_hub_corpus(name, options, labels_column=labels, offline=offline, seed=seed)
            return _with_files(corpus, explicit, spool, options) if explicit else corpus
        if source is not None and explicit:
            override(located, explicit_files(explicit, spool))
        return from_files(located, source or " ".join(explicit.values()) or "bundled", options, seed)


def read_split(
    source: str | None,
    split: str = "test",
    *,
    column: str | None = "upos",
    offline: bool = False,
    format: str | None = None,
    tokens_column: str | None = None,
    labels_column: str | None = None,
    label_names: Sequence[str] | None = None,
    skip_invalid: bool = False,
    repair: bool = False,
) -> Split:
    """Reads one split, to evaluate on. A single file is the whole split.

    Args:
        source: as for ``read_corpus``.
        split: train, dev or test, where the source has several.
        column: as for ``read_corpus``.
        offline: as for ``read_corpus``.
        format: as for ``read_corpus``.
        tokens_column: as for ``read_corpus``.
        labels_column: as for ``read_corpus``.
        label_names: as for ``read_corpus``.
        skip_invalid: as for ``read_corpus``.
        repair: as for ``read_corpus``.

    Raises:
        CorpusError: nothing by that name, no such split, or it cannot be read.
    """
    names = tuple(label_names) if label_names is not None else None
    options = ReadOptions(labels_column or column, format, tokens_column, names, skip_invalid, repair)
    with stdin_to_tempfile([source]) as spool:
        located = resolve(source, spool)
        if located is None:
            from tagger.corpora.read_corpus import read_hub_corpus

            name, labels = str(source), labels_column
            corpus = read_hub_corpus(name, options, labels_column=labels, offline=offline, seed=None)
            found = {part.name: part for part in corpus.splits}
            if split not in found:
                raise CorpusError(f"no {split} split; there are: {', '.join(found)}", path=source)
            others = tuple(f"{name}:" for name in ("train", "dev", "test") if name != split)
            notes = tuple(note for note in corpus.notes if not note.startswith(others))
            return replace(found[split], notes=notes)
        paths = located.files.get(split) or located.files.get("all")
        if paths is None:
            raise CorpusError(f"no {split} split; there are: {', '.join(located.files)}", path=source)
        reading = ingest(paths, options, located.display)
        notes = (*located.notes, *reading.entry.info.notes)
        return Split(split, reading.entry.table(), reading.names, reading.entry.info.column, notes)


def from_files(located: DatasetFiles, source: str, options: ReadOptions, seed: int | None) -> Corpus:
    """Reads files that were found.

    Args:
        located: the files of each split.
        source: what the user asked for.
        options: how to read them.
        seed: of the random split; None to split nothing off (a corpus without parts is all train).

    Raises:
        CorpusError: a file cannot be read.
    """
    readings = {split: ingest(paths, options, located.display) for split, paths in located.files.items()}
    tables: dict[str, tuple[datasets.Dataset, Reading]] = {}
    notes = list(located.notes)
    for split, reading in readings.items():
        tables[split] = reading.entry.table(), reading
    notes += _shared_notes({split: reading.entry.info.notes for split, reading in readings.items()})
    whole, wanted = ("all", ("dev", "test")) if "all" in readings else ("train", ("dev",))
    if seed is None and "all" in tables:
        tables["train"] = tables.pop("all")
    if whole in readings and "dev" not in readings and seed is not None:
        pieces, said = split_off(readings[whole].entry, wanted, seed)
        tables |= {part: (table, readings[whole]) for part, table in pieces.items()}
        notes += said
    notes += [f"{split}: none in this corpus" for split in ("train", "test") if split not in tables]
    info = next(iter(readings.values())).entry.info
    digest = hashlib.sha256("".join(reading.digest for reading in readings.values()).encode())
    made = {
        split: Split(split, table, reading.names, reading.entry.info.column)
        for split, (table, reading) in tables.items()
    }
    return Corpus(
        name=located.name,
        source=source,
        column=info.column,
        train=made.get("train"),
        dev=made.get("dev"),
        test=made.get("test"),
        columns=info.columns,
        notes=tuple(notes),
        fingerprint=digest.hexdigest()[:16],
        license=located.license,
    )


def _shared_notes(notes: dict[str, tuple[str, ...]]) -> list[str]:
    """Notes on each split, those that are true of all of them said once."""
    every = [note for note in next(iter(notes.values())) if all(note in said for said in notes.values())]
    each = [
        note if split == "all" else f"{split}: {note}"
        for split, said in notes.items()
        for note in said
        if note not in every
    ]
    return every + each


def _with_files(corpus: Corpus, explicit: dict[str, str], spool: dict[str, Path], options: ReadOptions) -> Corpus:
    """A corpus from the hub with some splits put in its place from files."""
    located = explicit_files(explicit, spool)
    readings = {split: ingest(paths, options, located.display) for split, paths in located.files.items()}
    made = {
        split: Split(split, reading.entry.table(), reading.names, reading.entry.info.column)
        for split, reading in readings.items()
    }
    digests = corpus.fingerprint + "".join(reading.digest for reading in readings.values())
    return replace(
        corpus,
        train=made.get("train", corpus.train),
        dev=made.get("dev", corpus.dev),
        test=made.get("test", corpus.test),
        notes=(*(note for note in corpus.notes if note.partition(":")[0] not in made), *located.notes),
        fingerprint=hashlib.sha256(digests.encode()).hexdigest()[:16],
    )


def read_hub_corpus(
    source: str, options: ReadOptions, *, labels_column: str | None, offline: bool, seed: int | None
) -> Corpus:
    """Reads a corpus by its name in the catalogue or its hub id.

    Args:
        source: such as ``en_ewt`` or ``OWNER/NAME:CONFIG``.
        options: which columns to read.
        labels_column: the very column of labels, which goes before ``options.column``.
        offline: answer from the cache of ``datasets``, or not at all.
        seed: for splitting off a missing dev split; None not to split.

    Raises:
        CorpusError: there is no such corpus, or it cannot be read.
    """
    spec, name, license, tokens = _find(source)
    from tagger.corpora.hub.columns import NoSentencesError
    from tagger.corpora.hub.dataset import read_hub
    from tagger.corpora.hub.files import located_files
    from tagger.corpora.read_corpus import from_files

    column = labels_column or options.column or "upos"
    try:
        hub_options = replace(options, column=column, tokens_column=options.tokens_column or tokens)
        tables, notes = read_hub(spec, hub_options, labels_column=labels_column, offline=offline)
    except NoSentencesError:
        if (located := located_files(spec, offline=offline)) is None:
            raise
        return from_files(located, source, options, seed)
    if options.repair:
        from tagger.corpora.read_corpus import repaired

        tables, said = repaired(tables, column)
        notes += said
    fingerprint = _fingerprint(tables)
    if seed is not None and "train" in tables and "dev" not in tables:
        pieces, how = split_off_table(tables["train"], ("dev",), seed)
        tables, notes = tables | pieces, notes + how
    notes += [f"{split}: none in this corpus" for split in ("train", "test") if split not in tables]
    made = {split: Split(split, table, (str(spec),), column) for split, table in tables.items()}
    held = next(iter(tables.values())).column_names
    return Corpus(
        name=name,
        source=source,
        column=column,
        train=made.get("train"),
        dev=made.get("dev"),
        test=made.get("test"),
        columns=(column, *(found for found in held if found not in ("tokens", "tags", "text", column))),
        notes=tuple(notes),
        fingerprint=fingerprint,
        license=license,
    )


def _find(source: str) -> tuple[HubSpec, str, str | None, str | None]:
    """The data set, its short name, its licence and its column of words."""
    if entry := lookup(source):
        if entry.task == "lm":
            raise CorpusError(f"{source} is plain text for language models, it holds no labels")
        return entry.spec, entry.name, entry.licence, entry.tokens
    if spec := parse_hub_spec(source):
        name = spec.config or spec.owner_name.rpartition("/")[2]
        return spec, name, None, None
    likely = nearest(source)
    hint = f"; did you mean {likely}?" if likely else near(Path(source))
    expected = "expected a file, a folder, a name in the catalogue (tagger corpora) or OWNER/NAME on the hub"
    raise CorpusError(f"no such corpus{hint or f'; {expected}'}", path=excerpt_path(source))


def _fingerprint(tables: dict[str, datasets.Dataset]) -> str:
    digest = hashlib.sha256()
    for split, table in tables.items():
        digest.update(f"\x1d{split}".encode())
        for batch in table.select_columns(["tokens", "tags"]).iter(10_000):
            for row in (*batch["tokens"], *batch["tags"]):
                digest.update("\x1f".join(row).encode() + b"\x1e")
    return digest.hexdigest()[:16]


def repaired(tables: dict[str, datasets.Dataset], column: str) -> tuple[dict[str, datasets.Dataset], list[str]]:
    """The tables with their words, labels and texts mended, and notes on what was.

    Args:
        tables: B rows with ``tokens`` and ``tags`` each, by split.
        column: what the labels are called; where they are spans, all splits have one scheme.
    """
    detector = SchemeDetector()
    for table in tables.values():
        for sentence, _ in _sentences(table.select_columns(["tokens", "tags"])):
            if not detector.add(sentence.tokens, sentence.columns["tags"], sentence.lines):
                break
    scheme = detector.result().scheme
    notes: list[str] = []
    made: dict[str, datasets.Dataset] = {}
    for split, table in tables.items():
        repairs = Repairs(split, scheme)
        made[split] = _mended(table, repairs)
        notes += repairs.notes()
    return made, notes


def _mended(table: datasets.Dataset, repairs: Repairs) -> datasets.Dataset:
    import datasets
    import pyarrow as pa

    rows: list[dict[str, Any]] = []
    for sentence, row in _sentences(table):
        repairs.repair_words(sentence)
        repairs.repair_labels(sentence, "tags")
        text = {"text": sentence.text} if "text" in row else {}
        rows.append({**row, "tokens": sentence.tokens, "tags": sentence.columns["tags"], **text})
    return datasets.Dataset(datasets.table.InMemoryTable(pa.Table.from_pylist(rows, schema=table.data.schema)))


def _sentences(table: datasets.Dataset) -> Iterator[tuple[RawSentence, dict[str, Any]]]:
    """Each row as a sentence, numbered from 1, and as it is."""
    number = 0
    for batch in table.iter(BATCH):
        for values in zip(*batch.values(), strict=True):
            number += 1
            row = dict(zip(batch, values, strict=True))
            lines = [number] * len(row["tokens"])
            yield RawSentence(row["tokens"], {"tags": row["tags"]}, number, lines, row.get("text")), row
