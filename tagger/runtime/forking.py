"""What a forked child process must not inherit: locks that other threads held, and threads of libraries."""

from __future__ import annotations

import os
import threading
from types import TracebackType
from weakref import WeakSet

_FIRST_PROCESS = os.getpid()


def is_forked() -> bool:
    """Tell whether this process was forked from one that had imported the library.

    libgomp waits without end for the threads that its pool had before the fork, so torch may compute on one alone.
    """
    return os.getpid() != _FIRST_PROCESS


class ForkSafeLock:
    """A lock that is free in a forked child process; copies and pickles of it are new locks."""

    def __init__(self) -> None:
        self.renew()
        _LOCKS.add(self)

    def renew(self) -> None:
        """Forget who holds the lock."""
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        """Wait for the lock and take it."""
        self._lock.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let the lock go."""
        self._lock.release()

    def __reduce__(self) -> tuple[type[ForkSafeLock], tuple[()]]:
        return type(self), ()


_LOCKS: WeakSet[ForkSafeLock] = WeakSet()


def _renew_all() -> None:
    for lock in _LOCKS:
        lock.renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_all)
