"""The manifest of a model folder, ``config.json``: it lists the files with their SHA-256 and has its own checksum."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tagger.corpora.files.paths import user_path
from tagger.errors import ModelError

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
TOKENIZER = "tokenizer.json"
CARD = "README.md"
METRICS = "metrics.json"
LOG = "log.jsonl"
TRAINING = "training"
"""Holds the state of an unfinished run, see ``tagger.training.checkpoint_store``."""
FINISHED_STATE = "training.spent"
"""Holds that state once the model is complete and until it is in its place, unless the state is kept."""
CHECKSUM = "sha256"
LARGEST_CONFIG = 100_000_000  # bytes
FORMAT_VERSION = 3
"""1: taggers alone. 2: heads and units are listed; language models. 3: other names of weights."""


def bundled_folder() -> Path:
    """Find the folder of the models that ship with the toolkit."""
    from importlib import resources

    return Path(str(resources.files("tagger.models"))) / "pretrained"


def bundled_names() -> list[str]:
    """List the names of the models that ship with the toolkit."""
    folder = bundled_folder()
    return sorted(path.parent.name for path in folder.glob(f"*/{CONFIG}")) if folder.is_dir() else []


def find_model(name: str | Path) -> Path:
    """Find the folder of a model: one that holds a model, else a bundled one."""
    path = user_path(name)
    if not (path / CONFIG).is_file() and str(name) in bundled_names():
        return bundled_folder() / str(name)
    return path


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write readable JSON."""
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def with_checksum(values: Mapping[str, Any]) -> dict[str, Any]:
    """Add the SHA-256 of the values, so that ``config.json`` shows damage."""
    text = json.dumps({key: value for key, value in values.items() if key != CHECKSUM}, sort_keys=True)
    return {**values, CHECKSUM: hashlib.sha256(text.encode("utf-8")).hexdigest()}


def describe_file(path: Path) -> dict[str, Any]:
    """Compute size in bytes and SHA-256 of a file, as listed in ``config.json``."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return {"size": file.tell(), "sha256": digest.hexdigest()}


@dataclass(frozen=True, slots=True)
class FileState:
    """A file that a model folder lists, its size in bytes, and what is wrong with it; None if nothing is."""

    name: str
    size: int = 0
    sha256: str = ""
    problem: str | None = None


def verify(folder: Path) -> Iterator[FileState]:
    """Compare each listed file of a model folder with its entry, one after the other.

    Raises:
        ModelError: ``config.json`` itself is missing, damaged or of a newer format.
    """
    for name, expected in read_manifest(folder)["files"].items():
        yield _state(folder, name, expected)


def read_verified_manifest(folder: Path) -> dict[str, Any]:
    """Read ``config.json`` and check the files that it lists.

    Raises:
        ModelError: the folder is missing, incomplete, damaged or of a newer format.
    """
    values = read_manifest(folder)
    for name, expected in values["files"].items():
        if problem := _state(folder, name, expected).problem:
            raise ModelError(problem)
    return values


def _state(folder: Path, name: str, expected: Any) -> FileState:
    path = folder / name
    if (reason := _escape(folder, name)) is not None:
        return FileState(name, problem=f"{folder / CONFIG}: lists {clipped(name)}: {reason}")
    if not isinstance(expected, dict):
        return FileState(name, problem=f"{folder / CONFIG}: damaged: no size and checksum of {name}")
    if not path.is_file():
        return FileState(name, problem=f"{path}: missing from the model folder; copy the folder again, whole")
    try:
        present = describe_file(path)
    except OSError as error:
        return FileState(name, problem=f"{path}: cannot be read: {error.strerror}")
    problem = None
    if present["size"] != expected.get("size"):
        problem = f"{path}: {present['size']} bytes, expected {expected.get('size')}: cut short or replaced"
    elif present != expected:
        problem = f"{path}: its content is not the one that was saved (SHA-256 differs)"
    return FileState(name, present["size"], present["sha256"], problem)


def heads_of(folder: Path) -> tuple[str, ...]:
    """List the names of the heads of a model; its files are left for loading to check."""
    heads = read_manifest(folder).get("heads", ["tag"])
    return tuple(map(str, heads)) if isinstance(heads, list) else ()


def steps_of(folder: Path) -> str | None:
    """Tell what a regression head reads, "time" or "words"; None for other folders."""
    try:
        steps = read_manifest(folder).get("over")
    except ModelError:
        return None
    return steps if isinstance(steps, str) else None


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read ``config.json`` without reading the files that it lists.

    Raises:
        ModelError: it is missing, damaged or of a newer format.
    """
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
    if with_checksum(values) != values:
        raise ModelError(f"{path}: its content is not the one that was saved (SHA-256 differs)")
    files = values.get("files")
    if not isinstance(files, dict) or not {WEIGHTS, TOKENIZER} <= set(files):
        raise ModelError(f"{path}: damaged: it does not list {WEIGHTS} and {TOKENIZER} under 'files'")
    return values


def _escape(folder: Path, name: str) -> str | None:
    """Explain why a name is not that of a file in the folder."""
    if name in ("", ".", "..") or "/" in name or "\\" in name or "\0" in name:
        return "not the plain name of a file of the folder"
    path = folder / name
    if path.is_symlink() and not path.resolve().is_relative_to(folder.resolve()):
        return "a link out of the model folder; copy the folder with its files (cp -rL)"
    return None


def clipped(text: str) -> str:
    """Quote a string of any length and content in at most 62 characters."""
    return repr(text if len(text) <= 60 else text[:56] + " ...")


def one_line(error: BaseException) -> str:
    """Shorten the message of an error to one line of at most 300 characters."""
    return " ".join(str(error).split())[:300]
