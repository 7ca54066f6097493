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
from tagger.training.objective import DevScore, Places, Remembers

if TYPE_CHECKING:
    from tagger.training.trainer import Fitting

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


def state_of(fitting: Fitting) -> dict[str, Any]:
    """The state between two steps, or between two epochs, as plain values and tensors."""
    best = fitting.best
    objective = fitting.objective
    return {
        "format": FORMAT,
        "model": fitting.model.state_dict(),
        "average": fitting.average.state(),
        "optimizer": {str(number): own for number, own in fitting.optimizer.state_dict()["state"].items()},
        "schedule": fitting.schedule.state(),
        "random": _random_state(fitting),
        "objective": objective.state() if isinstance(objective, Remembers) else {},
        "place": objective.place() if isinstance(objective, Places) else {},
        "epoch": None if fitting.current is None else asdict(fitting.current) | {"seconds": fitting.epoch_seconds},
        "steps_done": fitting.updates.done,
        "epochs_done": fitting.epochs_done,
        "best": {
            "score": None if best.score is None else asdict(best.score),
            "epoch": best.epoch,
            "weights": best.weights,
        },
        "seconds": fitting.seconds,
        "in_a_row": fitting.updates.in_a_row,
        "parts": fitting.gradients.parts,
        "history": [asdict(end) for end in fitting.history],
    }


def restore(fitting: Fitting, state: Mapping[str, Any]) -> None:
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
        fitting.model.load_state_dict(state["model"])
        _restore_optimizer(fitting.optimizer, state["optimizer"])
    except (RuntimeError, ValueError) as error:
        raise TrainingError(f"the state of the run is that of another network: {str(error)[:200]}") from error
    fitting.average.restore(state["average"])
    fitting.schedule.restore(state["schedule"])
    fitting.updates.done, fitting.epochs_done = state["steps_done"], state["epochs_done"]
    best = state["best"]
    fitting.best.score = None if best["score"] is None else DevScore(**best["score"])
    fitting.best.epoch = best["epoch"]
    fitting.best.weights = [weights.to(fitting.device) for weights in best["weights"]]
    fitting.history = [EpochEnd(**end) for end in state["history"]]
    fitting.clock.before = state["seconds"]
    fitting.updates.in_a_row, fitting.gradients.parts = state["in_a_row"], state["parts"]
    fitting.current = None if state["epoch"] is None else EpochSoFar(**state["epoch"])
    if fitting.current is None:
        _seek(fitting, state["place"])
        _remember(fitting, state)
    else:
        fitting.remembered = state


def batches_from(fitting: Fitting, so_far: EpochSoFar) -> tuple[int, Iterator[Any]]:
    """The batches of the epoch that was under way, but for those that were taken already.

    They are planned and made again from the same random numbers, so that what is left is what would have been left.
    """
    state, fitting.remembered = fitting.remembered, None
    fitting.rng.bit_generator.state = dict(so_far.rng)
    _seek(fitting, so_far.place)
    number, batches = fitting.objective.epoch(fitting.rng)
    deque(islice(batches, so_far.done), maxlen=0)
    if state is not None:
        _remember(fitting, state)
    return number, batches


def begin(fitting: Fitting) -> EpochSoFar:
    """What must be known of an epoch to begin it again."""
    objective = fitting.objective
    place = objective.place() if isinstance(objective, Places) else {}
    return EpochSoFar(fitting.rng.bit_generator.state, place)


def _seek(fitting: Fitting, place: Mapping[str, Any]) -> None:
    if isinstance(fitting.objective, Places):
        fitting.objective.seek(place, fitting.rng)


def _remember(fitting: Fitting, state: Mapping[str, Any]) -> None:
    """Random numbers and the objective's own memory as they were when the state was saved."""
    if isinstance(fitting.objective, Remembers):
        fitting.objective.restore(state["objective"])
    drawn = state["random"]
    version, numbers, gauss = drawn["python"]
    random.setstate((version, tuple(numbers), gauss))
    torch.set_rng_state(drawn["torch"])
    if drawn["cuda"] is not None and fitting.device.type == "cuda":
        torch.cuda.set_rng_state(drawn["cuda"], fitting.device)
    fitting.rng.bit_generator.state = drawn["numpy"]


def _random_state(fitting: Fitting) -> dict[str, Any]:
    cuda = torch.cuda.get_rng_state(fitting.device) if fitting.device.type == "cuda" else None
    return {
        "python": random.getstate(),
        "torch": torch.get_rng_state(),
        "cuda": cuda,
        "numpy": fitting.rng.bit_generator.state,
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
