"""A folder on disk that is whole or absent: files listed with size and SHA-256, written aside, renamed at the end."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tagger.errors import ModelError, OutputError

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
TOKENIZER = "tokenizer.json"
CARD = "README.md"
METRICS = "metrics.json"
LOG = "log.jsonl"
SEAL = "sha256"
FORMAT_VERSION = 2
"""1: taggers alone. 2: heads and units are listed; language models."""


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
def writing(out: Path, *, overwrite: bool) -> Iterator[Path]:
    """Give a folder to write into, ``OUT.partial``; it becomes ``out`` when the block ends without an exception.

    An earlier model stays where it is until then. A second run into the same place is refused while the first
    one lives: the lock goes when its process does.

    Raises:
        OutputError: ``out`` is taken, not writable, or being written by another process.
    """
    check_free(out, overwrite=overwrite)
    place = out.resolve()  # "." has no name to put ".partial" behind
    partial = place.with_name(place.name + ".partial")
    try:
        partial.parent.mkdir(parents=True, exist_ok=True)
        with _locked(partial.with_name(partial.name + ".lock"), out):
            _recover(place)
            check_free(out, overwrite=overwrite)  # another run may have finished since
            if partial.exists():
                shutil.rmtree(partial)
            partial.mkdir()
            yield partial
            _replace(partial, place)
    except BrokenPipeError:
        raise  # of a listener that has nobody left to talk to
    except OSError as error:
        raise OutputError(f"{error.filename or out}: cannot write the model folder: {error.strerror}") from error


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


def _recover(place: Path) -> None:
    """Put back a model whose replacement was cut off between its two renames."""
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


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write readable JSON."""
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def seal(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with their own SHA-256 beside them, for a ``config.json`` that shows whether it is damaged."""
    text = json.dumps({key: value for key, value in values.items() if key != SEAL}, sort_keys=True)
    return {**values, SEAL: hashlib.sha256(text.encode("utf-8")).hexdigest()}


def describe_file(path: Path) -> dict[str, Any]:
    """Size in bytes and SHA-256 of a file, as listed in ``config.json``."""
    data = path.read_bytes()
    return {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def read_config(folder: Path) -> dict[str, Any]:
    """Read ``config.json`` and check format version and the listed files.

    Raises:
        ModelError: the folder is missing, incomplete, damaged or of a newer format.
    """
    if not folder.is_dir():
        raise ModelError(f"{folder}: no such model folder; `tagger train pos --out {folder}` makes one")
    if not (folder / CONFIG).is_file():
        raise ModelError(f"{folder}: not a model folder: {CONFIG} is missing")
    try:
        values = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{folder / CONFIG}: damaged: {error}") from error
    if not isinstance(values, dict) or not isinstance(values.get("format_version"), int):
        raise ModelError(f"{folder / CONFIG}: not the configuration of a model: no format_version")
    if values["format_version"] > FORMAT_VERSION:
        writer = values.get("library_version", "of unknown version")
        raise ModelError(
            f"{folder}: format version {values['format_version']} is newer than {FORMAT_VERSION}, the newest that "
            f"this version reads; it was written by sequence-tagger {writer}"
        )
    if seal(values) != values:
        raise ModelError(f"{folder / CONFIG}: its content is not the one that was saved (SHA-256 differs)")
    try:
        _check_files(folder, values.get("files"))
    except OSError as error:
        raise ModelError(f"{error.filename or folder}: cannot be read: {error.strerror}") from error
    return values


def _check_files(folder: Path, files: Any) -> None:
    if not isinstance(files, dict) or not {WEIGHTS, TOKENIZER} <= set(files):
        raise ModelError(f"{folder / CONFIG}: damaged: it does not list {WEIGHTS} and {TOKENIZER} under 'files'")
    for name in (WEIGHTS, TOKENIZER):
        expected, path = files[name], folder / name
        if not isinstance(expected, dict):
            raise ModelError(f"{folder / CONFIG}: damaged: no size and checksum of {name}")
        if not path.is_file():
            raise ModelError(f"{path}: missing from the model folder; copy the folder again, whole")
        size = path.stat().st_size
        if size != expected.get("size"):
            raise ModelError(f"{path}: {size} bytes, expected {expected.get('size')}: cut short or replaced")
        if describe_file(path)["sha256"] != expected.get("sha256"):
            raise ModelError(f"{path}: its content is not the one that was saved (SHA-256 differs)")
