"""Errors that a user can cause, in one tree.

    TaggerError                 base; the command line prints it without a traceback and exits 1
    ├── CorpusError             the data: missing, malformed, empty, unknown column (``path:line:`` where known)
    ├── ConfigError             a setting: unknown key, value out of range
    ├── ModelError              a model folder: incomplete, damaged, of another format or kind
    ├── OutputError             a place to write to: already taken, not writable, full
    └── TrainingError           training cannot go on: the loss is not finite, no time for one step

A message says what is wrong, where, the value seen, what was expected and how to fix it.
Wrong usage of the command line itself is click's ``UsageError`` (exit 2).
This module imports nothing of the project, so every package may import it.
"""

from __future__ import annotations

from pathlib import Path


class TaggerError(Exception):
    """Base of every error that a user can cause and fix."""


class CorpusError(TaggerError):
    """The data is missing, malformed or lacks what was asked for.

    Args:
        message: what is wrong, the value seen, what was expected, how to fix it.
        path: the file, as the user named it.
        line: 1-based line number in that file.
    """

    def __init__(self, message: str, *, path: str | Path | None = None, line: int | None = None) -> None:
        place = "" if path is None else f"{path}:" if line is None else f"{path}:{line}:"
        super().__init__(f"{place} {message}" if place else message)
        self.message = message
        self.path = path
        self.line = line


class ConfigError(TaggerError):
    """A setting is unknown, of the wrong type or out of range."""


class ModelError(TaggerError):
    """A model folder is missing, incomplete, damaged, or not of the kind that was asked for."""


class OutputError(TaggerError):
    """A place to write to is taken, not writable or full."""


class TrainingError(TaggerError):
    """Training cannot start or cannot go on."""
