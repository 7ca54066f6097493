"""Data sets on the hub that are read over the network as they are needed, by way of ``datasets``."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tagger.corpora.hub_cache import may_ask
from tagger.corpora.hub_client import CONVERTED, ask_hub
from tagger.corpora.hub_configs import choose_config, data_files
from tagger.corpora.hub_errors import WITHOUT_NETWORK, HubUnreachableError
from tagger.corpora.hub_quiet import quiet
from tagger.corpora.hub_spec import HubSpec

if TYPE_CHECKING:
    from datasets import IterableDataset
    from huggingface_hub.hf_api import DatasetInfo


@dataclass(frozen=True, slots=True)
class Streams:
    """A data set that stays where it is.

    Args:
        splits: the splits under the names that the hub has for them.
        commit: the commit they are of.
        notes: what the user should know of how it was found.
    """

    splits: dict[str, IterableDataset]
    commit: str
    notes: tuple[str, ...]


def load_streams(spec: HubSpec, offline: bool) -> Streams:
    """Opens the present state of a data set for streaming; a scripted one in the hub's converted copy.

    Raises:
        HubUnreachableError: the hub does not answer, or may not be asked.
        Exception: whatever ``datasets`` and ``huggingface_hub`` raise, see `tagger.corpora.hub_errors`.
    """
    if not may_ask(offline):
        raise HubUnreachableError(
            f"{spec} cannot be streamed, the hub may not be asked (offline); "
            f"read it without streaming if it is in the cache, or: {WITHOUT_NETWORK}"
        )
    with quiet():
        info = ask_hub(spec.owner_name, spec.revision)
        converted = (spec.revision or "").endswith("convert/parquet")
        if not converted and f"{posixpath.basename(info.id)}.py" not in _files(info):
            return Streams(_streams(info, name=spec.config), str(info.sha), ())
        note = f"{info.id} holds a loading script: the hub's converted copy is read ({CONVERTED})"
        copy = info if converted else ask_hub(info.id, CONVERTED)
        files = data_files(_files(copy), choose_config(spec, _files(copy)))
        return Streams(_streams(copy, data_files=files), str(copy.sha), () if converted else (note,))


def _streams(info: DatasetInfo, **choice: Any) -> dict[str, IterableDataset]:
    import datasets

    builder = datasets.load_dataset_builder(f"hf://datasets/{info.id}", revision=str(info.sha), **choice)
    return dict(builder.as_streaming_dataset())


def _files(info: DatasetInfo) -> list[str]:
    return [sibling.rfilename for sibling in info.siblings or []]
