"""A folder for what a run needs on disk while it lasts: gone with the run, or with the next one if it was killed."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
