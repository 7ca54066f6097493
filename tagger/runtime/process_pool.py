"""Copies of this process: they have its memory, and do not wait for each other as its threads do."""

from __future__ import annotations

import gc
import json
import math
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any, TypeVar

from tagger.runtime.device import single_threaded

_HEEDED = (signal.SIGINT, signal.SIGTERM)


def can_copy() -> bool:
    """Whether a copy of this process can be trusted: no other thread could hold a lock that it needs, and no GPU.

    Nor is it made where its end would not be told, since who started this process ignores the signal.
    """
    alone = threading.active_count() == 1 and threading.current_thread() is threading.main_thread()
    return sys.platform == "linux" and alone and not _uses_gpu() and not _unheard()


def forked(act: Callable[[], object], file: int) -> int:
    """The number of a copy of this process that does one thing and ends: with 0, or with 1 after an error.

    Until it has begun, signals to end do not reach it. Errors are not told. Of the files of this process it has the
    standard error and one more: what this one locked, or others read from it, must not outlive it in a copy.

    Args:
        act: what the copy does.
        file: the other file that it has.

    Raises:
        OSError: there is no room for another process.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _HEEDED)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # idle threads of OpenBLAS: they hold no lock
            process = os.fork()
        if not process:
            _begin(act, file)
        return process
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin(act: Callable[[], object], file: int) -> None:
    """What a copy does; it does not return."""
    failed = 1
    try:
        for number in _HEEDED:
            signal.signal(number, signal.SIG_DFL)
        _close_all_but(file)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HEEDED)
        single_threaded()  # the other threads of an operation were not copied
        gc.freeze()  # what is garbage here is put away by the process it belongs to
        act()
        failed = 0
    finally:
        os._exit(failed)


def _close_all_but(kept: int) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in {0, 1} - {kept}:
        os.dup2(nowhere, standard)
    os.closerange(3, kept)
    os.closerange(max(3, kept + 1), os.sysconf("SC_OPEN_MAX"))


def _uses_gpu() -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and torch.cuda.is_initialized()


def _unheard() -> bool:
    return signal.getsignal(signal.SIGCHLD) == signal.SIG_IGN


T = TypeVar("T")
Answer = Callable[[bytes], bytes]

LEAST, TIMES = 5.0, 10.0
"""Seconds that a copy may take beyond so many times the time of the part that was computed here."""
MOMENT = 1.0
"""Seconds waited at a time: so a process that was stopped for an hour and goes on has waited for one moment."""


class Workers:
    """Copies of this process, each with a thread here that waits for it. They end with this process.

    Whatever goes wrong in a copy ends it, and its request fails; the others do the rest. Once none is left, every
    request fails. Make workers only where ``tagger.runtime.process_pool.can_copy``.

    Args:
        answer: what a copy does with a request.
        number: of copies; there may be fewer for want of room.
    """

    def __init__(self, answer: Answer, number: int) -> None:
        self._copies: list[_Worker] = []
        self._idle: SimpleQueue[_Worker] = SimpleQueue()
        with suppress(OSError):  # there is no room for another process
            for _ in range(number):
                self._copies.append(_Worker(answer))
        for copy in self._copies:
            self._idle.put(copy)
        self._threads = ThreadPoolExecutor(max(1, len(self._copies)), "worker")

    def __len__(self) -> int:
        return sum(copy.lives for copy in self._copies)

    def submit(self, request: Callable[[], bytes], take: Callable[[bytes], None], patience: float) -> Future[None]:
        """Have a request answered.

        Args:
            request: makes it, on another thread.
            take: is given the answer, on another thread.
            patience: seconds after which a copy is given up.

        Raises:
            RuntimeError: no thread could be started.
        """
        return self._threads.submit(self._serve, request, take, patience)

    def _serve(self, request: Callable[[], bytes], take: Callable[[bytes], None], patience: float) -> None:
        copy = self._idle.get()
        try:
            take(copy.ask(request(), patience))
        finally:
            if copy.lives or not len(self):
                self._idle.put(copy)

    def end(self) -> None:
        """End all copies, at once."""
        for copy in self._copies:
            copy.kill()
        self._threads.shutdown(cancel_futures=True)
        for copy in self._copies:
            copy.connection.close()


class _Worker:
    """One copy, seen from here."""

    def __init__(self, answer: Answer) -> None:
        self.connection, there = Pipe()
        self._ending = threading.Lock()
        try:
            self._process = forked(lambda: _answer_all(answer, there), there.fileno())
        except OSError:
            self.connection.close()
            raise
        finally:
            there.close()

    @property
    def lives(self) -> bool:
        """Whether it has not failed yet."""
        return bool(self._process)

    def ask(self, request: bytes, patience: float) -> bytes:
        """The answer to a request.

        Raises:
            OSError, EOFError: there is none: the copy has ended, or is ended because it took too long.
        """
        try:
            self.connection.send_bytes(request)
            waited, moment = 0.0, min(MOMENT, patience)
            while not self.connection.poll(moment):
                waited += moment
                if waited >= patience:
                    raise TimeoutError
            return self.connection.recv_bytes()
        except BaseException:
            self.kill()
            raise

    def kill(self) -> None:
        """End the process, if it still runs; whoever waits for its answer sees the end of the pipe."""
        with self._ending:
            if self._process:
                os.kill(self._process, signal.SIGKILL)
                os.waitpid(self._process, 0)
                self._process = 0


def _answer_all(answer: Answer, connection: Connection) -> None:
    """What a copy does: answer, until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all: the process that was copied ends its copies
    while True:
        connection.send_bytes(answer(connection.recv_bytes()))


def shared_with_copies(compute: Callable[[T], Any], parts: Sequence[T]) -> list[Any]:
    """Compute each part, the first here and the others each on a copy of this process.

    What a copy does not deliver in time, for whatever reason, is computed here.

    Args:
        compute: its results survive JSON; it changes nothing that anybody looks at later.
        parts: at least one.
    """
    answers: dict[int, bytes] = {}
    workers = Workers(lambda number: json.dumps(compute(parts[int(number)])).encode(), len(parts) - 1)
    try:
        waiting = [
            workers.submit(partial(b"%d".__mod__, number), partial(answers.__setitem__, number), math.inf)
            for number in range(1, len(parts) if workers else 1)
        ]
        begun = time.monotonic()
        results = [compute(parts[0])]
        due = time.monotonic() + LEAST + TIMES * (time.monotonic() - begun)
        for future in waiting:
            with suppress(Exception):
                future.result(max(0.0, due - time.monotonic()))
        for number, part in enumerate(parts[1:], 1):
            answer = answers.get(number)
            results.append(compute(part) if answer is None else json.loads(answer))
        return results
    finally:
        workers.end()
