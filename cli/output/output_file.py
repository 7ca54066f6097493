"""Output of commands: the standard output, or a file that appears when it is complete."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from tagger.corpora.files.paths import user_path
from tagger.errors import ConfigError, OutputError

if TYPE_CHECKING:
    from tagger.inference.document_tagging import Progress
    from tagger.inference.resumable_output import TaggedFile
    from tagger.serialization.atomic_folder import Resume

BUFFER_BYTES = 1 << 18


@contextmanager
def output_stream(path: str | None) -> Iterator[BinaryIO]:
    """Open a stream of bytes to ``path``; None or ``-`` is the standard output.

    A regular file is written beside its place and renamed at the end, so that it is never half there and may
    be one of the files that are read. Pipes and devices are written directly.

    Raises:
        OutputError: the file cannot be written.
    """
    if path is None or path == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    target = Path(os.path.realpath(user_path(path)))
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


@dataclass(frozen=True, slots=True)
class TaggedOutput:
    """Destination of `tagger tag`; the journal records the progress of a run that can be resumed."""

    write: Callable[[bytes], object]
    journal: TaggedFile | None = None
    flush: Callable[[], object] = lambda: None

    def write_at_once(self, data: bytes) -> None:
        """Write and flush."""
        self.write(data)
        self.flush()

    def begin(self, inputs: Sequence[str], model: str, tagger: Any, options: Mapping[str, Any]) -> Progress | None:
        """Record input, model and options; return the progress of the run to resume."""
        if self.journal is None:
            return None
        from tagger.inference.resumable_output import describe_inputs, describe_model
        from tagger.runtime.version import __version__
        from tagger.serialization.manifest import find_model

        identity = {
            "the version of sequence-tagger": __version__,
            "the input": describe_inputs(inputs),
            "the model": describe_model(find_model(model)),
            "the arithmetic": getattr(tagger, "precision", None),
        }
        return self.journal.begin({**identity, **options})


@contextmanager
def tagged_output(path: str | None, resume: Resume) -> Iterator[TaggedOutput]:
    """Open the destination of tagged documents as ``output_stream`` does; a regular file can be resumed.

    Raises:
        ConfigError: what is written to cannot be resumed.
        OutputError: the file cannot be written.
    """
    if path is None or path == "-" or _is_special(path):
        if resume != "no":
            raise ConfigError("--resume is for an output file; name one with -o FILE")
        with output_stream(path) as stream:
            yield TaggedOutput(stream.write, flush=stream.flush)
        return
    from tagger.inference.resumable_output import tagged_file

    with tagged_file(path, resume) as file:
        yield TaggedOutput(file.write, file)


def _is_special(path: str) -> bool:
    target = Path(os.path.realpath(user_path(path)))
    return target.exists() and not target.is_file() and not target.is_dir()
