"""Records of data sets in the cache of ``datasets``, by the specification that the user wrote.

When offline, the search of ``datasets`` itself ignores the revision, takes another configuration if none is chosen,
and does not find converted copies. So each successful load leaves a small record beside the cache: the commit and
the files.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from tagger.corpora.hub.client import Loaded
from tagger.corpora.hub.hub_id import HubSpec

if TYPE_CHECKING:
    from datasets import Dataset

_FORMAT = 1


def may_ask(offline: bool) -> bool:
    """Whether the option and the hub's environment variables allow the network."""
    variables = ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "TRANSFORMERS_OFFLINE")
    return not offline and not any(
        (os.environ.get(name) or "0").upper() in ("1", "ON", "YES", "TRUE") for name in variables
    )


def is_commit(revision: str | None) -> bool:
    """Whether a revision can never change: a full commit hash."""
    return re.fullmatch(r"[0-9a-f]{40}", revision or "") is not None


def remember(spec: HubSpec, loaded: Loaded) -> None:
    """Record where a data set lies in the cache, if the cache can be written to."""
    record = {
        "format": _FORMAT,
        "spec": str(spec),
        "commit": loaded.commit,
        "label_names": loaded.label_names,
        "notes": loaded.notes,
        "splits": {name: [f["filename"] for f in split.cache_files] for name, split in loaded.splits.items()},
        "builders": {name: split.info.builder_name for name, split in loaded.splits.items()},
    }
    path = _record_path(spec)
    scratch = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch.write_text(json.dumps(record, indent=1), encoding="utf-8")
        scratch.replace(path)
    except OSError:
        scratch.unlink(missing_ok=True)


def recall(spec: HubSpec) -> Loaded | None:
    """Load `spec` from the cache; None if there is no record or its files are gone."""
    try:
        record = json.loads(_record_path(spec).read_text(encoding="utf-8"))
        if record["format"] != _FORMAT or record["spec"] != str(spec):
            return None
        builders = record.get("builders", {})
        splits = {str(name): _open(files, builders.get(name)) for name, files in record["splits"].items()}
        names = record["label_names"]
        label_names = None if names is None else tuple(map(str, names))
        return Loaded(splits, str(record["commit"]), label_names, tuple(map(str, record["notes"])))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _open(files: list[str], builder: str | None) -> Dataset:
    import datasets

    whole = datasets.concatenate_datasets([datasets.Dataset.from_file(file) for file in files])
    whole.info.builder_name = builder
    return whole


def _record_path(spec: HubSpec) -> Path:
    from datasets import config

    digest = hashlib.sha256(str(spec).encode()).hexdigest()[:32]
    return Path(config.HF_DATASETS_CACHE) / "tagger" / f"{digest}.json"
