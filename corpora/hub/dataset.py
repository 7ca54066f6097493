"""Labelled corpora from the Hugging Face hub, read through ``datasets``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tagger.corpora.formats.options import ReadOptions
from tagger.corpora.hub.cache import is_commit, may_ask, recall, remember
from tagger.corpora.hub.client import Loaded, load_online
from tagger.corpora.hub.columns import choose_columns, unnested
from tagger.corpora.hub.configs import normal_splits
from tagger.corpora.hub.errors import WITHOUT_NETWORK, HubUnreachableError, explaining
from tagger.corpora.hub.hub_id import HubSpec
from tagger.corpora.sources.corpus import Note
from tagger.corpora.sources.splits import SPLIT_NAMES
from tagger.errors import CorpusError

if TYPE_CHECKING:
    import datasets


def read_hub(spec: HubSpec, options: ReadOptions) -> tuple[dict[str, datasets.Dataset], list[str]]:
    """Read a labelled corpus from the hub.

    ``datasets`` downloads all splits of a configuration together and keeps them in its cache.

    Returns:
        The splits that exist among ``train``, ``dev`` and ``test``: B rows with ``tokens`` and ``tags``
        (lists of T strings), further label columns under their own names, ``text`` where there is one. And notes for
        the user.

    Raises:
        CorpusError: the data set cannot be loaded, or does not hold the columns.
    """
    with explaining(spec):
        loaded = load_splits(spec, options.offline)
        if options.label_names is None:
            options = replace(options, label_names=loaded.label_names)
        tables, notes = _read_splits(str(spec), loaded.splits, options)
    return tables, [*loaded.notes, *notes]


def load_splits(spec: HubSpec, offline: bool, *, streaming: bool = False) -> Loaded:
    """Load the splits train, dev and test, and note the others; see ``load``."""
    loaded = load(spec, offline, streaming=streaming)
    splits, unread = normal_splits(loaded.splits)
    if not splits:
        raise CorpusError(f"{spec} has no train, dev or test split; there are: {', '.join(unread)}")
    notes = [
        f"the only split, {name!r}, was taken for {split}"
        for split, name in splits.items()
        if name.lower() not in SPLIT_NAMES[split]
    ]
    if unread:
        notes.append(f"splits that were not read: {', '.join(unread)}")
    data = {split: loaded.splits[name] for split, name in splits.items()}
    return replace(loaded, splits=data, notes=(*loaded.notes, *notes))


def load(spec: HubSpec, offline: bool, *, streaming: bool = False) -> Loaded:
    """Load from the hub, or from the cache if the hub is not asked or does not answer.

    With `streaming` nothing is downloaded; the splits are streams, which need the network.

    Raises:
        HubUnreachableError: it is not in the cache either.
        Exception: see `tagger.corpora.hub.errors.explaining`.
    """
    asking = may_ask(offline)
    if streaming:
        if not asking:
            raise HubUnreachableError(
                f"{spec} cannot be streamed, the hub may not be asked (offline); "
                f"leave --streaming out to read it from the cache if it is there, or: {WITHOUT_NETWORK}"
            )
        return load_online(spec, streaming=True)
    if (not asking or is_commit(spec.revision)) and (cached := recall(spec)) is not None:
        return cached
    if not asking:
        raise HubUnreachableError(
            f"{spec} is not in the cache, and the hub may not be asked (offline); "
            f"read it once with a connection, or: {WITHOUT_NETWORK}"
        )
    try:
        loaded = load_online(spec)
    except HubUnreachableError:
        if (cached := recall(spec)) is None:
            raise
        note = f"the hub does not answer: the copy in the cache was read (commit {cached.commit[:12]})"
        return replace(cached, notes=(*cached.notes, note))
    for known_as in {spec, replace(spec, revision=loaded.commit)}:
        remember(known_as, loaded)
    return loaded


def _read_splits(
    source: str, splits: dict[str, datasets.Dataset], options: ReadOptions
) -> tuple[dict[str, datasets.Dataset], list[str]]:
    from tagger.corpora.hub.tables import to_sentences

    flat = {split: unnested(data) for split, data in splits.items()}
    columns = choose_columns(source, next(iter(flat.values())), options)
    tables, notes = {}, [] if columns.note is None else [columns.note]
    for split, data in flat.items():
        sentences, split_notes = to_sentences(source, split, data, columns, options)
        notes += split_notes
        if sentences.num_rows:
            tables[split] = sentences
        else:
            notes.append(Note("no sentence in it", split))
    if not tables:
        raise CorpusError(f"{source} holds no sentence that can be used ({'; '.join(notes)})")
    return tables, notes
