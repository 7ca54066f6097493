"""A labelled corpus from the hub, by its name in the catalogue or its id."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tagger.corpora.formats.options import ReadOptions
from tagger.corpora.formats.sentence import RawSentence
from tagger.corpora.hub.catalogue import find_dataset
from tagger.corpora.hub.columns import NoSentencesError
from tagger.corpora.hub.dataset import read_hub
from tagger.corpora.hub.files import located_files
from tagger.corpora.labels.repair import Repairs
from tagger.corpora.labels.scheme_detection import SchemeDetector
from tagger.corpora.sources.corpus import BATCH, Corpus, Split
from tagger.corpora.sources.file_corpus import read_files
from tagger.corpora.sources.splits import missing_notes, split_off
from tagger.errors import CorpusError

if TYPE_CHECKING:
    import datasets


def read_hub_corpus(source: str, options: ReadOptions, seed: int | None) -> Corpus:
    """Read a corpus by its name in the catalogue (``en_ewt``) or its hub id (``OWNER/NAME:CONFIG``).

    `seed` splits off a missing dev split; None splits nothing off.

    Raises:
        CorpusError: there is no such corpus, or it cannot be read.
    """
    entry = find_dataset(source, "corpus")
    if entry.task == "lm":
        raise CorpusError(f"{source} is plain text for language models, it holds no labels")
    spec = entry.spec
    column = options.labels_column or options.column or options.default_column
    try:
        tables, notes = read_hub(spec, replace(options, tokens_column=options.tokens_column or entry.tokens))
    except NoSentencesError:
        if (located := located_files(spec, offline=options.offline)) is None:
            raise
        return read_files(located, source, options, seed)
    if options.repair:
        tables, repair_notes = repair_tables(tables)
        notes += repair_notes
    fingerprint = _fingerprint(tables)
    if seed is not None and "train" in tables and "dev" not in tables:
        pieces, split_notes = split_off(tables["train"], ("dev",), seed)
        tables, notes = tables | pieces, notes + split_notes
    if seed is not None:
        notes += missing_notes(tables)
    splits = {split: Split(split, table, (str(spec),), column) for split, table in tables.items()}
    columns = next(iter(tables.values())).column_names
    return Corpus(
        name=entry.name,
        source=source,
        column=column,
        train=splits.get("train"),
        dev=splits.get("dev"),
        test=splits.get("test"),
        columns=(column, *(other for other in columns if other not in ("tokens", "tags", "text", column))),
        notes=tuple(notes),
        fingerprint=fingerprint,
        license=entry.licence,
    )


def repair_tables(tables: dict[str, datasets.Dataset]) -> tuple[dict[str, datasets.Dataset], list[str]]:
    """Repair words, labels and texts; return the tables by split, and notes on the repairs.

    Labels of spans have one scheme in all splits.
    """
    detector = SchemeDetector()
    for table in tables.values():
        for sentence, _ in table_sentences(table.select_columns(["tokens", "tags"])):
            if not detector.add(sentence.tokens, sentence.columns["tags"], sentence.lines):
                break
    scheme = detector.result().scheme
    notes: list[str] = []
    repaired: dict[str, datasets.Dataset] = {}
    for split, table in tables.items():
        repairs = Repairs(split, scheme)
        repaired[split] = _repaired(table, repairs)
        notes += repairs.notes()
    return repaired, notes


def _fingerprint(tables: dict[str, datasets.Dataset]) -> str:
    digest = hashlib.sha256()
    for split, table in tables.items():
        digest.update(f"\x1d{split}".encode())
        for batch in table.select_columns(["tokens", "tags"]).iter(10_000):
            for row in (*batch["tokens"], *batch["tags"]):
                digest.update("\x1f".join(row).encode() + b"\x1e")
    return digest.hexdigest()[:16]


def _repaired(table: datasets.Dataset, repairs: Repairs) -> datasets.Dataset:
    import datasets
    import pyarrow as pa

    rows: list[dict[str, Any]] = []
    for sentence, row in table_sentences(table):
        repairs.repair_words(sentence)
        repairs.repair_labels(sentence, "tags")
        text = {"text": sentence.text} if "text" in row else {}
        rows.append({**row, "tokens": sentence.tokens, "tags": sentence.columns["tags"], **text})
    return datasets.Dataset(datasets.table.InMemoryTable(pa.Table.from_pylist(rows, schema=table.data.schema)))


def table_sentences(table: datasets.Dataset) -> Iterator[tuple[RawSentence, dict[str, Any]]]:
    """Yield each row as a sentence, numbered from 1, and as it is."""
    number = 0
    for batch in table.iter(BATCH):
        for values in zip(*batch.values(), strict=True):
            number += 1
            row = dict(zip(batch, values, strict=True))
            lines = [number] * len(row["tokens"])
            yield RawSentence(row["tokens"], {"tags": row["tags"]}, number, lines, row.get("text")), row
