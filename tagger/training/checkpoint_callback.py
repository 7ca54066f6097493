"""Keeps the state of a run while it trains: every few minutes, at the end of epochs, and when it is told to stop."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tagger.errors import ConfigError
from tagger.runtime.signals import Stopped, StopRequest, heeded
from tagger.serialization.atomic_folder import Resume
from tagger.serialization.manifest import TRAINING
from tagger.training.checkpoint_store import Checkpoints
from tagger.training.fingerprint import differences
from tagger.training.trainer_state import restore, state_of

if TYPE_CHECKING:
    from tagger.training.trainer import Fitting

SHARE = 0.02
"""Of the time of training, at most, that saving its state may take."""


@dataclass(frozen=True, slots=True)
class Keeping:
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


def make_keeper(folder: Path | None, keeping: Keeping, seed: int, fingerprint: Mapping[str, Any]) -> Keeper | None:
    """The keeper of the run with one seed, in a folder that is being written; None where nothing is written."""
    if folder is None:
        return None
    return Keeper(Checkpoints(folder / TRAINING / str(seed)), fingerprint, keeping.minutes)


class Keeper:
    """Saves one run and brings it back.

    Args:
        store: where its states are.
        fingerprint: what the run is, see ``tagger.training.fingerprint``.
        minutes: between two states within an epoch; at the end of each epoch there is one as well. Both wait where
            saving would take more than a fiftieth of the time.
    """

    def __init__(self, store: Checkpoints, fingerprint: Mapping[str, Any], minutes: float) -> None:
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
        with heeded() as self.request:
            yield

    def resume(self, fitting: Fitting) -> None:
        """Put ``fitting`` where the last run was, if there was one.

        Raises:
            TrainingError: that run was on other data, with other settings or of another format.
        """
        state = self.store.load()
        notes = self.store.damaged
        if state is not None:
            changes = differences(state["fingerprint"], self.fingerprint)
            restore(fitting, state)
            self.store.note({"resumed": _where(fitting), "changes": changes})
            notes = [*notes, f"resumed {_where(fitting)}", *changes]
            if fitting.device.type != "cpu":
                notes.append("on a GPU sums may be added in another order: the last digits of weights may differ")
        fitting.notes = (*fitting.notes, *notes)

    def story(self) -> tuple[str, ...]:
        """How often the run was interrupted and went on, and what changed then; nothing of one that was not."""
        resumed = self.store.notes()
        if not resumed:
            return ()
        last = resumed[-1]["resumed"]
        times = {1: "once", 2: "twice"}.get(len(resumed), f"{len(resumed):,} times")
        changes = dict.fromkeys(change for note in resumed for change in note["changes"])
        return (f"interrupted and resumed {times}, the last time {last}", *changes)

    def after_step(self, fitting: Fitting) -> None:
        """Save if it is time.

        Raises:
            Stopped: a signal came; the state is saved.
        """
        since = time.monotonic() - self.last
        if self.request.signum is not None or (since >= 60 * self.minutes and self._cheap(since)):
            self._save(fitting)

    def after_epoch(self, fitting: Fitting) -> None:
        """Save, unless epochs are so short that it would cost too much.

        Raises:
            Stopped: a signal came; the state is saved.
        """
        if self.request.signum is not None or self._cheap(time.monotonic() - self.last):
            self._save(fitting)

    def _cheap(self, since: float) -> bool:
        return self.cost <= SHARE * since

    def _save(self, fitting: Fitting) -> None:
        began = time.monotonic()
        state = {**state_of(fitting), "fingerprint": dict(self.fingerprint)}
        self.store.save(state, {"epochs_done": fitting.epochs_done, "seconds": fitting.seconds})
        self.last = time.monotonic()
        self.cost = self.last - began
        if self.request.signum is not None:
            raise Stopped(
                self.request.signum,
                f"stopped {_where(fitting)}; all is saved, the same command with --resume goes on from there",
            )


def _where(fitting: Fitting) -> str:
    current = fitting.current
    if current is None:
        return f"after epoch {fitting.epochs_done}"
    return f"in epoch {fitting.epochs_done + 1}, after step {current.done:,}"
