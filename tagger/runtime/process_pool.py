"""Copies of this process: they have its memory, and do not wait for each other as its threads do."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable

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
