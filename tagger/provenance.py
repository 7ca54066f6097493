"""How a model came about: the command, the machine, what was told and when; the same for every kind of model."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from tagger.run_record import command_line
from tagger.runtime import environment
from tagger.tagger_run import Machine


def told_of(command: str | None, machine: Machine, notes: Sequence[str]) -> dict[str, Any]:
    """Facts as ``config.json`` holds them under "about".

    Args:
        command: what reproduces the run; the command line of this process if None.
        machine: on which it ran.
        notes: what the user was told, and how often the run was interrupted.
    """
    return {
        "command": command or command_line(),
        "environment": environment(machine.threads),
        "notes": list(notes),
        "trained_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
