"""The rows of one split of a hub data set, downloaded or streamed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tagger.corpora.hub.columns import unnested
from tagger.corpora.hub.configs import normal_splits
from tagger.corpora.hub.dataset import load
from tagger.corpora.hub.errors import explaining
from tagger.corpora.hub.files import MISREAD, in_columns
from tagger.corpora.hub.hub_id import HubSpec
from tagger.errors import CorpusError

ROWS_AT_A_TIME = 100


@dataclass(frozen=True, slots=True)
class HubRows:
    """One split.

    Args:
        source: its name in messages.
        spec: the data set.
        features: the feature of each column, as ``datasets`` describes it.
        notes: notes for the user on how it was loaded.
        data: a ``Dataset``, or an ``IterableDataset`` that reads over the network as needed.
    """

    source: str
    spec: HubSpec
    features: dict[str, Any]
    notes: tuple[str, ...]
    data: Any

    @classmethod
    def of(cls, data: Any, spec: HubSpec, source: str, notes: tuple[str, ...] = ()) -> HubRows:
        """Take the rows of a split as ``datasets`` opened it; documents of sentences become sentences."""
        if hasattr(data, "num_rows"):
            data = unnested(data)
        elif data.features is None:
            data = data._resolve_features()
        return cls(source, spec, dict(data.features), notes, data)

    def read(self, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Read some columns of all rows, in order and in bounded memory.

        Raises:
            CorpusError: the network failed for longer than ``datasets`` retries, or a file is damaged.
        """
        with explaining(self.spec):
            batches = self.data.select_columns(list(columns)).with_format("arrow").iter(ROWS_AT_A_TIME)
            for table in batches:
                yield from table.to_pylist()


def open_rows(source: str, spec: HubSpec, split: str | None, *, streaming: bool, offline: bool) -> HubRows:
    """Open one split of a data set.

    Args:
        source: the data set as the user named it.
        spec: its parsed name.
        split: the split by its own name, or ``train``, ``dev``, ``test``; None for the only one.
        streaming: read over the network as needed, without downloading.
        offline: never use the network; read the cache.

    Raises:
        CorpusError: there is no such data set or split, it cannot be loaded, or ``datasets`` misreads it.
    """
    with explaining(spec):
        loaded = load(spec, offline, streaming=streaming)
        name = _choose(source, list(loaded.splits), split)
        rows = HubRows.of(loaded.splits[name], spec, f"{source} ({name})", loaded.notes)
    if in_columns(rows.data):
        raise CorpusError(f"{source}: {MISREAD}; download them and tag the files themselves")
    return rows


def _choose(source: str, names: list[str], wanted: str | None) -> str:
    if wanted is None and len(names) == 1:
        return names[0]
    usual, _ = normal_splits(names)
    if wanted in names:
        return str(wanted)
    if wanted in usual:
        return usual[wanted]
    there = ", ".join(names)
    if wanted is None:
        raise CorpusError(f"{source} has the splits {there}; choose one (--split {names[0]})")
    raise CorpusError(f"{source} has no split {wanted!r}; there are: {there}")
