"""A folder on disk that is whole or absent: files listed with size and SHA-256, written aside, renamed at the end."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tagger.errors import ModelError, OutputError, TrainingError

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
TOKENIZER = "tokenizer.json"
CARD = "README.md"
METRICS = "metrics.json"
LOG = "log.jsonl"
TRAINING = "training"
"""Holds the state of an unfinished run, see ``tagger.run_checkpoints``."""
SPENT = "training.spent"
"""What becomes of it when the model is whole, unless it is to be kept: it is of use until the model is in its place."""
SEAL = "sha256"
LARGEST_CONFIG = 100_000_000  # bytes
FORMAT_VERSION = 2
"""1: taggers alone. 2: heads and units are listed; language models."""
Resume = Literal["no", "yes", "auto"]
"""Whether an unfinished run goes on: never; it must; if there is one."""


NO_ROOM = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)


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
        raise OutputError(f"{out}: holds files but no model; it is left alone, choose another --out")
    if not overwrite:
        raise OutputError(f"{out}: already holds a model; choose another --out, or --overwrite replaces it")


@contextmanager
def writing(out: Path, *, overwrite: bool, resume: Resume = "no", keep_state: bool = False) -> Iterator[Path]:
    """Give a folder to write into, ``OUT.partial``; it becomes ``out`` when the block ends without an exception.

    An earlier model stays where it is until then. A second run into the same place is refused while the first
    one lives: the lock goes when its process does.

    Args:
        out: where the model will be.
        overwrite: whether a model that is there, and an unfinished run, may be replaced.
        resume: what to do with an unfinished run: its state, in ``OUT.partial/training/``, is all that stays of it.
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
        with _locked(partial.with_name(partial.name + ".lock"), out):
            _recover(place, partial)
            check_free(out, overwrite=overwrite)  # another run may have finished since
            if resume != "no" and overwrite and _holds_state(place / TRAINING) and not unfinished(partial):
                shutil.copytree(place / TRAINING, partial / TRAINING)  # of a finished run that is to become longer
            _clear(partial, out, resume, overwrite=overwrite)
            partial.mkdir(exist_ok=True)
            yield partial
            if not keep_state and (partial / TRAINING).is_dir():
                (partial / TRAINING).rename(partial / SPENT)
            _replace(partial, place)
            shutil.rmtree(place / SPENT, ignore_errors=True)
    except BrokenPipeError:
        raise  # of a listener that has nobody left to talk to
    except OSError as error:
        hint = _how_to_go_on(error, partial)
        raise OutputError(f"{error.filename or out}: cannot write the model folder: {error.strerror}{hint}") from error


def _how_to_go_on(error: OSError, partial: Path) -> str:
    """How much room a run needs that found none, and that its work is not lost."""
    saved = unfinished(partial)
    size = sum(path.stat().st_size for path in partial.rglob("*") if path.is_file()) if partial.is_dir() else 0
    wanted = "; " + room(partial.parent, size) if error.errno in NO_ROOM else ""
    return wanted + ("; nothing is lost: mend that, and the same command with --resume goes on" if saved else "")


def unfinished(partial: Path) -> bool:
    """Whether a folder holds the state of a run that can go on."""
    return _holds_state(partial / TRAINING) or _holds_state(partial / SPENT)


def _holds_state(folder: Path) -> bool:
    return any(folder.glob("*/*/manifest.json"))


def finished(out: Path) -> bool:
    """Whether a model is there and no unfinished run beside it, so that there is nothing to resume."""
    place = out.resolve()
    return (place / CONFIG).is_file() and not unfinished(place.with_name(place.name + ".partial"))


def clear_up(out: Path) -> None:
    """Remove what a run left that was killed after its model was in place.

    Raises:
        OutputError: another run is writing here.
    """
    place = out.resolve()
    with _locked(place.with_name(place.name + ".partial.lock"), out):
        for left in (place.with_name(place.name + ".old"), place / SPENT):
            shutil.rmtree(left, ignore_errors=True)


def _clear(partial: Path, out: Path, resume: Resume, *, overwrite: bool) -> None:
    """Remove what an earlier run left behind, but not a state that is or may be needed."""
    found = unfinished(partial)
    if resume == "yes" and not found:
        raise TrainingError(f"{out}: no unfinished run to resume; leave --resume out, or say --resume auto")
    if found and resume == "no" and not overwrite:
        raise OutputError(
            f"{out}: an unfinished run is there, in {partial}; --resume goes on with it, --overwrite starts anew"
        )
    if not partial.exists():
        return
    if not found or resume == "no":
        shutil.rmtree(partial)
        return
    for path in partial.iterdir():
        if path.name == TRAINING:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


