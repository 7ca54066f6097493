"""Being told to stop: the first signal is noted, so that work may end at a good place; the second one ends it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

HEEDED = ("SIGINT", "SIGTERM")


class Stopped(KeyboardInterrupt):
    """The work ended because it was told to, and what was done is saved.

    Args:
        signum: the signal.
        message: what was saved and how to go on.
    """

    def __init__(self, signum: int, message: str) -> None:
        super().__init__(message)
        self.signum = signum

    @property
    def status(self) -> int:
        """What a process that a signal ended exits with: 130 for Ctrl-C, 143 for SIGTERM."""
        return 128 + self.signum


@dataclass(slots=True)
class StopRequest:
    """Whether a signal has come.

    Args:
        signum: which one; None while none has.
    """

    signum: int | None = None


@contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """Within the block SIGTERM raises ``Stopped``, as Ctrl-C raises ``KeyboardInterrupt``: what is open is put away.

    Nothing is changed outside the main thread.
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
    """Within the block the first SIGINT or SIGTERM is noted; it also puts the former handlers back for the second.

    Nothing is changed outside the main thread, where Python hears no signals.
    """
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    heard = [getattr(signal, name) for name in HEEDED if hasattr(signal, name)]
    before: dict[int, Any] = {}

    def restore() -> None:
        while before:
            number, handler = before.popitem()
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)

    def note(number: int, frame: object) -> None:
        request.signum = number
        restore()

    for number in heard:
        before[number] = signal.signal(number, note)
    try:
        yield request
    finally:
        if threading.current_thread() is threading.main_thread():
            restore()
