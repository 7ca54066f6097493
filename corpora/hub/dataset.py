"""Labelled corpora from the Hugging Face hub, read through ``datasets``.

``read_hub`` loads the splits (``cache``, ``client``), chooses the columns of words and labels (``columns``), and turns
rows into sentences (``tables``).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tagger.corpora.formats.options import ReadOptions
from tagger.corpora.hub.cache import is_commit, may_ask, recall, remember
from tagger.corpora.hub.client import Loaded, load_online
from tagger.corpora.hub.configs import normal_splits
from tagger.corpora.hub.errors import WITHOUT_NETWORK, HubUnreachableError, explaining
from tagger.corpora.hub.hub_id import HubSpec, parse_hub_spec
from tagger.corpora.sources.corpus import Note
from tagger.corpora.sources.splits import SPLIT_NAMES
from tagger.errors import CorpusError

if TYPE_CHECKING:
    import datasets

__all__ = ["HubSpec", "load", "parse_hub_spec", "read_hub"]


def read_hub(spec: HubSpec, options: ReadOptions) -> tuple[dict[str, datasets.Dataset], list[str]]:
    """Read a labelled corpus from the hub.

    ``datasets`` downloads all splits of a configuration together and keeps them in its cache.

    Args:
        spec: the data set, its configuration and revision.
        options: the columns to read, and what to do with rows that cannot be used. ``column`` is the kind of labels,
            ``upos``, ``xpos``, ``ner`` or the name of a column; usual synonyms (``pos_tags``, ``ner_tags``) match.

    Returns:
        The splits that exist among ``train``, ``dev`` and ``test``: B rows with ``tokens`` and ``tags``
        (lists of T strings), further label columns under their own names, ``text`` where there is one. And notes for
        the user.

    Raises:
        CorpusError: the data set cannot be loaded, or does not hold the columns.
    """
    with explaining(spec):
        loaded = load(spec, options.offline)
        splits, unread = normal_splits(loaded.splits)
        if not splits:
            raise CorpusError(f"{spec} has no train, dev or test split; there are: {', '.join(unread)}")
        if options.label_names is None:
            options = replace(options, label_names=loaded.label_names)
        data = {split: loaded.splits[name] for split, name in splits.items()}
        tables, notes = _read_splits(str(spec), data, options)
    return tables, [*loaded.notes, *_split_notes(splits, unread), *notes]


def load(spec: HubSpec, offline: bool, *, streaming: bool = False) -> Loaded:
    """Load from the hub, or from the cache if the hub may not or need not be asked, or does not answer.

    Args:
        spec: the data set.
        offline: never use the network.
        streaming: do not download; the splits are streams, which need the network.

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
    from tagger.corpora.hub.columns import choose_columns, unnested
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


def _split_notes(splits: dict[str, str], unread: list[str]) -> list[str]:
    usual = {spelling for spellings in SPLIT_NAMES.values() for spelling in spellings}
    notes = [
        f"the only split, {name!r}, was taken for {split}"
        for split, name in splits.items()
        if name.lower() not in usual
    ]
    return notes + ([f"splits that were not read: {', '.join(unread)}"] if unread else [])
