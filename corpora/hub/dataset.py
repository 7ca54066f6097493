"""Labelled corpora from the Hugging Face hub, read through ``datasets``.

The way in: `parse_hub_spec` reads what the user wrote; the cache is looked at and the hub asked
(`hub_cache`, `hub_client`); the columns of words and labels are found (`hub_columns`); rows become sentences
(`hub_tables`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tagger.corpora.hub.cache import may_ask
from tagger.corpora.hub.client import Loaded, load_online
from tagger.corpora.hub.errors import WITHOUT_NETWORK, HubUnreachableError
from tagger.corpora.hub.hub_id import HubSpec, parse_hub_spec
from tagger.errors import CorpusError

if TYPE_CHECKING:
    import datasets

    from tagger.corpora.hub.client import Loaded


__all__ = ["HubSpec", "load", "parse_hub_spec", "read_hub"]


def read_hub(
    spec: HubSpec,
    *,
    column: str,
    offline: bool = False,
    tokens_column: str | None = None,
    labels_column: str | None = None,
    label_names: Sequence[str] | None = None,
    skip_invalid: bool = False,
    repair: bool = False,
) -> tuple[dict[str, datasets.Dataset], list[str]]:
    """Read a labelled corpus from the hub.

    All splits of a configuration are downloaded together, as ``datasets`` does, and kept in its cache.

    Args:
        spec: which data set, configuration and revision.
        column: the kind of labels: ``upos``, ``xpos``, ``ner`` or the name of a column; usual other names of
            the same thing are understood (``pos_tags``, ``ner_tags``).
        offline: never ask the network, answer from the cache or not at all, as with ``HF_HUB_OFFLINE=1``.
        tokens_column: the column of words, where it does not have a usual name.
        labels_column: the very column of labels; it goes before `column`.
        label_names: the names of labels that are bare integers, in the order of the integers.
        skip_invalid: leave rows out that cannot be used, and count them, instead of raising.
        repair: let pass what will be repaired.

    Returns:
        The splits that there are among ``train``, ``dev`` and ``test``: B rows with ``tokens`` and ``tags``
        (lists of T strings), further label columns under their own names, ``text`` where there is one. And
        what the user should be told.

    Raises:
        CorpusError: the data set cannot be had, or does not hold what was asked of it.
    """
    from tagger.corpora.hub.configs import normal_splits
    from tagger.corpora.hub.errors import explaining

    with explaining(spec):
        loaded = load(spec, offline=offline)
        splits, left = normal_splits(loaded.splits)
        notes = [*loaded.notes, *_split_notes(splits, left)]
        if not splits:
            raise CorpusError(f"{spec} has no train, dev or test split; there are: {', '.join(left)}")
        read, more = _read_splits(
            str(spec),
            {split: loaded.splits[name] for split, name in splits.items()},
            column=column,
            tokens_column=tokens_column,
            labels_column=labels_column,
            label_names=loaded.label_names if label_names is None else label_names,
            skip_invalid=skip_invalid,
            repair=repair,
        )
    return read, [*notes, *more]


def load(spec: HubSpec, offline: bool) -> Loaded:
    """Load from the hub; from the cache where the hub may not or need not be asked, or does not answer.

    Raises:
        HubUnreachableError: it is not in the cache either.
        Exception: see `tagger.corpora.hub.errors.explaining`.
    """
    from tagger.corpora.hub.cache import is_commit, may_ask, recall, remember
    from tagger.corpora.hub.client import load_online
    from tagger.corpora.hub.errors import WITHOUT_NETWORK, HubUnreachableError

    if not may_ask(offline) or is_commit(spec.revision):
        cached = recall(spec)
        if cached is not None:
            return cached
    if not may_ask(offline):
        raise HubUnreachableError(
            f"{spec} is not in the cache, and the hub may not be asked (offline); "
            f"read it once with a connection, or: {WITHOUT_NETWORK}"
        )
    try:
        loaded = load_online(spec)
    except HubUnreachableError:
        cached = recall(spec)
        if cached is None:
            raise
        note = f"the hub does not answer: the copy in the cache was read (commit {cached.commit[:12]})"
        return replace(cached, notes=(*cached.notes, note))
    for known_as in {spec, replace(spec, revision=loaded.commit)}:
        remember(known_as, loaded)
    return loaded


def _read_splits(
    source: str,
    splits: dict[str, datasets.Dataset],
    *,
    column: str,
    tokens_column: str | None,
    labels_column: str | None,
    label_names: Sequence[str] | None,
    skip_invalid: bool,
    repair: bool,
) -> tuple[dict[str, datasets.Dataset], list[str]]:
    from tagger.corpora.hub.columns import choose_columns, unnested
    from tagger.corpora.hub.tables import to_sentences

    flat = {split: unnested(data) for split, data in splits.items()}
    columns = choose_columns(
        source,
        next(iter(flat.values())),
        column=column,
        tokens_column=tokens_column,
        labels_column=labels_column,
        label_names=label_names,
    )
    read, notes = {}, [] if columns.note is None else [columns.note]
    for split, data in flat.items():
        sentences, more = to_sentences(source, split, data, columns, skip_invalid=skip_invalid, repair=repair)
        notes += more
        if sentences.num_rows:
            read[split] = sentences
        else:
            notes.append(f"{split}: no sentence in it")
    if not read:
        raise CorpusError(f"{source} holds no sentence that can be used ({'; '.join(notes)})")
    return read, notes


def _split_notes(splits: dict[str, str], left: list[str]) -> list[str]:
    notes = [f"the only split, {name!r}, was taken for {split}" for split, name in splits.items() if _odd(name)]
    if left and splits:
        notes.append(f"splits that were not read: {', '.join(left)}")
    return notes


def _odd(name: str) -> bool:
    from tagger.corpora.sources.splits import SPLIT_NAMES

    return all(name.lower() not in spellings for spellings in SPLIT_NAMES.values())


def load_streams(spec: HubSpec, offline: bool) -> Loaded:
    """Opens the present state of a data set for streaming; a scripted one in the hub's converted copy.

    Raises:
        HubUnreachableError: the hub does not answer, or may not be asked.
        Exception: whatever ``datasets`` and ``huggingface_hub`` raise, see `tagger.corpora.hub.errors`.
    """
    if not may_ask(offline):
        raise HubUnreachableError(
            f"{spec} cannot be streamed, the hub may not be asked (offline); "
            f"leave --streaming out to read it from the cache if it is there, or: {WITHOUT_NETWORK}"
        )
    return load_online(spec, streaming=True)
