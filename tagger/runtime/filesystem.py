"""Files and folders on disk: syncing, locking, free space, scratch folders."""

from __future__ import annotations

import errno
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tagger.errors import OutputError

NO_ROOM = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)


def sync(path: Path) -> None:
    """Force a file or folder to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_synced(path: Path, pieces: Iterable[bytes | memoryview]) -> None:
    """Write a file and force it to disk."""
    with path.open("wb") as file:
        file.writelines(pieces)
        file.flush()
        os.fsync(file.fileno())


def room(folder: Path, needed: int) -> str:
    """Say how much space is needed, and how much is free."""
    megabytes = max(1, round(needed / 1e6))
    try:
        free = f"{shutil.disk_usage(folder).free / 1e6:,.0f} MB are free"
    except OSError:
        free = "the free space is unknown"
    return f"about {megabytes:,} MB are needed, {free}"


@contextmanager
def exclusive_lock(path: Path, refusal: str) -> Iterator[None]:
    """Hold a lock file for the block, and remove it at the end; the lock itself ends with the process.

    Args:
        path: of the lock file.
        refusal: message for who finds that another process holds it.

    Raises:
        OutputError: another process holds it.
        OSError: the file cannot be written.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise OutputError(refusal) from None
    try:
        yield
    finally:
        with suppress(OSError):  # Windows removes no open file
            path.unlink()
        lock.release()


NAME = "scratch"
PREFIX = "sequence-tagger-"


@contextmanager
def scratch_folder(partial: Path | None) -> Iterator[Path]:
    """Make a folder for temporary files, and remove it at the end of the block.

    Args:
        partial: model folder being written, which then holds the scratch folder. None for the system's temporary
            folder, where scratch folders of dead processes are removed first.
    """
    if partial is None:
        sweep(Path(tempfile.gettempdir()))
        with tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-") as name:
            yield Path(name)
        return
    place = partial / NAME
    place.mkdir()
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def sweep(folder: Path) -> None:
    """Remove scratch folders of this user's processes that have ended."""
    if os.name != "posix":  # elsewhere signal 0 would end a process
        return
    for path in folder.glob(f"{PREFIX}*"):
        match = re.fullmatch(rf"{PREFIX}(\d+)-\w+", path.name)
        if match is not None and not _lives(int(match[1])) and path.lstat().st_uid == os.getuid():
            shutil.rmtree(path, ignore_errors=True)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
