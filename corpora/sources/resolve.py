"""From the arguments of the user to files: which are bundled, named split by split, or piped in."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tagger.corpora.files.paths import checked_status, near, user_path
from tagger.corpora.sources.corpus import Note
from tagger.corpora.sources.in_memory import Source, in_memory_files
from tagger.corpora.sources.locate import DatasetFiles, bundled, locate, looks_like_path
from tagger.errors import CorpusError

STDIN = "<standard input>"
Resolver = Callable[[str | None, dict[str, Path]], DatasetFiles | None]


@dataclass(frozen=True, slots=True)
class Found:
    """The files of what a user asked for.

    Args:
        source: what names the whole corpus.
        named: what names single splits.
        files: all files; None if only the catalogue or the hub can have the source.
        replacements: then the files of the named splits, which replace those of the hub.
        written: the files of the standard input and of corpora in memory, by their names.
    """

    source: str | None
    named: dict[str, str]
    files: DatasetFiles | None
    replacements: DatasetFiles | None
    written: dict[str, Path]

    @property
    def label(self) -> str:
        """What to call the corpus."""
        return self.source or " ".join(self.named.values()) or "bundled"


@contextmanager
def find_files(
    given: Mapping[str, Source | None],
    column: str | None = None,
    *,
    needs_train: bool = False,
    after_text: str | None = None,
    resolve_source: Resolver | None = None,
) -> Iterator[Found]:
    """Find the files of a corpus, those of splits that the user names in the place of its own.

    Args:
        given: ``source``, and perhaps ``train``, ``dev`` and ``test``.
        column: as for ``in_memory_files``.
        needs_train: refuse splits without a source or a file to train on.
        after_text: as for ``in_memory_files``.
        resolve_source: finds the files of the source; ``resolve`` if None.

    Yields:
        The files; those of the standard input and of corpora in memory last for the block.

    Raises:
        CorpusError: there is no such file.
        TypeError: something is neither a name nor a corpus in memory.
    """
    with in_memory_files(given, column, after_text=after_text) as (names, written):
        named = {split: name for split, name in names.items() if split != "source" and name is not None}
        source = names["source"]
        if needs_train and source is None and named and "train" not in named:
            raise CorpusError(f"{' and '.join(named)} given without train; name the training file too")
        explicit = explicit_files(named, written) if named else None
        if source is None and explicit is not None:
            yield Found(source, named, explicit, None, written)
            return
        files = (resolve_source or resolve)(source, written)
        if files is not None and explicit is not None:
            splits = {"train" if split == "all" else split: paths for split, paths in files.files.items()}
            files.files = splits | explicit.files
            files.display |= explicit.display
            files.notes += explicit.notes
        yield Found(source, named, files, explicit if files is None else None, written)


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
