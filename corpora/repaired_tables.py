"""Repairing what was read from the hub, where sentences are rows of a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tagger.corpora.formats.sentence import RawSentence
from tagger.corpora.labels.repair import Repairs
from tagger.corpora.labels.repair_scheme import SchemeFinder
from tagger.corpora.sources.corpus import BATCH

if TYPE_CHECKING:
    import datasets


def repaired(tables: dict[str, datasets.Dataset], column: str) -> tuple[dict[str, datasets.Dataset], list[str]]:
    """The tables with their words, labels and texts mended, and notes on what was.

    Args:
        tables: B rows with ``tokens`` and ``tags`` each, by split.
        column: what the labels are called; where they are spans, all splits have one scheme.
    """
    finder = SchemeFinder()
    for table in tables.values():
        for sentence, _ in _sentences(table.select_columns(["tokens", "tags"])):
            if not finder.add(sentence, "tags"):
                break
    scheme = finder.scheme
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
        repairs.mend_words(sentence)
        repairs.mend_labels(sentence, "tags")
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
