"""All that a run of training has to remember to go on exactly where it was."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from tagger.errors import TrainingError
from tagger.training.events import EpochEnd
from tagger.training.objective import DevScore, ResumableData, Stateful

if TYPE_CHECKING:
    from tagger.training.trainer import Trainer

FORMAT = 1
"""Of the state; raised when what follows changes its meaning."""


@dataclass(slots=True)
class EpochSoFar:
    """The epoch that is under way.

    Args:
        rng: state of the NumPy generator when it began, before its batches were planned.
        place: where the data of the objective stood then.
        done: batches taken, those left out included.
        nats: cross-entropy summed over the steps so far.
        tokens: steps so far.
        left_out: batches whose loss or gradient was not finite.
        rate: learning rate of the last step.
        seconds: spent on it so far, before the present process took it up.
    """

    rng: Mapping[str, Any]
    place: Mapping[str, Any] = field(default_factory=dict)
    done: int = 0
    nats: float = 0.0
    tokens: int = 0
    left_out: int = 0
    rate: float = 0.0
    seconds: float = 0.0


def state_of(trainer: Trainer) -> dict[str, Any]:
    """The state between two steps, or between two epochs, as plain values and tensors."""
    best = trainer.best
    objective = trainer.objective
    return {
        "format": FORMAT,
        "model": trainer.model.state_dict(),
        "average": trainer.average.state(),
        "optimizer": {str(number): own for number, own in trainer.optimizer.state_dict()["state"].items()},
        "schedule": trainer.schedule.state(),
        "random": _random_state(trainer),
        "objective": objective.state() if isinstance(objective, Stateful) else {},
        "place": objective.place() if isinstance(objective, ResumableData) else {},
        "epoch": None if trainer.current is None else asdict(trainer.current) | {"seconds": trainer.epoch_seconds},
        "steps_done": trainer.updates.done,
        "epochs_done": trainer.epochs_done,
        "best": {
            "score": None if best.score is None else asdict(best.score),
            "epoch": best.epoch,
            "weights": best.weights,
        },
        "seconds": trainer.seconds,
        "in_a_row": trainer.updates.in_a_row,
        "parts": trainer.gradients.parts,
        "history": [asdict(end) for end in trainer.history],
    }


def restore(trainer: Trainer, state: Mapping[str, Any]) -> None:
    """Put a run that has not begun where another one was.

    Raises:
        TrainingError: the state is that of another version or of another network.
    """
    if state.get("format") != FORMAT:
        raise TrainingError(
            f"the state of the run has format {state.get('format')}, this version goes on from format {FORMAT}; "
            "go on with the version that wrote it, or start anew with --overwrite"
        )
    try:
        trainer.model.load_state_dict(state["model"])
        _restore_optimizer(trainer.optimizer, state["optimizer"])
    except (RuntimeError, ValueError) as error:
        raise TrainingError(f"the state of the run is that of another network: {str(error)[:200]}") from error
    trainer.average.restore(state["average"])
    trainer.schedule.restore(state["schedule"])
    trainer.updates.done, trainer.epochs_done = state["steps_done"], state["epochs_done"]
    best = state["best"]
    trainer.best.score = None if best["score"] is None else DevScore(**best["score"])
    trainer.best.epoch = best["epoch"]
    trainer.best.weights = [weights.to(trainer.device) for weights in best["weights"]]
    trainer.history = [EpochEnd(**end) for end in state["history"]]
    trainer.clock.before = state["seconds"]
    trainer.updates.in_a_row, trainer.gradients.parts = state["in_a_row"], state["parts"]
    trainer.current = None if state["epoch"] is None else EpochSoFar(**state["epoch"])
    if trainer.current is None:
        _seek(trainer, state["place"])
        _remember(trainer, state)
    else:
        trainer.remembered = state


def batches_from(trainer: Trainer, so_far: EpochSoFar) -> tuple[int, Iterator[Any]]:
    """The batches of the epoch that was under way, but for those that were taken already.

    They are planned and made again from the same random numbers, so that what is left is what would have been left.
    """
    state, trainer.remembered = trainer.remembered, None
    trainer.rng.bit_generator.state = dict(so_far.rng)
    _seek(trainer, so_far.place)
    number, batches = trainer.objective.epoch(trainer.rng)
    deque(islice(batches, so_far.done), maxlen=0)
    if state is not None:
        _remember(trainer, state)
    return number, batches


def begin(trainer: Trainer) -> EpochSoFar:
    """What must be known of an epoch to begin it again."""
    objective = trainer.objective
    place = objective.place() if isinstance(objective, ResumableData) else {}
    return EpochSoFar(trainer.rng.bit_generator.state, place)


def _seek(trainer: Trainer, place: Mapping[str, Any]) -> None:
    if isinstance(trainer.objective, ResumableData):
        trainer.objective.seek(place, trainer.rng)


def _remember(trainer: Trainer, state: Mapping[str, Any]) -> None:
    """Random numbers and the objective's own memory as they were when the state was saved."""
    if isinstance(trainer.objective, Stateful):
        trainer.objective.restore(state["objective"])
    drawn = state["random"]
    version, numbers, gauss = drawn["python"]
    random.setstate((version, tuple(numbers), gauss))
    torch.set_rng_state(drawn["torch"])
    if drawn["cuda"] is not None and trainer.device.type == "cuda":
        torch.cuda.set_rng_state(drawn["cuda"], trainer.device)
    trainer.rng.bit_generator.state = drawn["numpy"]


def _random_state(trainer: Trainer) -> dict[str, Any]:
    cuda = torch.cuda.get_rng_state(trainer.device) if trainer.device.type == "cuda" else None
    return {
        "python": random.getstate(),
        "torch": torch.get_rng_state(),
        "cuda": cuda,
        "numpy": trainer.rng.bit_generator.state,
    }


def _restore_optimizer(optimizer: torch.optim.Optimizer, state: Mapping[str, Mapping[str, Any]]) -> None:
    """What the optimiser remembers of each parameter; the groups and their settings are those of the present run."""
    present = optimizer.state_dict()
    sizes = [parameter.shape for group in optimizer.param_groups for parameter in group["params"]]
    for number, own in state.items():
        for name, value in own.items():
            if isinstance(value, Tensor) and name != "step" and value.shape != sizes[int(number)]:
                raise ValueError(f"optimiser: {tuple(value.shape)} for a parameter of {tuple(sizes[int(number)])}")
    optimizer.load_state_dict({**present, "state": {int(number): dict(own) for number, own in state.items()}})
