"""Model folders that are complete or absent: written aside, under a lock, renamed at the end."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Literal

from tagger.errors import OutputError, TrainingError
from tagger.runtime.filesystem import NO_ROOM, exclusive_lock, room, sync
from tagger.serialization.manifest import CONFIG, FINISHED_STATE, TRAINING

Resume = Literal["no", "yes", "auto"]
"""Whether to continue an unfinished run: never; always; if there is one."""


def check_free(out: Path, *, overwrite: bool) -> None:
    """Refuse a folder that already holds something, before any work is done.

    Raises:
        OutputError: ``out`` exists and is not to be overwritten, or is no model folder at all.
    """
    try:
        if not out.exists() and not out.is_symlink():
            return
    except OSError as error:
        raise OutputError(f"{out}: cannot be a model folder: {error.strerror}") from error
    if out.is_dir() and not any(out.iterdir()):
        return
    if not out.is_dir():
        raise OutputError(f"{out}: a file is in the way of the model folder; choose another --out")
    if not (out / CONFIG).is_file():
        raise OutputError(f"{out}: holds files but no model; choose another --out")
    if not overwrite:
        raise OutputError(f"{out}: already holds a model; choose another --out, or --overwrite replaces it")


@contextmanager
def writing(out: Path, *, overwrite: bool, resume: Resume = "no", keep_state: bool = False) -> Iterator[Path]:
    """Give a folder to write into; it becomes ``out`` when the block ends without an exception.

    An earlier model stays where it is until then. A second run into the same place is refused while the process of
    the first one lives.

    Args:
        out: where the model will be.
        overwrite: whether a model that is there, and an unfinished run, may be replaced.
        resume: whether to continue an unfinished run; only its state, in ``OUT.partial/training/``, is kept.
        keep_state: whether the state of the run stays in the finished folder.

    Raises:
        OutputError: ``out`` is taken, not writable, or being written by another process.
        TrainingError: there is nothing to resume.
    """
    check_free(out, overwrite=overwrite)
    place = out.resolve()  # "." has no name to put ".partial" behind
    partial = place.with_name(place.name + ".partial")
    try:
        partial.parent.mkdir(parents=True, exist_ok=True)
        with _locked(partial, out):
            _recover(place, partial)
            check_free(out, overwrite=overwrite)  # another run may have finished since
            if resume != "no" and overwrite and _holds_state(place / TRAINING) and not unfinished(partial):
                shutil.copytree(place / TRAINING, partial / TRAINING)  # a finished run becomes longer
            _clear(partial, out, resume, overwrite=overwrite)
            partial.mkdir(exist_ok=True)
            yield partial
            if not keep_state and (partial / TRAINING).is_dir():
                (partial / TRAINING).rename(partial / FINISHED_STATE)
            _replace(partial, place)
            shutil.rmtree(place / FINISHED_STATE, ignore_errors=True)
    except BrokenPipeError:
        raise  # a listener whose reader has gone
    except OSError as error:
        hint = _resume_hint(error, partial)
        raise OutputError(f"{error.filename or out}: cannot write the model folder: {error.strerror}{hint}") from error


def _resume_hint(error: OSError, partial: Path) -> str:
    """Say how much room the run needs, and that its work is not lost."""
    saved = unfinished(partial)
    size = sum(path.stat().st_size for path in partial.rglob("*") if path.is_file()) if partial.is_dir() else 0
    wanted = "; " + room(partial.parent, size) if error.errno in NO_ROOM else ""
    return wanted + ("; nothing is lost: fix that, then the same command with --resume continues" if saved else "")


def unfinished(partial: Path) -> bool:
    """Tell whether a folder holds the state of a run that can be resumed."""
    return _holds_state(partial / TRAINING) or _holds_state(partial / FINISHED_STATE)


def _holds_state(folder: Path) -> bool:
    return any(folder.glob("*/*/manifest.json"))


def finished(out: Path) -> bool:
    """Tell whether a model exists without an unfinished run beside it."""
    place = out.resolve()
    return (place / CONFIG).is_file() and not unfinished(place.with_name(place.name + ".partial"))


def clear_up(out: Path) -> None:
    """Remove what a run left that was killed after its model was in place.

    Raises:
        OutputError: another run is writing here.
    """
    place = out.resolve()
    with _locked(place.with_name(place.name + ".partial"), out):
        for left in (place.with_name(place.name + ".old"), place / FINISHED_STATE):
            shutil.rmtree(left, ignore_errors=True)


def _clear(partial: Path, out: Path, resume: Resume, *, overwrite: bool) -> None:
    """Remove what an earlier run left, except a state that may be needed."""
    has_state = unfinished(partial)
    if resume == "yes" and not has_state:
        raise TrainingError(f"{out}: no unfinished run to resume; leave --resume out, or say --resume auto")
    if has_state and resume == "no" and not overwrite:
        raise OutputError(
            f"{out}: an unfinished run is there, in {partial}; --resume continues it, --overwrite starts anew"
        )
    if not partial.exists():
        return
    if not has_state or resume == "no":
        shutil.rmtree(partial)
        return
    for path in partial.iterdir():
        if path.name == TRAINING:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _locked(partial: Path, out: Path) -> AbstractContextManager[None]:
    refusal = f"{out}: another run is writing this model; wait for it or choose another --out"
    return exclusive_lock(partial.with_name(partial.name + ".lock"), refusal)


def _recover(place: Path, partial: Path) -> None:
    """Undo a replacement of a model that was interrupted between its renames."""
    if (partial / FINISHED_STATE).is_dir() and not (partial / TRAINING).exists():
        (partial / FINISHED_STATE).rename(partial / TRAINING)
    old = place.with_name(place.name + ".old")
    if old.is_dir() and not place.exists():
        old.rename(place)


def _replace(partial: Path, out: Path) -> None:
    """Move ``partial`` to the place of ``out``."""
    for path in [*partial.rglob("*"), partial]:
        sync(path)
    old = out.with_name(out.name + ".old")
    if out.exists():
        shutil.rmtree(old, ignore_errors=True)
        out.rename(old)
    partial.rename(out)
    sync(out.parent)
    shutil.rmtree(old, ignore_errors=True)
