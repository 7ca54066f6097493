"""What a run learns: the description of a task, the options and the context of its runs, and what a run leaves."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar

import numpy as np
import torch
from torch import nn

from tagger.config.tagger import OptimizationConfig
from tagger.corpora.files.paths import user_path
from tagger.errors import ConfigError
from tagger.runtime.device import check_threads, choose_device
from tagger.training.checkpoint_callback import CheckpointConfig
from tagger.training.events import Event, Listener
from tagger.training.objective import DevScore, Objective, Task
from tagger.training.optimizer_step import Optimization
from tagger.training.optimizers import make_optimization


class TaskConfig(Protocol):
    """The configuration of any task: ``Config``, ``LanguageConfig`` and so on."""

    @property
    def training(self) -> OptimizationConfig:
        """The settings that the training loop reads."""

    def to_dict(self) -> dict[str, Any]:
        """Return all settings, nested."""

    def with_seed(self, seed: int) -> Self:
        """Return the configuration with another seed."""


def ignore_events(event: Event) -> None:
    """Listen to nothing."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Options of a run that change nothing of what it learns.

    Args:
        out: model folder to write; None writes nothing.
        overwrite: whether a model that is there already may be replaced.
        device: "auto", "cpu" or "cuda".
        threads: CPU threads; all available cores if None.
        listener: gets every event.
        seeds: models to train, with the seeds ``config.training.seed`` and following; the best is kept.
        command: for the model card; the command line of this process if None.
        checkpointing: how the state of the run is saved, and whether an unfinished run is resumed.
    """

    out: Path | None = None
    overwrite: bool = False
    device: str = "auto"
    threads: int | None = None
    listener: Listener = ignore_events
    seeds: int = 1
    command: str | None = None
    checkpointing: CheckpointConfig = field(default_factory=CheckpointConfig)

    def __post_init__(self) -> None:
        """Expand ``~`` in the name of the folder, and check what can be checked.

        Raises:
            ConfigError: there is no such device, or not that many cores, or there are no seeds.
        """
        if self.out is not None:
            object.__setattr__(self, "out", user_path(self.out))
        if self.seeds < 1:
            raise ConfigError(f"seeds is {self.seeds}; expected at least 1")
        choose_device(self.device)
        check_threads(self.threads)


@dataclass(frozen=True, slots=True)
class RunContext:
    """The device, threads, folders and listener of a run.

    Args:
        device: "auto", "cpu" or "cuda".
        threads: CPU threads.
        listener: gets every event.
        folder: the model folder that is being written; None for none.
        scratch: a folder for large files that only training needs; None for none.
        checkpointing: how the state of the run is saved.
    """

    device: str
    threads: int
    listener: Listener = ignore_events
    folder: Path | None = None
    scratch: Path | None = None
    checkpointing: CheckpointConfig = field(default_factory=CheckpointConfig)


NetworkT = TypeVar("NetworkT", bound=nn.Module)


RunT = TypeVar("RunT")


@dataclass(frozen=True, slots=True)
class TrainedNetwork(Generic[NetworkT]):
    """A trained network and the log of its training.

    Args:
        network: on the CPU, in evaluation mode, without gradients, its weights rounded as they are stored.
        log: one entry an epoch, those before an interruption included.
        score: of the best epoch on dev; None without dev.
        notes: how often the run was interrupted, and what changed since.
    """

    network: NetworkT
    log: Sequence[Mapping[str, Any]]
    score: DevScore | None
    notes: tuple[str, ...]

    @property
    def loss(self) -> float:
        """Loss of a step on dev; of train where there is no dev."""
        return float(self.log[-1]["loss_per_step"]) if self.score is None else self.score.loss


ModelT = TypeVar("ModelT")


ScoresT = TypeVar("ScoresT")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedRun(Generic[ModelT, ScoresT]):
    """One trained model and its scores.

    Args:
        seed: it was trained with.
        model: ready to use.
        scores: by split, "dev" and "test" where the data have them.
        log: one entry an epoch.
        notes: how often the run was interrupted, and what changed since.
    """

    seed: int
    model: ModelT
    scores: Mapping[str, ScoresT]
    log: Sequence[Mapping[str, Any]]
    notes: tuple[str, ...] = ()


class TrainingTask(ABC, Generic[NetworkT, RunT]):
    """Describes what a run learns: all that differs between tagging, language modelling, forecasting and so on.

    ``run_training`` calls the methods in the order they stand here. The attributes are set by the subclass, usually
    a dataclass of a configuration and of data that are read, encoded and shared by the runs of all seeds; see
    ``tagger.forecasting.task``.

    >>> run_training(task, context)                         # one run, with the seed of ``task.config``
    >>> train_and_save(lambda context: task, options)       # all seeds, and a model folder of the best run

    Attributes:
        name: of the task, in the fingerprint.
        config: resolved, with the seed of the run.
        notes: for the user, in the first event.
    """

    name: ClassVar[Task]
    config: TaskConfig
    notes: tuple[str, ...] = ()

    @abstractmethod
    def build_network(self) -> NetworkT:
        """Build the network before training, on the CPU; random numbers are drawn from torch's seeded generator."""

    @abstractmethod
    def build_objective(self, network: NetworkT, device: torch.device) -> Objective:
        """Return what the network, now on its device, learns."""

    def make_optimization(self, network: NetworkT) -> Optimization:
        """Return the optimizer, the running average and the schedule; those of the settings by default."""
        return make_optimization(network, self.config.training)

    @abstractmethod
    def fingerprint_data(self) -> Mapping[str, Iterable[np.ndarray]]:
        """Return all arrays that the weights depend on, by the name that messages use: "training data"."""

    @abstractmethod
    def result(self, trained: TrainedNetwork[NetworkT], context: RunContext) -> RunT:
        """Make the model as a user will load it, and score it on dev and test."""

    @abstractmethod
    def best(self, runs: Sequence[RunT]) -> RunT:
        """Return the run to keep of those of all seeds."""

    @abstractmethod
    def write(self, folder: Path, best: RunT, runs: Sequence[RunT], options: RunOptions) -> None:
        """Fill the model folder: weights, scores, card, curves. The log is there already."""

    def with_seed(self, seed: int) -> Self:
        """Return the task with the same data and another seed."""
        task = copy.copy(self)
        task.config = self.config.with_seed(seed)
        return task
