"""Data sets on the hub that are read over the network as they are needed, by way of ``datasets``."""

from __future__ import annotations

from tagger.corpora.hub.cache import may_ask
from tagger.corpora.hub.client import Loaded, load_online
from tagger.corpora.hub.errors import WITHOUT_NETWORK, HubUnreachableError
from tagger.corpora.hub.hub_id import HubSpec


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
