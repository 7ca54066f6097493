"""The folders of a run: the model folder that is being written, and scratch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tagger.runtime.scratch import scratch_folder
from tagger.serialization.atomic_folder import writing
from tagger.training.checkpoint_callback import Keeping


@contextmanager
def run_folders(out: Path | None, *, overwrite: bool, keeping: Keeping) -> Iterator[tuple[Path | None, Path]]:
    """A folder that becomes ``out`` when the block ends without an exception, and one for what is needed until then.

    Args:
        out: None if nothing is to be written; the first of the two is None then.
        overwrite: whether a model that is there already may be replaced.
        keeping: how the state of the run is kept, and whether an unfinished run goes on.

    Raises:
        OutputError: as ``tagger.serialization.atomic_folder.writing``.
    """
    if out is None:
        with scratch_folder(None) as scratch:
            yield None, scratch
        return
    with (
        writing(out, overwrite=overwrite, resume=keeping.resume, keep_state=keeping.keep_state) as partial,
        scratch_folder(partial) as scratch,
    ):
        yield partial, scratch
