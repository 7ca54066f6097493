"""Opening what a user names, with an error that says why it cannot be opened."""

from __future__ import annotations

import difflib
import errno
import io
import os
import stat
from pathlib import Path
from typing import BinaryIO

from tagger.errors import CorpusError, OutputError


def open_file(path: Path, name: str | None = None) -> io.BufferedReader:
    """Opens a regular file for reading bytes.

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
    """``stat`` of a path that must exist."""
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
    """What a folder holds, sorted by name, hidden files left out."""
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise CorpusError(reason(error), path=folder) from error


def near(path: Path) -> str:
    """A hint at names like the one that was not found, or nothing."""
    try:
        names = [other.name for other in path.parent.iterdir()]
    except (OSError, ValueError):
        return ""
    found = difflib.get_close_matches(path.name, names, n=3)
    return f"; did you mean {' or '.join(str(path.parent / name) for name in found)}?" if found else ""


def reason(error: OSError | ValueError) -> str:
    """Why the operating system refused, in one line."""
    if isinstance(error, PermissionError):
        return "permission denied; make it readable (chmod u+r, and u+x for a folder)"
    if isinstance(error, OSError) and error.errno == errno.ELOOP:
        return "is a symbolic link that leads back to itself; mend the link"
    if isinstance(error, OSError):
        return f"cannot be read: {error.strerror or error}"
    return f"is not a path: {error}"


def excerpt_path(path: str | Path) -> str:
    """A path short enough for a message on one line."""
    text = str(path).replace("\0", "\\0").replace("\n", "\\n")
    return text if len(text) <= 200 else text[:197] + "..."


def copy_stream(stream: BinaryIO, target: Path) -> None:
    """Writes everything that a stream still holds to a file, a megabyte at a time.

    Raises:
        OutputError: the disk is full, or the like.
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
