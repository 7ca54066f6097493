"""Paths that users name, and errors that say why they cannot be opened."""

from __future__ import annotations

import difflib
import errno
import io
import os
import stat
from pathlib import Path
from typing import BinaryIO

from tagger.errors import CorpusError, OutputError


def user_path(path: str | Path) -> Path:
    """Return a path in which ``~`` at the beginning is the home folder, where there is one."""
    return Path(os.path.expanduser(path))  # Path.expanduser fails where there is no home folder


def open_file(path: Path, name: str | None = None) -> io.BufferedReader:
    """Open a regular file for reading bytes.

    Args:
        path: the file.
        name: the name to use in messages.

    Raises:
        CorpusError: it is missing, not a regular file, or not to be read by this user.
    """
    name = name or str(path)
    status = checked_status(path, name)
    if not stat.S_ISREG(status.st_mode):
        raise CorpusError(f"is {_kind(status.st_mode)}, expected a file", path=name)
    try:
        return path.open("rb")
    except OSError as error:
        raise CorpusError(reason(error), path=name) from error


def checked_status(path: Path, name: str | None = None) -> os.stat_result:
    """Return the ``stat`` of a path that must exist."""
    try:
        return path.stat()
    except FileNotFoundError as error:
        raise CorpusError(f"no such file or folder{near(path)}", path=name or path) from error
    except (OSError, ValueError) as error:
        raise CorpusError(reason(error), path=excerpt_path(name or path)) from error


def exists(path: Path) -> bool:
    """Whether there is something at the path, even if it cannot be read."""
    try:
        path.lstat()
    except OSError as error:
        return error.errno in (errno.EACCES, errno.ELOOP)
    except ValueError:
        return False
    return True


def listing(folder: Path) -> list[Path]:
    """Return the entries of a folder sorted by name, without hidden files."""
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise CorpusError(reason(error), path=folder) from error


def near(path: Path) -> str:
    """Return a hint at existing names that are similar to a missing one, or an empty string."""
    try:
        names = [other.name for other in path.parent.iterdir()]
    except (OSError, ValueError):
        return ""
    similar = difflib.get_close_matches(path.name, names, n=3)
    return f"; did you mean {' or '.join(str(path.parent / name) for name in similar)}?" if similar else ""


def reason(error: OSError | ValueError) -> str:
    """Return why the operating system refused, in one line."""
    if isinstance(error, PermissionError):
        return "permission denied; make it readable (chmod u+r, and u+x for a folder)"
    if isinstance(error, OSError) and error.errno == errno.ELOOP:
        return "is a symbolic link that leads back to itself; fix the link"
    if isinstance(error, OSError):
        return f"cannot be read: {error.strerror or error}"
    return f"is not a path: {error}"


def excerpt_path(path: str | Path) -> str:
    """Shorten a path for a message on one line."""
    text = str(path).replace("\0", "\\0").replace("\n", "\\n")
    return text if len(text) <= 200 else text[:197] + "..."


def copy_stream(stream: BinaryIO, target: Path) -> None:
    """Copy the rest of a stream to a file.

    Raises:
        OutputError: the file cannot be written, for example because the disk is full.
    """
    try:
        with target.open("wb") as file:
            while block := stream.read(1 << 20):
                file.write(block)
    except OSError as error:
        what = f"the standard input cannot be kept there while it is read ({error.strerror or error})"
        raise OutputError(f"{target.parent}: {what}; set TMPDIR to a folder with room") from error


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a folder"
    if stat.S_ISFIFO(mode):
        return "a named pipe (give '-' and let it feed the standard input)"
    return "a device or socket"
