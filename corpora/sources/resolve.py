"""From the arguments of the user to files: which are bundled, named one by one, or piped in."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tagger.corpora.files.paths import checked_status, copy_stream, near
from tagger.corpora.sources.locate import DatasetFiles, bundled, locate, looks_like_path
from tagger.errors import CorpusError

STDIN = "<standard input>"


def resolve(source: str | None, spool: dict[str, Path]) -> DatasetFiles | None:
    """The files that a source names, or None if it can only be a catalogue name or a hub id."""
    if (found := bundled(source)) is not None:
        return found
    text = str(source)
    if text in spool:
        return DatasetFiles("stdin", {"all": [spool[text]]}, display={spool[text]: STDIN})
    if not text.strip():
        raise CorpusError("the name of the corpus is empty; give a file, a folder or a hub id")
    if (found := locate(text)) is not None:
        return found
    if looks_like_path(text):
        checked_status(Path(text).expanduser(), text)
    return None


def named_splits(source: str | None, **given: str | None) -> dict[str, str]:
    """The splits for which the user named files.

    Args:
        source: what the user gave for the whole corpus.
        given: by split, ``train``, ``dev`` and ``test``: what the user gave for it.

    Raises:
        CorpusError: there is no source, and no train among them.
    """
    named = {split: path for split, path in given.items() if path is not None}
    if source is None and named and "train" not in named:
        raise CorpusError(f"{' and '.join(named)} given without train; name the training file too")
    return named


def explicit_files(given: dict[str, str], spool: dict[str, Path]) -> DatasetFiles:
    """Files named split by split."""
    whole = DatasetFiles("corpus", {})
    for split, text in given.items():
        found = resolve(text, spool)
        if found is None:
            raise CorpusError(f"no such file{near(Path(text))}", path=text)
        paths = found.files.get(split) or found.files.get("all")
        if paths is None and len(found.files) > 1:
            raise CorpusError(f"no {split} file here; there are: {', '.join(found.files)}", path=text)
        whole.files[split] = paths or next(iter(found.files.values()))
        whole.display |= found.display
        whole.notes += [f"{split}: {note}" for note in found.notes]
        whole.name = found.name if split == "train" else whole.name
    return whole


def override(located: DatasetFiles, explicit: DatasetFiles) -> None:
    """Puts files that were named split by split in the place of those that the source has."""
    files = dict(located.files)
    if "all" in files:
        files["train"] = files.pop("all")
    located.files = files | explicit.files
    located.display |= explicit.display
    located.notes += explicit.notes


@contextmanager
def stdin_to_tempfile(texts: list[str | None]) -> Iterator[dict[str, Path]]:
    """Where ``-`` is asked for, standard input as a file, since it must be read twice."""
    if "-" not in texts:
        yield {}
        return
    if texts.count("-") > 1:
        raise CorpusError("standard input ('-') can stand for one part of the corpus only")
    with tempfile.TemporaryDirectory(prefix="tagger-") as folder:
        path = Path(folder) / "stdin"
        copy_stream(sys.stdin.buffer, path)
        yield {"-": path}
