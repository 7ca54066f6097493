"""Keeps the state of a run while it trains: every few minutes, at the end of epochs, and when it is told to stop."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tagger.errors import ConfigError
from tagger.runtime.signals import Stopped, StopRequest, graceful_shutdown
from tagger.serialization.atomic_folder import Resume
from tagger.serialization.manifest import TRAINING
from tagger.training.checkpoint_store import CheckpointStore
from tagger.training.fingerprint import differences
from tagger.training.trainer_state import restore, state_of

if TYPE_CHECKING:
    from tagger.training.trainer import Trainer

SHARE = 0.02
"""Of the time of training, at most, that saving its state may take."""


@dataclass(frozen=True, slots=True)
class CheckpointConfig:
    """How the state of a run is kept.

    Args:
        resume: whether an unfinished run goes on: "no", "yes" (it must be there) or "auto" (if there is one).
        minutes: between two states within an epoch.
        keep_state: whether the last state stays in the finished folder.

    Raises:
        ConfigError: minutes is not positive.
    """

    resume: Resume = "no"
    minutes: float = 2.0
    keep_state: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.minutes < float("inf"):
            raise ConfigError(f"checkpoint minutes is {self.minutes}; expected more than 0")


def make_checkpoint_callback(
    folder: Path | None, checkpointing: CheckpointConfig, seed: int, fingerprint: Mapping[str, Any]
) -> CheckpointCallback | None:
    """The keeper of the run with one seed, in a folder that is being written; None where nothing is written."""
    if folder is None:
        return None
    return CheckpointCallback(CheckpointStore(folder / TRAINING / str(seed)), fingerprint, checkpointing.minutes)


class CheckpointCallback:
    """Saves one run and brings it back.

    Args:
        store: where its states are.
        fingerprint: what the run is, see ``tagger.training.fingerprint``.
        minutes: between two states within an epoch; at the end of each epoch there is one as well. Both wait where
            saving would take more than a fiftieth of the time.
    """

    def __init__(self, store: CheckpointStore, fingerprint: Mapping[str, Any], minutes: float) -> None:
        self.store = store
        self.fingerprint = fingerprint
        self.minutes = minutes
        self.request = StopRequest()
        self.cost = 0.0
        self.last = time.monotonic()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Within the block the first SIGINT or SIGTERM is heeded after the step."""
        self.last = time.monotonic()
        with graceful_shutdown() as self.request:
            yield

    def resume(self, trainer: Trainer) -> None:
        """Put ``trainer`` where the last run was, if there was one.

        Raises:
            TrainingError: that run was on other data, with other settings or of another format.
        """
        state = self.store.load()
        notes = self.store.damaged
        if state is not None:
            changes = differences(state["fingerprint"], self.fingerprint)
            restore(trainer, state)
            self.store.note({"resumed": _where(trainer), "changes": changes})
            notes = [*notes, f"resumed {_where(trainer)}", *changes]
            if trainer.device.type != "cpu":
                notes.append("on a GPU sums may be added in another order: the last digits of weights may differ")
        trainer.notes = (*trainer.notes, *notes)

    def resume_summary(self) -> tuple[str, ...]:
        """How often the run was interrupted and went on, and what changed then; nothing of one that was not."""
        resumed = self.store.notes()
        if not resumed:
            return ()
        last = resumed[-1]["resumed"]
        times = {1: "once", 2: "twice"}.get(len(resumed), f"{len(resumed):,} times")
        changes = dict.fromkeys(change for note in resumed for change in note["changes"])
        return (f"interrupted and resumed {times}, the last time {last}", *changes)

    def after_step(self, trainer: Trainer) -> None:
        """Save if it is time.

        Raises:
            Stopped: a signal came; the state is saved.
        """
        since = time.monotonic() - self.last
        if self.request.signum is not None or (since >= 60 * self.minutes and self._cheap(since)):
            self._save(trainer)

    def after_epoch(self, trainer: Trainer) -> None:
        """Save, unless epochs are so short that it would cost too much.

        Raises:
            Stopped: a signal came; the state is saved.
        """
        if self.request.signum is not None or self._cheap(time.monotonic() - self.last):
            self._save(trainer)

    def _cheap(self, since: float) -> bool:
        return self.cost <= SHARE * since

    def _save(self, trainer: Trainer) -> None:
        began = time.monotonic()
        state = {**state_of(trainer), "fingerprint": dict(self.fingerprint)}
        self.store.save(state, {"epochs_done": trainer.epochs_done, "seconds": trainer.seconds})
        self.last = time.monotonic()
        self.cost = self.last - began
        if self.request.signum is not None:
            raise Stopped(
                self.request.signum,
                f"stopped {_where(trainer)}; all is saved, the same command with --resume goes on from there",
            )


def _where(trainer: Trainer) -> str:
    current = trainer.current
    if current is None:
        return f"after epoch {trainer.epochs_done}"
    return f"in epoch {trainer.epochs_done + 1}, after step {current.done:,}"
