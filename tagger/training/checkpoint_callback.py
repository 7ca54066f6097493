"""A callback that saves a run every few minutes, after epochs, and when a signal arrives."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tagger.errors import ConfigError
from tagger.runtime.signals import Stopped, StopRequest
from tagger.serialization.atomic_folder import Resume
from tagger.training.checkpoint_store import CheckpointStore
from tagger.training.events import Callback, Stateful
from tagger.training.fingerprint import differences

MAX_SHARE = 0.02
"""Largest share of the time of training that saving its state may take."""


@dataclass(frozen=True, slots=True)
class CheckpointConfig:
    """Settings for saving and resuming the state of a run.

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


class CheckpointCallback(Callback):
    """Saves and restores one run.

    It saves at the end of an epoch, and within it after some ``minutes``; it waits where saving takes more than
    ``MAX_SHARE`` of the time.
    """

    def __init__(
        self, store: CheckpointStore, fingerprint: Mapping[str, Any], minutes: float, request: StopRequest
    ) -> None:
        self.store = store
        self.fingerprint = fingerprint
        self.minutes = minutes
        self.request = request
        self.cost = 0.0
        self.last = time.monotonic()

    def on_train_begin(self, trainer: Stateful) -> Sequence[str]:
        """Restore the last state, if there is one; return notes on that.

        Raises:
            TrainingError: the state is of other data, other settings or another format.
        """
        state = self.store.load()
        notes = self.store.damaged
        if state is not None:
            changes = differences(state["fingerprint"], self.fingerprint)
            trainer.load_state_dict(state)
            self.store.note({"resumed": _position(state), "changes": changes})
            notes = [*notes, f"resumed {_position(state)}", *changes]
            if self.fingerprint["machine"]["device"] != "cpu":
                notes.append("on a GPU sums may be added in another order: the last digits of weights may differ")
        self.last = time.monotonic()
        return notes

    def on_step_end(self, trainer: Stateful) -> None:
        """Save if it is time; raise ``Stopped`` afterwards if a signal arrived."""
        self._save_unless_costly(trainer, 60 * self.minutes)

    def on_epoch_end(self, trainer: Stateful) -> None:
        """Save, unless epochs are too short; raise ``Stopped`` afterwards if a signal arrived."""
        self._save_unless_costly(trainer, 0.0)

    def resume_summary(self) -> tuple[str, ...]:
        """Say how often the run was resumed, and what changed; nothing if it was not."""
        resumed = self.store.notes()
        if not resumed:
            return ()
        last = resumed[-1]["resumed"]
        times = {1: "once", 2: "twice"}.get(len(resumed), f"{len(resumed):,} times")
        changes = dict.fromkeys(change for note in resumed for change in note["changes"])
        return (f"interrupted and resumed {times}, the last time {last}", *changes)

    def _save_unless_costly(self, trainer: Stateful, interval: float) -> None:
        """Save after this many seconds unless that is slow; always after a signal."""
        began = time.monotonic()
        since = began - self.last
        if self.request.signum is None and (since < interval or self.cost > MAX_SHARE * since):
            return
        state = {**trainer.state_dict(), "fingerprint": dict(self.fingerprint)}
        self.store.save(state)
        self.last = time.monotonic()
        self.cost = self.last - began
        if self.request.signum is not None:
            raise Stopped(
                self.request.signum,
                f"stopped {_position(state)}; all is saved, the same command with --resume goes on from there",
            )


def _position(state: Mapping[str, Any]) -> str:
    """Say where a run is."""
    if state["epoch"] is None:
        return f"after epoch {state['epochs_done']}"
    return f"in epoch {state['epochs_done'] + 1}, after step {state['epoch']['done']:,}"
