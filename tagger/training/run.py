"""The folders of a run: the model folder that is being written, and scratch."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from tagger.runtime.device import check_threads, choose_device, intra_op_threads, keep_memory, memory_watched
from tagger.runtime.filesystem import scratch_folder
from tagger.runtime.memory_limit import MemoryLimit
from tagger.serialization import manifest
from tagger.serialization.atomic_folder import writing
from tagger.training.checkpoint_callback import CheckpointConfig
from tagger.training.events import EpochEnd, Event, Listener
from tagger.training.trainer import Trainer


@dataclass(frozen=True, slots=True)
class RunContext:
    """Where to compute, and who listens.

    Args:
        device: "auto", "cpu" or "cuda".
        threads: CPU threads.
        listener: called with every event.
        checkpointing: how the state of a run that writes a folder is kept.
        memory: the limit of the memory of the process, if there is one.
    """

    device: str
    threads: int
    listener: Listener
    checkpointing: CheckpointConfig = field(default_factory=CheckpointConfig)
    memory: MemoryLimit | None = None


def follow(trainer: Trainer, seed: int, context: RunContext, folder: Path | None) -> list[dict[str, Any]]:
    """Train, tell the listener, and note each epoch.

    Args:
        trainer: not begun.
        seed: of the run.
        context: who listens.
        folder: where the log is written, if anywhere.

    Returns:
        The log: an entry an epoch.
    """
    log: list[dict[str, Any]] = []
    for event in trainer.events():
        if isinstance(event, EpochEnd):
            log.append(log_entry(seed, event))
            if folder is not None:
                append_entry(folder / manifest.LOG, log[-1])
        context.listener(event)
    if context.memory is not None:
        context.memory.begin("scoring and saving the model")
    return log


@contextmanager
def run_folders(
    out: Path | None, *, overwrite: bool, checkpointing: CheckpointConfig
) -> Iterator[tuple[Path | None, Path]]:
    """A folder that becomes ``out`` when the block ends without an exception, and one for what is needed until then.

    Args:
        out: None if nothing is to be written; the first of the two is None then.
        overwrite: whether a model that is there already may be replaced.
        checkpointing: how the state of the run is kept, and whether an unfinished run goes on.

    Raises:
        OutputError: as ``tagger.serialization.atomic_folder.writing``.
    """
    if out is None:
        with scratch_folder(None) as scratch:
            yield None, scratch
        return
    with (
        writing(out, overwrite=overwrite, resume=checkpointing.resume, keep_state=checkpointing.keep_state) as partial,
        scratch_folder(partial) as scratch,
    ):
        yield partial, scratch


def make_run_context(
    device: str,
    threads: int | None,
    listener: Listener | None,
    checkpointing: CheckpointConfig | None,
    max_memory: str | int | None = None,
) -> RunContext:
    """What a run computes on, and who listens.

    Args:
        device: "auto", "cpu" or "cuda".
        threads: CPU threads; all available cores if None.
        listener: called with every event.
        checkpointing: how the state of the run is kept.
        max_memory: the limit of the memory of the process, if there is one.

    Raises:
        ConfigError: there is no such device, or there are not so many cores.
    """
    choose_device(device)
    limit = None if max_memory is None else MemoryLimit(max_memory)
    return RunContext(device, check_threads(threads), listener or _silent, checkpointing or CheckpointConfig(), limit)


@contextmanager
def run_context(context: RunContext, out: Path | None, *, overwrite: bool) -> Iterator[tuple[Path | None, Path]]:
    """Within the block a run may train: it gets the folders of ``run_folders``.

    Args:
        context: what it computes on.
        out: where the model will be, once the block has ended.
        overwrite: whether a model that is there may be replaced.

    Raises:
        OutputError: ``out`` is taken, not writable, or being written by another process.
        TrainingError: there is nothing to resume, or memory ran out.
    """
    torch.set_flush_denormal(True)
    keep_memory()
    with (
        memory_watched(context.memory),
        intra_op_threads(1),
        run_folders(out, overwrite=overwrite, checkpointing=context.checkpointing) as folders,
    ):
        yield folders


def _silent(event: Event) -> None:
    """Listen to nothing."""


def append_entry(path: Path, entry: Mapping[str, Any]) -> None:
    """Add an entry to the log of a run."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")


def log_entry(seed: int, event: EpochEnd) -> dict[str, Any]:
    """An epoch as the log of a run holds it."""
    return {"seed": seed, **asdict(event)}
