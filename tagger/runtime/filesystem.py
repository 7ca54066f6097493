"""Files that are on the disk when they are said to be, and how much room there is for them."""

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
    """How much room there must be, and how much there is."""
    megabytes = max(1, round(needed / 1e6))
    try:
        free = f"{shutil.disk_usage(folder).free / 1e6:,.0f} MB are free"
    except OSError:
        free = "how much is free is not known"
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
    """A new folder, removed at the end of the block.

    Args:
        partial: a model folder that is being written: the scratch is in it, and goes when that is cleared. None for the
            folder of temporary files, where those of runs that are dead are removed first.
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
    """Remove the scratch of processes that are no more; what belongs to others stays."""
    if os.name != "posix":  # elsewhere a process cannot be asked for without harm
        return
    for path in folder.glob(f"{PREFIX}*"):
        found = re.fullmatch(rf"{PREFIX}(\d+)-\w+", path.name)
        if found is not None and not _lives(int(found[1])) and path.lstat().st_uid == os.getuid():
            shutil.rmtree(path, ignore_errors=True)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
