"""Fitting a network that predicts numbers, over time or over words: the loop, and the weights as they are stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from torch import nn

from tagger.config.tagger import TrainingConfig
from tagger.runtime.device import choose_device
from tagger.sequence_labelling.tagger_run import Machine, follow
from tagger.serialization.checkpoint import round_as_stored
from tagger.training.checkpoint_callback import make_keeper
from tagger.training.fingerprint import fingerprint
from tagger.training.objective import DevScore, Objective
from tagger.training.optimizers import make_average, make_optimizer
from tagger.training.schedules import Schedule
from tagger.training.trainer import Fitting

DATA_NAMES = {"train": "training data", "dev": "development data"}
"""What a message calls the parts of the data that a run depends on."""


class NumberSettings(Protocol):
    """What the configurations of both kinds have."""

    @property
    def training(self) -> TrainingConfig:
        """Resolved."""

    def to_dict(self) -> dict[str, Any]:
        """All settings, nested."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """How it went; the weights are in the network.

    Args:
        log: one entry an epoch, with those of before an interruption.
        score: of the best epoch on dev; None without dev.
        notes: how often the run was interrupted, and what changed then.
    """

    log: list[dict[str, Any]]
    score: DevScore | None
    notes: tuple[str, ...]


def fit(
    network: nn.Module,
    objective: Objective,
    config: NumberSettings,
    machine: Machine,
    folder: Path | None,
    *,
    data: Mapping[str, Iterable[np.ndarray]],
    rng: np.random.Generator,
    notes: tuple[str, ...],
) -> Fitted:
    """Train to the end, or go on with the run that the folder holds.

    Args:
        network: on the device of the run; afterwards on the CPU, in evaluation mode, rounded to what is stored.
        objective: what it learns.
        config: resolved, with the seed of this run.
        machine: where, and who listens.
        folder: that is being written, for the log and the states of the run; None for neither.
        data: what is learnt from, as numbers, by the names of its parts: "train", "dev".
        rng: draws everything that is drawn with NumPy.
        notes: told in the first event.

    Raises:
        TrainingError: the run that is there was on other data or with other settings, or no epoch was of use.
        Stopped: a signal came, and the state is saved.
    """
    training, device = config.training, choose_device(machine.device)
    run = fingerprint(
        task="series",
        data={DATA_NAMES[name]: arrays for name, arrays in data.items()},
        settings=config.to_dict(),
        device=str(device),
        threads=machine.threads,
    )
    keeper = make_keeper(folder, machine.keeping, training.seed, run)
    fitting = Fitting(
        network,
        objective,
        training,
        optimizer=make_optimizer(network, training),
        average=make_average(network, training),
        schedule=Schedule(training.schedule, warmup=training.warmup),
        device=device,
        threads=machine.threads,
        rng=rng,
        notes=notes,
        keeper=keeper,
        memory=machine.memory,
    )
    log = follow(fitting, training.seed, machine, folder)
    network.cpu().eval().requires_grad_(False)
    round_as_stored(network)
    return Fitted(log, fitting.best.score, () if keeper is None else keeper.story())