@contextmanager
def _locked(path: Path, out: Path) -> Iterator[None]:
    """Hold an advisory lock on a file for the block; where locks are unknown (Windows), do without."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not path.exists() or not os.path.samestat(os.fstat(file.fileno()), path.stat()):
                raise BlockingIOError  # the lock of a run that ended just now, and has gone with it
        except BlockingIOError:
            raise OutputError(
                f"{out}: another run is writing this model; wait for it or choose another --out"
            ) from None
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def _recover(place: Path, partial: Path) -> None:
    """Put back a model whose replacement was cut off between its renames, and the state of the run that made it."""
    if (partial / SPENT).is_dir() and not (partial / TRAINING).exists():
        (partial / SPENT).rename(partial / TRAINING)
    old = place.with_name(place.name + ".old")
    if old.is_dir() and not place.exists():
        old.rename(place)


def _replace(partial: Path, out: Path) -> None:
    """Put ``partial`` in the place of ``out``."""
    for path in [*partial.rglob("*"), partial]:
        sync(path)
    old = out.with_name(out.name + ".old")
    if out.exists():
        shutil.rmtree(old, ignore_errors=True)
        out.rename(old)
    partial.rename(out)
    sync(out.parent)
    shutil.rmtree(old, ignore_errors=True)


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


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write readable JSON."""
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def seal(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with their own SHA-256 beside them, for a ``config.json`` that shows whether it is damaged."""
    text = json.dumps({key: value for key, value in values.items() if key != SEAL}, sort_keys=True)
    return {**values, SEAL: hashlib.sha256(text.encode("utf-8")).hexdigest()}


def describe_file(path: Path) -> dict[str, Any]:
    """Size in bytes and SHA-256 of a file, as listed in ``config.json``."""
    digest = hashlib.sha256()
    size = 0
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
            size += len(chunk)
    return {"size": size, "sha256": digest.hexdigest()}


@dataclass(frozen=True, slots=True)
class FileState:
    """A file that a model folder lists.

    Args:
        name: as it is listed.
        size: in bytes; 0 if there is none.
        sha256: of what is there; nothing if there is none.
        whole: whether size and SHA-256 are those that are listed.
    """

    name: str
    size: int
    sha256: str
    whole: bool


def verify(folder: Path) -> list[FileState]:
    """Each listed file of a model folder, compared with what is listed of it; ``read_config`` stops at the first.

    Raises:
        ModelError: ``config.json`` itself is missing, damaged or of a newer format.
    """
    found = []
    for name, expected in _read_values(folder)["files"].items():
        path = folder / name
        present: dict[str, Any] = {"size": 0, "sha256": ""}
        if _escape(folder, name) is None and path.is_file():
            with suppress(OSError):
                present = describe_file(path)
        found.append(FileState(name, whole=present == expected, **present))
    return found


def read_config(folder: Path) -> dict[str, Any]:
    """Read ``config.json`` and check format version and the listed files.

    Raises:
        ModelError: the folder is missing, incomplete, damaged or of a newer format.
    """
    values = _read_values(folder)
    try:
        _check_files(folder, values["files"])
    except OSError as error:
        raise ModelError(f"{error.filename or folder}: cannot be read: {error.strerror}") from error
    return values


def _read_values(folder: Path) -> dict[str, Any]:
    """``config.json``, whole, of a format that is known, with a list of files."""
    if not folder.is_dir():
        raise ModelError(
            f"{folder}: no such model folder; `tagger train` makes one, `tagger models` lists those that ship"
        )
    path = folder / CONFIG
    if not path.is_file():
        raise ModelError(f"{folder}: not a model folder: {CONFIG} is missing")
    if (reason := _escape(folder, CONFIG)) is not None:
        raise ModelError(f"{path}: {reason}")
    try:
        if path.stat().st_size > LARGEST_CONFIG:
            raise ModelError(f"{path}: {path.stat().st_size:,} bytes, expected at most {LARGEST_CONFIG:,}")
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path}: damaged: {error}") from error
    if not isinstance(values, dict) or not isinstance(values.get("format_version"), int):
        raise ModelError(f"{path}: not the configuration of a model: no format_version")
    if values["format_version"] > FORMAT_VERSION:
        writer = values.get("library_version", "of unknown version")
        raise ModelError(
            f"{folder}: format version {values['format_version']} is newer than {FORMAT_VERSION}, the newest that "
            f"this version reads; it was written by sequence-tagger {writer}"
        )
    if seal(values) != values:
        raise ModelError(f"{path}: its content is not the one that was saved (SHA-256 differs)")
    files = values.get("files")
    if not isinstance(files, dict) or not {WEIGHTS, TOKENIZER} <= set(files):
        raise ModelError(f"{path}: damaged: it does not list {WEIGHTS} and {TOKENIZER} under 'files'")
    return values


def _escape(folder: Path, name: str) -> str | None:
    """Why a name does not stand for a file of this very folder; None if it does."""
    if name in ("", ".", "..") or "/" in name or "\\" in name or "\0" in name:
        return "not the plain name of a file of the folder"
    path = folder / name
    if path.is_symlink() and not path.resolve().is_relative_to(folder.resolve()):
        return "a link out of the model folder; copy the folder with its files (cp -rL)"
    return None


def _check_files(folder: Path, files: dict[str, Any]) -> None:
    for name, expected in files.items():
        path = folder / name
        if (reason := _escape(folder, name)) is not None:
            raise ModelError(f"{folder / CONFIG}: lists {clipped(name)}: {reason}")
        if not isinstance(expected, dict):
            raise ModelError(f"{folder / CONFIG}: damaged: no size and checksum of {name}")
        if not path.is_file():
            raise ModelError(f"{path}: missing from the model folder; copy the folder again, whole")
        size = path.stat().st_size
        if size != expected.get("size"):
            raise ModelError(f"{path}: {size} bytes, expected {expected.get('size')}: cut short or replaced")
        if describe_file(path)["sha256"] != expected.get("sha256"):
            raise ModelError(f"{path}: its content is not the one that was saved (SHA-256 differs)")


def clipped(text: str) -> str:
    """A string of any length and content as a short word."""
    return repr(text if len(text) <= 60 else text[:56] + " ...")
