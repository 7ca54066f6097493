"""Signals that end a process: graceful on the first, at once on the second."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

HANDLED = ("SIGINT", "SIGTERM")


class Stopped(KeyboardInterrupt):
    """Raised when a signal ended the work, and what was done is saved.

    Args:
        signum: the signal.
        message: what was saved and how to continue.
    """

    def __init__(self, signum: int, message: str) -> None:
        super().__init__(message)
        self.signum = signum

    @property
    def status(self) -> int:
        """Exit status of a process that a signal ended: 130 for Ctrl-C, 143 for SIGTERM."""
        return 128 + self.signum


@dataclass(slots=True)
class StopRequest:
    """A request to stop.

    Args:
        signum: the signal received; None if none.
    """

    signum: int | None = None


@contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM raise ``Stopped`` within the block, as Ctrl-C raises ``KeyboardInterrupt``.

    Outside the main thread nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: object) -> None:
        raise Stopped(number, "stopped")

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before if before is not None else signal.SIG_DFL)


@contextmanager
def graceful_shutdown() -> Iterator[StopRequest]:
    """Record the first SIGINT or SIGTERM within the block; a second one reaches the former handlers.

    Outside the main thread, where Python receives no signals, nothing changes.
    """
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    numbers = [getattr(signal, name) for name in HANDLED if hasattr(signal, name)]
    before: dict[int, Any] = {}

    def restore() -> None:
        while before:
            number, handler = before.popitem()
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)

    def note(number: int, frame: object) -> None:
        request.signum = number
        restore()

    for number in numbers:
        before[number] = signal.signal(number, note)
    try:
        yield request
    finally:
        if threading.current_thread() is threading.main_thread():
            restore()
