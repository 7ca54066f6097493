"""Fingerprints of runs: a resumed run has the same data and settings."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from tagger.corpora.encoding.encoded_split import EncodedSplit
from tagger.errors import TrainingError

FORMAT = 2
"""Version of the state of a run; a change of its meaning raises it."""
MAY_CHANGE = ("training.epochs", "training.patience", "training.max_minutes", "training.max_memory")
"""Settings that say when a run ends and what it may use, not how it learns."""


def fingerprint(
    *, task: str, data: Mapping[str, Iterable[np.ndarray]], settings: Mapping[str, Any], device: str, threads: int
) -> dict[str, Any]:
    """Return what a run is, as plain values; ``data`` by the name that messages use: "training data"."""
    import torch

    return {
        "format": FORMAT,
        "task": task,
        "data": {name: digest(arrays) for name, arrays in data.items()},
        "settings": dict(_flat(settings)),
        "machine": {
            "device": device,
            "threads": threads,
            "torch": torch.__version__,
            "CPU capability": torch.backends.cpu.get_cpu_capability(),
            "platform": f"{platform.system()} {platform.machine()}",
        },
    }


def digest(arrays: Iterable[np.ndarray]) -> str:
    """Return the SHA-256 of arrays, in order: shapes, types and contents; memory-mapped ones are read in pieces."""
    hasher = hashlib.sha256()
    for array in arrays:
        hasher.update(f"{array.dtype.str}{array.shape}".encode())
        flat = array.reshape(-1)
        for start in range(0, len(flat), 1 << 20):
            hasher.update(np.ascontiguousarray(flat[start : start + (1 << 20)]).tobytes())
    return hasher.hexdigest()


def differences(saved: Mapping[str, Any], present: Mapping[str, Any]) -> tuple[str, ...]:
    """List the changes that a resumed run may have, one line each.

    Raises:
        TrainingError: the state has another format, or something changed that may not; the message names all of it.
    """
    if saved.get("format", 1) != present["format"]:
        raise TrainingError(
            f"the state of the run has format {saved.get('format', 1)}, this version goes on from format "
            f"{present['format']}; go on with the version that wrote it, or start anew with --overwrite"
        )
    wrong: list[str] = []
    if saved["task"] != present["task"]:
        wrong.append(f"the task was {saved['task']} and is {present['task']}")
    wrong += [f"the {name} changed" for name in _changes(saved["data"], present["data"])]
    settings = _changes(saved["settings"], present["settings"])
    wrong += [change for name, change in settings.items() if name not in MAY_CHANGE]
    if wrong:
        raise TrainingError(
            f"cannot resume: {'; '.join(wrong)}. Give the data and the settings of the run that was begun, "
            "or start anew with --overwrite and without --resume"
        )
    return (*settings.values(), *_changes(saved["machine"], present["machine"]).values())


def _changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, str]:
    """Describe each value that changed, by its name."""
    return {
        name: f"{name} was {before.get(name)} and is {now.get(name)}"
        for name in {**before, **now}
        if before.get(name) != now.get(name)
    }


def _flat(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield settings by their dotted names, as JSON holds them."""
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, list(value) if isinstance(value, tuple) else value


def split_arrays(split: EncodedSplit) -> list[np.ndarray]:
    """Return the arrays of a labelled split."""
    arrays = split.arrays
    optional = (arrays.word_ids, arrays.affix_ids, arrays.char_ids, arrays.vector_ids)
    known = [array for array in optional if array is not None]
    return [as_array(split.words), split.type_ids, split.offsets, *known, *split.labels.values()]


def as_array(words: Iterable[str]) -> np.ndarray:
    """Return strings as an array of bytes."""
    return np.frombuffer("\0".join(words).encode("utf-8", "surrogatepass"), dtype=np.uint8)
