"""The rows of one split of a data set on the hub, one after the other, downloaded or streamed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tagger.corpora.hub.hub_id import HubSpec
from tagger.errors import CorpusError

ROWS_AT_A_TIME = 100


@dataclass(frozen=True, slots=True)
class HubRows:
    """One split.

    Args:
        source: what to call it in messages.
        spec: where it lies.
        features: the kind of each column, as ``datasets`` describes it.
        notes: what the user should know of how it was found.
        data: a ``Dataset``, or an ``IterableDataset`` that reads over the network as it goes.
    """

    source: str
    spec: HubSpec
    features: dict[str, Any]
    notes: tuple[str, ...]
    data: Any

    def read(self, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Some columns of all rows, in order; memory is bounded by what ``datasets`` reads at a time.

        Raises:
            CorpusError: the network failed for longer than ``datasets`` has patience, or a file is damaged.
        """
        from tagger.corpora.hub.errors import explaining

        with explaining(self.spec):
            batches = self.data.select_columns(list(columns)).with_format("arrow").iter(ROWS_AT_A_TIME)
            for table in batches:
                yield from table.to_pylist()


def open_rows(source: str, spec: HubSpec, split: str | None, *, streaming: bool, offline: bool) -> HubRows:
    """Finds one split of a data set.

    Args:
        source: what the user asked for.
        spec: what it stands for.
        split: the split by its own name, or ``train``, ``dev``, ``test``; None where there is only one.
        streaming: read over the network as it goes, keep nothing on the disk.
        offline: never use the network; read what was downloaded before.

    Raises:
        CorpusError: there is no such data set or split, or it cannot be had, or ``datasets`` misreads it.
    """
    from tagger.corpora.hub.columns import unnested
    from tagger.corpora.hub.dataset import load, load_streams
    from tagger.corpora.hub.errors import explaining
    from tagger.corpora.hub.files import MISREAD, in_columns

    with explaining(spec):
        loaded = load_streams(spec, offline) if streaming else load(spec, offline=offline)
        name = _choose(source, list(loaded.splits), split)
        data = loaded.splits[name] if streaming else unnested(loaded.splits[name])
        data = data if data.features is not None else data._resolve_features()
    if in_columns(data):
        raise CorpusError(f"{source}: {MISREAD}; download them and tag the files themselves")
    return HubRows(f"{source} ({name})", spec, dict(data.features), loaded.notes, data)


def _choose(source: str, names: list[str], wanted: str | None) -> str:
    from tagger.corpora.hub.configs import normal_splits

    if wanted is None and len(names) == 1:
        return names[0]
    found, _ = normal_splits(names)
    if wanted in names:
        return str(wanted)
    if wanted in found:
        return found[wanted]
    there = ", ".join(names)
    if wanted is None:
        raise CorpusError(f"{source} has the splits {there}; choose one (--split {names[0]})")
    raise CorpusError(f"{source} has no split {wanted!r}; there are: {there}")
