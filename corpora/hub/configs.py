"""The splits and configurations of a data set, found in the list of its files."""

from __future__ import annotations

import difflib
import posixpath
from collections.abc import Iterable, Sequence

from tagger.corpora.hub.hub_id import HubSpec
from tagger.corpora.sources.splits import SPLIT_NAMES, split_of
from tagger.errors import CorpusError

_RAW_KINDS = {".parquet": "parquet", ".jsonl": "json", ".json": "json"}
_SHOWN = 20


def normal_splits(names: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """Find train, dev and test among split names; a single split of another name is train.

    Returns:
        The hub's name by ``train``, ``dev``, ``test`` (where there is one), and the other names.
    """
    names = list(names)
    splits: dict[str, str] = {}
    for split, spellings in SPLIT_NAMES.items():
        candidates = [name for spelling in spellings for name in names if name.lower() == spelling]
        if candidates:
            splits[split] = candidates[0]
    if not splits and len(names) == 1:
        splits["train"] = names[0]
    return splits, [name for name in names if name not in splits.values()]


def choose_config(spec: HubSpec, files: Iterable[str]) -> str:
    """Choose the configuration in a converted copy, where each has a folder: ``CONFIG/SPLIT/0000.parquet``.

    Raises:
        CorpusError: there are several and none is chosen, or none has that name.
    """
    configs = sorted({file.split("/")[0] for file in files if file.endswith(".parquet") and "/" in file})
    if spec.config is None and len(configs) == 1:
        return configs[0]
    if spec.config is None or spec.config not in configs:
        raise missing_config(spec, configs)
    return spec.config


def missing_config(spec: HubSpec, configs: Sequence[str]) -> CorpusError:
    """Build the error that lists the configurations, the most similar first."""
    near = difflib.get_close_matches(spec.config or "", configs, n=3)
    shown = [*near, *(config for config in configs if config not in near)][:_SHOWN]
    more = f" and {len(configs) - _SHOWN} more" if len(configs) > _SHOWN else ""
    listed = f"{', '.join(shown) or 'none'}{more}"
    example = HubSpec(spec.owner_name, shown[0] if shown else "CONFIG", spec.revision)
    if spec.config is None:
        return CorpusError(f"{spec} has {len(configs)} configurations, choose one, as in {example}: {listed}")
    return CorpusError(f"{spec.owner_name} has no configuration {spec.config!r}; there are: {listed}")


def data_files(files: Iterable[str], config: str) -> dict[str, list[str]]:
    """Return the Parquet files of one configuration in a converted copy, by split."""
    by_split: dict[str, list[str]] = {}
    for file in sorted(files):
        parts = file.split("/")
        if len(parts) == 3 and parts[0] == config and file.endswith(".parquet"):
            by_split.setdefault(parts[1].removeprefix("partial-"), []).append(file)
    return by_split


def raw_files(files: Iterable[str]) -> tuple[str, dict[str, list[str]]] | None:
    """Find data files named after splits that lie beside a loading script, as in ``dataset/train00.json``.

    Returns:
        Their kind and the files by split; None if there are none, or if they have several kinds or folders, so that
        only the script could say which belong together.
    """
    by_split: dict[str, list[str]] = {}
    places = set()
    for file in sorted(files):
        folder, name = posixpath.split(file)
        stem, suffix = posixpath.splitext(name)
        split = split_of(stem)
        if split is not None and suffix in _RAW_KINDS:
            places.add((folder, _RAW_KINDS[suffix]))
            by_split.setdefault(split, []).append(file)
    return (places.pop()[1], by_split) if len(places) == 1 else None
