"""What the commands that train have in common: looking before reading, and what they pass on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tagger.cli.train_commands.resume import checkpointing, nothing_left

NUMBERS = {
    "loss": "head.loss",
    "delta": "head.delta",
    "cell": "encoder.cell",
    "layers": "encoder.layers",
    "hidden_size": "encoder.hidden_size",
    "epochs": "training.epochs",
    "batch_tokens": "training.batch_tokens",
    "learning_rate": "training.learning_rate",
    "schedule": "training.schedule",
    "dropout": "training.dropout",
    "patience": "training.patience",
    "seed": "training.seed",
    "max_minutes": "training.max_minutes",
    "max_memory": "training.max_memory",
}
"""Options that are settings of all models of numbers, by their dotted names."""


def given(values: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Settings by their dotted names, of the options that were given."""
    return {setting: values[option] for option, setting in names.items() if values[option] is not None}


def may_start(values: Mapping[str, Any]) -> bool:
    """Whether there is something to train; false, and said, where the run that is to be resumed is finished.

    Raises:
        TaggerError: the folder, the threads or the device cannot be used.
    """
    from tagger.runtime.device import check_threads, choose_device
    from tagger.serialization.atomic_folder import check_free

    if nothing_left(values):
        return False
    check_free(values["out"], overwrite=values["overwrite"])
    check_threads(values["threads"])
    choose_device(values["device"])
    return True


def run_options(values: Mapping[str, Any]) -> dict[str, Any]:
    """Where to train, what to write and how the run is kept, as keyword arguments."""
    options = {name: values[name] for name in ("out", "overwrite", "device", "threads")}
    return {**options, "checkpointing": checkpointing(values)}


def size_of(out: Path) -> str:
    """How large a model folder is."""
    return f"{sum(path.stat().st_size for path in out.iterdir() if path.is_file()) / 1e6:.1f} MB"
