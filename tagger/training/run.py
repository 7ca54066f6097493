"""From a task to a finished run: one pipeline for taggers, language models, forecasters and token regressors."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Generic

from tagger.runtime.device import check_threads, choose_device, intra_op_threads, seed_everything
from tagger.runtime.filesystem import scratch_folder
from tagger.runtime.memory_limit import keep_memory, memory_limit
from tagger.runtime.signals import graceful_shutdown
from tagger.serialization import manifest
from tagger.serialization.atomic_folder import Resume, writing
from tagger.serialization.checkpoint import round_as_stored
from tagger.training.checkpoint_callback import CheckpointCallback, CheckpointConfig
from tagger.training.checkpoint_store import CheckpointStore
from tagger.training.events import EpochEnd, Listener, Step
from tagger.training.fingerprint import fingerprint
from tagger.training.task import (
    NetworkT,
    RunContext,
    RunOptions,
    RunT,
    TrainedNetwork,
    TrainingTask,
    ignore_events,
)
from tagger.training.trainer import Trainer

LOGGER = logging.getLogger(__name__)


def run_options(
    out: str | Path | None,
    overwrite: bool,
    resume: Resume,
    device: str,
    threads: int | None,
    listener: Listener | None,
) -> RunOptions:
    """Make the options of ``train_pos`` and its like."""
    folder, saving = None if out is None else Path(out), CheckpointConfig(resume)
    return RunOptions(folder, overwrite, device, threads, listener or ignore_events, checkpointing=saving)


def run_training(task: TrainingTask[NetworkT, RunT], context: RunContext) -> RunT:
    """Train one model to the end, or go on with the run whose state the folder holds.

    Raises:
        TrainingError: the run in the folder has other data or settings, or no epoch was of use.
        Stopped: a signal arrived, and the state is saved.
    """
    training = task.config.training
    rng = seed_everything(training.seed)
    device = choose_device(context.device)
    network = task.build_network()
    objective = task.build_objective(network.to(device), device)
    with ExitStack() as stack:
        callbacks = []
        if context.folder is not None:
            request = stack.enter_context(graceful_shutdown())
            store = CheckpointStore(context.folder / manifest.TRAINING / str(training.seed))
            identity = fingerprint(
                task=task.name,
                data=task.fingerprint_data(),
                settings=task.config.to_dict(),
                device=str(device),
                threads=context.threads,
            )
            callbacks.append(CheckpointCallback(store, identity, context.checkpointing.minutes, request))
        trainer = Trainer(
            network,
            objective,
            training,
            task.make_optimization(network),
            rng=rng,
            threads=context.threads,
            notes=task.notes,
            callbacks=callbacks,
        )
        log = _follow(trainer, training.seed, context)
    score = trainer.best.score
    del trainer  # and with it the memory of the optimizer
    objective.finish()
    network.cpu().eval().requires_grad_(False)
    round_as_stored(network)
    notes = callbacks[0].resume_summary() if callbacks else ()
    return task.result(TrainedNetwork(network, log, score, notes), context)


def _follow(trainer: Trainer, seed: int, context: RunContext) -> list[dict[str, Any]]:
    """Train; tell the listener and the logger of Python, and log each epoch in the folder."""
    log: list[dict[str, Any]] = []
    for event in trainer.events():
        LOGGER.log(logging.DEBUG if isinstance(event, Step) else logging.INFO, "seed %d: %s", seed, event)
        if isinstance(event, EpochEnd):
            log.append({"seed": seed, **asdict(event)})
            if context.folder is not None:
                with (context.folder / manifest.LOG).open("a", encoding="utf-8") as file:
                    file.write(json.dumps(log[-1]) + "\n")
        context.listener(event)
    return log


@dataclass(frozen=True, slots=True)
class TrainingResult(Generic[RunT]):
    """The runs of all seeds, and the best of them.

    Args:
        best: the run that was kept, the best on dev.
        runs: all runs, one a seed.
        folder: where the best model was saved, or None.
    """

    best: RunT
    runs: Sequence[RunT]
    folder: Path | None


def train_and_save(
    prepare: Callable[[RunContext], TrainingTask[NetworkT, RunT]],
    options: RunOptions,
    max_memory: str | int | None = None,
) -> TrainingResult[RunT]:
    """Train one model a seed, keep the best, and write its folder where ``options.out`` names one.

    Args:
        prepare: encodes the data and returns the task; it may write large files to the scratch folder of the context.
        options: where to compute and write, and who listens.
        max_memory: limit of the memory of the process, see ``tagger.runtime.memory_limit``.

    Raises:
        OutputError: the folder is taken, not writable, or being written by another process.
        TrainingError: there is nothing to resume, or memory does not suffice.
    """
    with run_context(options, max_memory) as context:
        task = prepare(context)
        seed = task.config.training.seed
        runs = [run_training(task.with_seed(seed + number), context) for number in range(options.seeds)]
        best = task.best(runs)
        if context.folder is not None:
            task.write(context.folder, best, runs, options)
    return TrainingResult(best, runs, options.out)


@contextmanager
def run_context(options: RunOptions, max_memory: str | int | None = None) -> Iterator[RunContext]:
    """Set up the process for training; the folder becomes ``options.out`` when the block ends well.

    Raises:
        OutputError, TrainingError: as ``train_and_save``.
    """
    keep_memory()
    saving, threads = options.checkpointing, check_threads(options.threads)
    with ExitStack() as stack:
        stack.enter_context(memory_limit(max_memory))
        stack.enter_context(intra_op_threads(1))
        folder = None
        if options.out is not None:
            folder = stack.enter_context(
                writing(options.out, overwrite=options.overwrite, resume=saving.resume, keep_state=saving.keep_state)
            )
        scratch = stack.enter_context(scratch_folder(folder))
        yield RunContext(options.device, threads, options.listener, folder, scratch, saving)
