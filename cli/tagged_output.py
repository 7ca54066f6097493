"""Where `tagger tag` writes: the standard output, or a file that appears only when it is complete."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from tagger.errors import OutputError

BUFFER_BYTES = 1 << 18


@contextmanager
def output_stream(path: str | None) -> Iterator[BinaryIO]:
    """A stream of bytes to ``path``; None or ``-`` is the standard output.

    A regular file is written beside its place and renamed at the end, so that it is never half there and may
    be one of the files that are read. Pipes and devices are written directly.

    Raises:
        OutputError: the file cannot be written.
    """
    if path is None or path == "-":
        with _quiet_when_the_reader_goes():
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        return
    target = Path(os.path.realpath(path))
    aside = not target.exists() or target.is_file()
    place = target.with_name(f".{target.name}.{os.getpid()}.part") if aside else target
    try:
        if target.is_dir():
            raise OutputError(f"{path}: is a folder, expected a file name")
        with place.open("wb", buffering=BUFFER_BYTES) as stream:
            yield stream
        if aside:
            place.replace(target)
    except OSError as error:
        raise OutputError(f"{path}: cannot write: {error.strerror or error}") from error
    finally:
        if aside:
            with suppress(OSError):
                place.unlink()


@contextmanager
def _quiet_when_the_reader_goes() -> Iterator[None]:
    """Exit with 0 on a broken pipe (``| head``); click alone would make it 1."""
    try:
        yield
    except BrokenPipeError:
        # What is left in the buffer is flushed at exit, and must go somewhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None
