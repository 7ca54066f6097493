"""Processes that a test starts and that do not outlive it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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
