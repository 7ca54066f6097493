"""Seeing a run of training through to its end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tagger.events import EpochEnd, Listener
from tagger.fitting import Fitting
from tagger.model_folder import LOG
from tagger.run_record import append_entry, log_entry


def follow(fitting: Fitting, *, seed: int, folder: Path | None, listener: Listener) -> list[dict[str, Any]]:
    """Train to the end.

    Args:
        fitting: not begun.
        seed: of the run, for its log.
        folder: that is being written, for the log; None writes none.
        listener: called with every event.

    Returns:
        The log, one entry an epoch, with those of before an interruption.
    """
    log: list[dict[str, Any]] = []
    for event in fitting.events():
        if isinstance(event, EpochEnd):
            log.append(log_entry(seed, event))
            if folder is not None:
                append_entry(folder / LOG, log[-1])
        listener(event)
    return log
