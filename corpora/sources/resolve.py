"""From the arguments of the user to files: which are bundled, named split by split, or piped in."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tagger.corpora.files.paths import checked_status, copy_stream, near, user_path
from tagger.corpora.sources.corpus import Note
from tagger.corpora.sources.locate import DatasetFiles, bundled, locate, looks_like_path
from tagger.errors import CorpusError

STDIN = "<standard input>"


def find_files(
    source: str | None,
    named: Mapping[str, str],
    stdin: dict[str, Path],
    resolve_source: Callable[[str | None, dict[str, Path]], DatasetFiles | None] | None = None,
) -> tuple[DatasetFiles | None, DatasetFiles | None]:
    """Find the files of a corpus, those of splits that the user names in the place of its own.

    Args:
        source: what the user gave for the whole corpus.
        named: what the user gave for single splits.
        stdin: the standard input as a file, if it is asked for, and corpora in memory as files.
        resolve_source: finds the files of ``source``; ``resolve`` if None.

    Returns:
        The files, and None; or, if only the catalogue or the hub can have the source, None and the files of
        the named splits, which replace those of the hub.

    Raises:
        CorpusError: there is no such file.
    """
    explicit = explicit_files(named, stdin) if named else None
    if source is None and explicit is not None:
        return explicit, None
    files = (resolve_source or resolve)(source, stdin)
    if files is None or explicit is None:
        return files, explicit
    splits = dict(files.files)
    if "all" in splits:
        splits["train"] = splits.pop("all")
    files.files = splits | explicit.files
    files.display |= explicit.display
    files.notes += explicit.notes
    return files, None


def resolve(source: str | None, stdin: dict[str, Path]) -> DatasetFiles | None:
    """Find the files of a source; None if it can only be a catalogue name or a hub id."""
    source = None if source is None else os.fspath(source)
    if (files := bundled(source)) is not None:
        return files
    text = str(source)
    if text in stdin:
        name, shown = ("stdin", STDIN) if text == "-" else ("memory", text)
        return DatasetFiles(name, {"all": [stdin[text]]}, display={stdin[text]: shown})
    if not text.strip():
        raise CorpusError("the name of the corpus is empty; give a file, a folder or a hub id")
    if (files := locate(text)) is not None:
        return files
    if looks_like_path(text):
        checked_status(user_path(text), text)
    return None


def named_splits(source: str | None, **given: str | None) -> dict[str, str]:
    """Return the splits for which the user names files.

    Args:
        source: what the user gave for the whole corpus.
        given: for ``train``, ``dev`` and ``test``: what the user gave for the split.

    Raises:
        CorpusError: there is no source, and no train among them.
    """
    named = {split: path for split, path in given.items() if path is not None}
    if source is None and named and "train" not in named:
        raise CorpusError(f"{' and '.join(named)} given without train; name the training file too")
    return named


def explicit_files(named: Mapping[str, str], stdin: dict[str, Path]) -> DatasetFiles:
    """Find files that are named split by split."""
    whole = DatasetFiles("corpus", {})
    for split, text in named.items():
        files = resolve(text, stdin)
        if files is None:
            raise CorpusError(f"no such file{near(Path(text))}", path=text)
        paths = files.files.get(split) or files.files.get("all")
        if paths is None and len(files.files) > 1:
            raise CorpusError(f"no {split} file here; there are: {', '.join(files.files)}", path=text)
        whole.files[split] = paths or next(iter(files.files.values()))
        whole.display |= files.display
        whole.notes += [Note(note, split) for note in files.notes]
        whole.name = files.name if split == "train" else whole.name
    return whole


@contextmanager
def stdin_to_tempfile(sources: Sequence[str | None]) -> Iterator[dict[str, Path]]:
    """Copy the standard input to a file if ``-`` is asked for, since it must be read twice."""
    if "-" not in sources:
        yield {}
        return
    if sources.count("-") > 1:
        raise CorpusError("standard input ('-') can stand for one part of the corpus only")
    with tempfile.TemporaryDirectory(prefix="tagger-") as folder:
        path = Path(folder) / "stdin"
        copy_stream(sys.stdin.buffer, path)
        yield {"-": path}
