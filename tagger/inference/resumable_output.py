"""Write the output of a long tagging run so that it can be resumed.

``OUT.part`` grows; the journal ``OUT.part.json`` records up to which byte it is complete, how many pieces of the input
that is, and the SHA-256. At the end ``OUT.part`` becomes ``OUT``. A resumed run cuts the file there and continues.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from signal import SIGINT
from typing import Any, BinaryIO

from tagger.corpora.files.paths import user_path
from tagger.errors import OutputError
from tagger.inference.document_tagging import Progress
from tagger.runtime.filesystem import NO_ROOM, exclusive_lock, room, sync
from tagger.runtime.signals import Stopped
from tagger.serialization.atomic_folder import Resume
from tagger.serialization.manifest import CONFIG

FORMAT = 1
SECONDS_BETWEEN_MARKS = 0.5
BUFFER_BYTES = 1 << 18
HEAD_BYTES = 1 << 20


class TaggedFile:
    """An output file that is being written; open it with ``tagged_file``.

    Args:
        target: final place of the file.
        part: the unfinished file, open and locked.
        resume: whether to continue an unfinished file.
    """

    def __init__(self, target: Path, part: BinaryIO, resume: Resume) -> None:
        self.target = target
        self.part = part
        self.place, self.journal = _names(target)
        self.resume = resume
        self.identity: Mapping[str, Any] = {}
        self.begun = False
        self.size = 0
        self.digest = hashlib.sha256()
        self.marked: Progress | None = None
        self.last = time.monotonic()

    def begin(self, identity: Mapping[str, Any]) -> Progress:
        """Begin or resume, and return the progress so far.

        Args:
            identity: everything that decides the content, as plain values; messages show their names.

        Raises:
            OutputError: there is nothing to resume, or other content was being written.
        """
        self.identity = {"format": FORMAT, **identity}
        self.marked = None if self.resume == "no" else self._resumed()
        if self.marked is None:
            if self.resume == "yes":
                raise OutputError(f"{self.target}: no unfinished output; leave --resume out, or use --resume auto")
            self.journal.unlink(missing_ok=True)
            self.part.truncate(0)
        self.begun = True
        return Progress() if self.marked is None else replace(self.marked)

    def _resumed(self) -> Progress | None:
        """Return the progress of an earlier run; one that ended at its last step left no file."""
        if not os.fstat(self.part.fileno()).st_size:
            return None
        try:
            journal = json.loads(self.journal.read_text(encoding="utf-8"))
            saved, size, digest = journal["identity"], journal["size"], journal["sha256"]
            done = Progress(**journal["progress"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        changed = [name for name in {**saved, **self.identity} if saved.get(name) != self.identity.get(name)]
        if changed:
            raise OutputError(
                f"{self.target}: cannot resume: {', '.join(changed)} changed since {self.place} was started; "
                "leave --resume out to start over"
            )
        self.part.truncate(size)
        self.part.seek(0)
        self.digest = hashlib.file_digest(self.part, "sha256")  # type: ignore[arg-type]  # it has readinto()
        if self.digest.hexdigest() != digest:
            raise OutputError(
                f"{self.place}: its content has changed since it was written; leave --resume out to start over"
            )
        self.size = size
        return done

    def write(self, data: bytes) -> None:
        """Append data."""
        self.part.write(data)
        self.digest.update(data)
        self.size += len(data)

    def mark(self, progress: Progress) -> None:
        """Record from time to time that everything written so far is complete."""
        if time.monotonic() - self.last < SECONDS_BETWEEN_MARKS:
            return
        self.part.flush()
        values = {
            "identity": self.identity, "size": self.size, "sha256": self.digest.hexdigest(),
            "progress": asdict(progress),
        }  # fmt: skip
        aside = self.journal.with_name(self.journal.name + ".new")
        aside.write_text(json.dumps(values), encoding="utf-8")
        aside.replace(self.journal)
        self.marked = replace(progress)
        self.last = time.monotonic()

    def finish(self) -> None:
        """Move the file to its final place."""
        self.part.flush()
        os.fsync(self.part.fileno())
        self.place.replace(self.target)
        self.journal.unlink(missing_ok=True)
        with suppress(OSError):  # some systems do not open folders
            sync(self.target.parent)

    def discard(self) -> None:
        """Remove the unfinished file, unless it belongs to an earlier run and this one has not begun."""
        if not self.begun and self.journal.exists():
            return
        for path in (self.place, self.journal):
            with suppress(OSError):
                path.unlink()

    def kept(self) -> str:
        """Say how to resume; empty where nothing can be resumed."""
        if self.marked is None:
            return ""
        return (
            f"{self.marked.sentences:,} sentences are kept in {self.place}; "
            "the same command with --resume continues from there"
        )


def _names(target: Path) -> tuple[Path, Path]:
    return target.with_name(target.name + ".part"), target.with_name(target.name + ".part.json")


@contextmanager
def tagged_file(path: str, resume: Resume) -> Iterator[TaggedFile]:
    """Open an output file that ends up complete or absent; an interrupted run can be resumed.

    Args:
        path: a regular file, which may exist.
        resume: see ``tagger.serialization.atomic_folder.Resume``.

    Raises:
        OutputError: it cannot be written, another process is writing it, or tagging failed.
        Stopped: Ctrl-C; what was tagged is kept.
    """
    target = Path(os.path.realpath(user_path(path)))
    if target.is_dir():
        raise OutputError(f"{path}: is a folder, expected a file name")
    with _opened(_names(target)[0], path) as part:
        file = TaggedFile(target, part, resume)
        try:
            yield file
            file.finish()
        except KeyboardInterrupt as error:
            if file.marked is None:
                file.discard()
                raise
            raise Stopped(getattr(error, "signum", SIGINT), f"interrupted; {file.kept()}") from error
        except OSError as error:
            free = f"; {room(target.parent, file.size)}" if error.errno in NO_ROOM else ""
            kept = "; ".join(["", file.kept()] if file.kept() else [])
            if not kept:
                file.discard()
            raise OutputError(f"{path}: cannot write: {error.strerror or error}{free}{kept}") from error
        except (MemoryError, RuntimeError) as error:
            if file.marked is None:
                file.discard()
                raise
            raise OutputError(f"{path}: tagging failed: {str(error) or 'out of memory'}; {file.kept()}") from error
        except BaseException:
            file.discard()
            raise


@contextmanager
def _opened(place: Path, path: str) -> Iterator[BinaryIO]:
    """Open and lock a file for reading and writing."""
    refusal = f"{path}: another process is writing it; wait for it or choose another -o"
    with ExitStack() as stack:
        try:
            stack.enter_context(exclusive_lock(place.with_name(place.name + ".lock"), refusal))
            descriptor = os.open(place, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
        except OSError as error:
            raise OutputError(f"{path}: cannot write: {error.strerror or error}") from error
        part = open(descriptor, "r+b", buffering=BUFFER_BYTES)  # noqa: SIM115
        try:
            yield part
        finally:  # what could not be written fails again, and that error is known
            with suppress(OSError):
                part.close()


def describe_inputs(paths: Sequence[str]) -> list[list[Any]]:
    """Describe input files by size and SHA-256 of beginning and end, so that changes are noticed.

    The standard input is not checked: a resumed run must get the same again.
    """
    described: list[list[Any]] = []
    for path in paths:
        place = user_path(path)
        if not place.is_file():
            described.append([path])
            continue
        size = place.stat().st_size
        with place.open("rb") as file:
            digest = hashlib.sha256(file.read(HEAD_BYTES))
            file.seek(max(0, size - HEAD_BYTES))
            digest.update(file.read(HEAD_BYTES))
        described.append([path, size, digest.hexdigest()])
    return described


def describe_model(folder: Path) -> str:
    """Return the checksum of a model folder: that of its configuration, which lists the other files."""
    try:
        return str(json.loads((folder / CONFIG).read_text(encoding="utf-8"))["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        return str(folder)
