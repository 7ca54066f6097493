"""What must be the same for a run to be resumed, and what may have changed since."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from tagger.corpora.encoding.encoded_split import EncodedSplit
from tagger.errors import TrainingError

MAY_CHANGE = ("training.epochs", "training.patience", "training.max_minutes", "training.max_memory")
"""Settings that say when a run ends and what it may use, not how it learns."""


def fingerprint(
    *, task: str, data: Mapping[str, Iterable[np.ndarray]], settings: Mapping[str, Any], device: str, threads: int
) -> dict[str, Any]:
    """What a run is, as plain values.

    Args:
        task: "pos" or "lm".
        data: what it learns from, as numbers, by a name that a message can have: "training data".
        settings: nested, resolved.
        device: where it computes.
        threads: CPU threads.
    """
    import torch

    return {
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
    """SHA-256 of the shapes, types and contents of arrays, in order; memory-mapped ones are read piece by piece."""
    found = hashlib.sha256()
    for array in arrays:
        found.update(f"{array.dtype.str}{array.shape}".encode())
        flat = array.reshape(-1)
        for start in range(0, len(flat), 1 << 20):
            found.update(np.ascontiguousarray(flat[start : start + (1 << 20)]).tobytes())
    return found.hexdigest()


def differences(saved: Mapping[str, Any], present: Mapping[str, Any]) -> tuple[str, ...]:
    """What may change and has, one line each.

    Raises:
        TrainingError: something changed that may not: the message names all of it.
    """
    wrong: list[str] = []
    if saved["task"] != present["task"]:
        wrong.append(f"the task was {saved['task']} and is {present['task']}")
    for name in {**saved["data"], **present["data"]}:
        if saved["data"].get(name) != present["data"].get(name):
            wrong.append(f"the {name} changed")
    changes: list[str] = []
    for name, before, now in _changed(saved["settings"], present["settings"]):
        (changes if name in MAY_CHANGE else wrong).append(f"{name} was {before} and is {now}")
    if wrong:
        raise TrainingError(
            f"cannot resume: {'; '.join(wrong)}. Give the data and the settings of the run that was begun, "
            "or start anew with --overwrite and without --resume"
        )
    changes += [
        f"{name} was {before} and is {now}" for name, before, now in _changed(saved["machine"], present["machine"])
    ]
    return tuple(changes)


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for name in {**before, **now}:
        if before.get(name) != now.get(name):
            yield name, before.get(name), now.get(name)


def _flat(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Settings by their dotted names, as JSON holds them."""
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, list(value) if isinstance(value, tuple) else value


def split_arrays(split: EncodedSplit) -> list[np.ndarray]:
    """A labelled split as arrays."""
    arrays = split.arrays
    optional = (arrays.word_ids, arrays.affix_ids, arrays.char_ids, arrays.vector_ids)
    known = [array for array in optional if array is not None]
    return [as_array(split.words), split.type_ids, split.offsets, *known, *split.labels.values()]


def as_array(words: Iterable[str]) -> np.ndarray:
    """Strings as bytes."""
    return np.frombuffer("\0".join(words).encode("utf-8", "surrogatepass"), dtype=np.uint8)
