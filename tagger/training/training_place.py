"""Where a run of training computes and writes: checked before anything is read, set up for as long as it lasts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from tagger.runtime.device import check_threads, choose_device, intra_op_threads, keep_memory, memory_watched
from tagger.runtime.memory_limit import MemoryLimit
from tagger.sequence_labelling.tagger_run import Machine
from tagger.training.checkpoint_callback import Keeping
from tagger.training.events import Event, Listener
from tagger.training.run import run_folders


def make_machine(
    device: str,
    threads: int | None,
    listener: Listener | None,
    keeping: Keeping | None,
    max_memory: str | int | None = None,
) -> Machine:
    """What a run computes on, and who listens.

    Args:
        device: "auto", "cpu" or "cuda".
        threads: CPU threads; all available cores if None.
        listener: called with every event.
        keeping: how the state of the run is kept.
        max_memory: the limit of the memory of the process, if there is one.

    Raises:
        ConfigError: there is no such device, or there are not so many cores.
    """
    choose_device(device)
    limit = None if max_memory is None else MemoryLimit(max_memory)
    return Machine(device, check_threads(threads), listener or _silent, keeping or Keeping(), limit)


@contextmanager
def at_work(machine: Machine, out: Path | None, *, overwrite: bool) -> Iterator[tuple[Path | None, Path]]:
    """Within the block a run may train: it gets the folders of ``run_folders``.

    Args:
        machine: what it computes on.
        out: where the model will be, once the block has ended.
        overwrite: whether a model that is there may be replaced.

    Raises:
        OutputError: ``out`` is taken, not writable, or being written by another process.
        TrainingError: there is nothing to resume, or memory ran out.
    """
    torch.set_flush_denormal(True)
    keep_memory()
    with (
        memory_watched(machine.memory),
        intra_op_threads(1),
        run_folders(out, overwrite=overwrite, keeping=machine.keeping) as folders,
    ):
        yield folders


def _silent(event: Event) -> None:
    """Listen to nothing."""
