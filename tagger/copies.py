"""Work shared with copies of this process: they have its memory, and do not wait for each other as its threads do."""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from tagger.runtime import single_threaded

T = TypeVar("T")

MOMENT, PATIENCE = 5.0, 10.0
"""Seconds that a copy may take beyond so many times the time of the part that was computed here."""

_HEEDED = (signal.SIGINT, signal.SIGTERM)


def can_copy() -> bool:
    """Whether a copy of this process can be trusted: no other thread could hold a lock that it needs, and no GPU."""
    alone = threading.active_count() == 1 and threading.current_thread() is threading.main_thread()
    return sys.platform == "linux" and alone and not _uses_gpu()


def shared_with_copies(compute: Callable[[T], Any], parts: Sequence[T]) -> list[Any]:
    """Compute each part, the first here and the others each on a copy of this process.

    What a copy does not deliver in time, for whatever reason, is computed here.

    Args:
        compute: its results survive JSON; it changes nothing that anybody looks at later.
        parts: at least one.
    """
    copies: list[_Copy] = []
    try:
        for part in parts[1:]:
            copies.append(_Copy(compute, part))
        begun = time.monotonic()
        results = [compute(parts[0])]
        due = time.monotonic() + MOMENT + PATIENCE * (time.monotonic() - begun)
        for part, copy in zip(parts[1:], copies, strict=True):
            answer = copy.answer(due)
            results.append(compute(part) if answer is None else json.loads(answer))
        return results
    finally:
        for copy in copies:
            copy.end()


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


class _Copy:
    """A copy of this process that computes one part and writes it into a pipe."""

    def __init__(self, compute: Callable[[T], Any], part: T) -> None:
        self._pipe, into = os.pipe()
        self._process = 0

        def write() -> None:
            with open(into, "wb") as pipe:
                pipe.write(json.dumps(compute(part)).encode())

        try:
            self._process = forked(write, into)
        except OSError:  # there is no room for another process
            pass
        finally:
            os.close(into)

    def answer(self, due: float) -> bytes | None:
        """What it wrote; None if it failed, or was not ready at that time of ``time.monotonic``."""
        if not self._process:
            return None
        found = bytearray()
        while select.select([self._pipe], [], [], max(0.0, due - time.monotonic()))[0]:
            piece = os.read(self._pipe, 1 << 20)
            if not piece:
                failed = os.waitpid(self._process, 0)[1]
                self._process = 0
                return bytes(found) if found and not failed else None
            found += piece
        return None

    def end(self) -> None:
        """End it, if it still runs."""
        os.close(self._pipe)
        if self._process:
            os.kill(self._process, signal.SIGKILL)
            os.waitpid(self._process, 0)
            self._process = 0


def _uses_gpu() -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and torch.cuda.is_initialized()
