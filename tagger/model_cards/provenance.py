"""Provenance of a model: command, machine, notes, time."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tagger.runtime.device import environment


def command_line() -> str:
    """Return the command line of this process."""
    return shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])


def provenance(command: str | None, threads: int, notes: Sequence[str]) -> dict[str, Any]:
    """Collect the facts that ``config.json`` holds under "about".

    Args:
        command: what reproduces the run; the command line of this process if None.
        threads: that it ran on.
        notes: reported to the user, the number of interruptions among them.
    """
    return {
        "command": command or command_line(),
        "environment": environment(threads),
        "notes": list(notes),
        "trained_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
