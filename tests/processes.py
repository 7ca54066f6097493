"""Processes that a test starts and that do not outlive it, and those that the code under test starts."""

from __future__ import annotations

import gc
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def started(command: Sequence[str], **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """A running process whose output is read through pipes; killed, if it still runs at the end of the block.

    ``subprocess.Popen`` itself would wait for it, so that a test that fails in the middle would never end.

    Args:
        command: and its arguments.
        options: of ``subprocess.Popen``.
    """
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options) as process:
        try:
            yield process
        finally:
            process.kill()


def children() -> list[int]:
    """Of this process; Linux only."""
    return [int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]


@contextmanager
def nothing_left() -> Iterator[None]:
    """After the block there are no other children and as many open files as before."""
    before = children(), len(os.listdir("/proc/self/fd"))
    yield
    gc.collect()  # closes the pipes of executors
    assert (children(), len(os.listdir("/proc/self/fd"))) == before
