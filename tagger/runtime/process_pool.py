"""Worker processes: forked from this process, so that they have its model, and free of its interpreter lock."""

from __future__ import annotations

import ctypes
import gc
import mmap
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor
from contextlib import suppress
from multiprocessing import active_children, get_context
from typing import Any, TypeVar

from tagger.runtime.device import single_threaded

T = TypeVar("T")
R = TypeVar("R")

MINIMUM_PATIENCE, PATIENCE_FACTOR = 5.0, 10.0
"""A worker may take this many seconds beyond this many times the time of the part computed here."""
_PARENT_DEATH_SIGNAL = 1  # of prctl(2)
_computation: list[Any] = []  # of a worker process: the function that it calls, and the shared flag that stops it


def can_fork() -> bool:
    """Tell whether forking is safe: on Linux, no other Python thread could hold a lock, no GPU is in use.

    A process that ignores SIGCHLD would not learn of the end of its workers, and forks none.
    """
    alone = threading.active_count() == 1 and threading.current_thread() is threading.main_thread()
    torch = sys.modules.get("torch")
    uses_gpu = torch is not None and torch.cuda.is_initialized()
    return sys.platform == "linux" and alone and not uses_gpu and signal.getsignal(signal.SIGCHLD) != signal.SIG_IGN


class WorkerProcesses:
    """Processes forked from this one that all run one function; the kernel ends them with this process.

    A failure in one worker makes all unfinished calls fail. Make workers only where ``can_fork``.

    Args:
        compute: maps an argument to a result, both picklable; the function itself need not be.
        number: of processes.
    """

    def __init__(self, compute: Callable[[Any], Any], number: int) -> None:
        self.closed = False
        self._hangs = False
        self._stop = mmap.mmap(-1, 1)  # a byte of shared memory
        self._pool = ProcessPoolExecutor(number, get_context("fork"), _begin, (compute, self._stop, os.getpid()))
        others = set(active_children())
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # idle threads of OpenBLAS: they hold no lock
                self._pool.submit(os.getpid)  # forks all of them at once
        except OSError:  # there is no room for another process: every call fails
            self._hangs = True
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        self._processes = set(active_children()) - others
        if self._hangs:
            self.close()

    def submit(self, argument: Any) -> Future[Any]:
        """Start a call; its future fails where the workers have failed."""
        try:
            return self._pool.submit(_call, argument)
        except RuntimeError as error:  # includes BrokenProcessPool
            failed: Future[Any] = Future()
            failed.set_exception(error)
            return failed

    def result(self, future: Future[R], patience: float, otherwise: Callable[[], R]) -> R:
        """Return the result of a call, or compute it here if the workers do not deliver it; then end them.

        Args:
            future: returned by ``submit``.
            patience: seconds to wait.
            otherwise: computes the same in this process.
        """
        try:
            if future.exception(patience) is None:
                return future.result()
        except TimeoutError:
            self._hangs = True
        except CancelledError:
            pass
        self.close()
        return otherwise()

    def close(self) -> None:
        """End all workers at once; what they compute is interrupted."""
        if self.closed:
            return
        self.closed = True
        self._stop[0] = 1
        for process in self._processes:
            with suppress(ProcessLookupError):  # the executor ends workers too, on its own thread
                if process.pid is not None and process.is_alive():
                    os.kill(process.pid, signal.SIGKILL if self._hangs else signal.SIGINT)
        self._pool.shutdown(cancel_futures=True)


def _begin(compute: Callable[[Any], Any], stop: mmap.mmap, parent: int) -> None:
    """Set up a worker process."""
    ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:  # it has ended already
        os._exit(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT, signal.SIGTERM))
    single_threaded()  # the other threads of an operation were not forked
    gc.freeze()  # objects of the parent process are not to be finalised here
    _computation[:] = [compute, stop]


def _call(argument: Any) -> Any:
    """Compute in a worker process; SIGINT interrupts the computation, but not the exchange of messages around it."""
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        compute, stop = _computation
        if stop[0]:
            raise KeyboardInterrupt
        return compute(argument)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def map_in_processes(compute: Callable[[T], R], parts: Sequence[T]) -> list[R]:
    """Compute the first part here and each other part in a worker process of its own.

    What a worker does not deliver in time, for whatever reason, is computed here.

    Args:
        compute: maps a part to a picklable result, without side effects.
        parts: at least one.
    """
    workers = WorkerProcesses(compute, max(1, len(parts) - 1))
    try:
        futures = [workers.submit(part) for part in parts[1:]]
        begun = time.monotonic()
        results = [compute(parts[0])]
        due = time.monotonic() + MINIMUM_PATIENCE + PATIENCE_FACTOR * (time.monotonic() - begun)
        for part, future in zip(parts[1:], futures, strict=True):
            results.append(workers.result(future, max(0.0, due - time.monotonic()), lambda part=part: compute(part)))  # type: ignore[misc]
        return results
    finally:
        workers.close()
