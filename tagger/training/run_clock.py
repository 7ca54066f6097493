"""How long a run of training has taken, how far it is, and how long it will still take."""

from __future__ import annotations

import time


class RunClock:
    """Runs from when it is made or started.

    Args:
        steps: planned for the whole run.
        max_minutes: time budget; None for as long as it takes.

    Attributes:
        before: seconds of a run that is resumed, until it was saved.
    """

    def __init__(self, steps: int, max_minutes: float | None) -> None:
        self.steps = steps
        self.max_minutes = max_minutes
        self.before = 0.0
        self.start()

    def start(self) -> None:
        """Begin to count, besides what was before."""
        self._started = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Since the start, interruptions aside."""
        return self.before + time.perf_counter() - self._started

    def progress(self, steps_done: int) -> float:
        """How far the run is, 0 to 1: of its steps or of its time, whichever is further."""
        done = steps_done / max(1, self.steps)
        return max(done, self.seconds / (60 * self.max_minutes)) if self.max_minutes else done

    def seconds_left(self, steps_done: int) -> float | None:
        """About so many; None before the first step."""
        progress = self.progress(steps_done)
        return self.seconds * (1 - progress) / progress if progress > 0 else None
