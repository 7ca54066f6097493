"""The Arrow cache: files are parsed once, and again only after they have changed.

An entry is named by the SHA-256 of the files' content and of every option that bears on the reading. It is a
folder of an Arrow file and ``info.json``, written beside its place and renamed when complete. Entries lie
under the user's cache folder; the environment variable ``TAGGER_CACHE`` names another. Where that cannot be written,
a temporary folder takes its place until the process ends.
"""

from __future__ import annotations

import atexit
import errno
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from tagger.corpora.files.paths import open_file, user_path
from tagger.corpora.formats.sentence import RawSentence
from tagger.errors import CorpusError, OutputError

if TYPE_CHECKING:
    import datasets


ARROW_FILE = "all.arrow"
LAYOUT = 4  # raise it when readers or files change their meaning: old entries are then left alone
UNFINISHED = ".new"
ABANDONED_SECONDS = 2 * 24 * 3600  # what a killed process left
LIMIT_BYTES = 10 << 30  # the least recently used entries go when the cache outgrows this


@dataclass(frozen=True, slots=True)
class Info:
    """The facts about cached sentences.

    Args:
        column: the label column.
        columns: all columns with labels.
        notes: what the user should know.
        size: bytes of the Arrow file, to notice one that was cut short.
    """

    column: str
    columns: tuple[str, ...]
    notes: tuple[str, ...] = ()
    size: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """A complete entry of the cache.

    Args:
        folder: its folder.
        info: the content of its ``info.json``.
    """

    folder: Path
    info: Info

    def table(self) -> datasets.Dataset:
        """Map the Arrow file into memory as a data set, of which pages are read when they are needed."""
        import datasets

        table = datasets.table.MemoryMappedTable.from_file(str(self.folder / ARROW_FILE))
        return datasets.Dataset(table, fingerprint=self.folder.name[:16])


def cache_folder() -> Path:
    """Return the folder of the entries: ``$TAGGER_CACHE``, or ``tagger`` under the user's cache folder.

    A user without a home folder, as in some containers, gets a temporary folder.
    """
    return _lasting_folder() or temporary_folder()


def _lasting_folder() -> Path | None:
    if given := os.environ.get("TAGGER_CACHE"):
        return user_path(given) / "corpora"
    variable = {"win32": "LOCALAPPDATA", "darwin": ""}.get(sys.platform, "XDG_CACHE_HOME")
    usual = {"win32": "~/AppData/Local", "darwin": "~/Library/Caches"}.get(sys.platform, "~/.cache")
    base = user_path(os.environ.get(variable) or usual)
    return base / "tagger" / "corpora" if base.is_absolute() else None


@cache
def temporary_folder() -> Path:
    """Make a folder for the entries of this process alone, which removes it at its end.

    Raises:
        OutputError: there is no folder for temporary files either.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix="tagger-cache-"))
    except OSError as error:
        hint = "set the environment variable TMPDIR or TAGGER_CACHE to a folder that can be written"
        raise OutputError(f"the corpus cache cannot be written: {error.strerror or error}; {hint}") from error
    owner = os.getpid()
    atexit.register(lambda: shutil.rmtree(folder, ignore_errors=True) if os.getpid() == owner else None)
    return folder


def content_digest(path: Path, name: str) -> str:
    """Return the SHA-256 of a file's bytes as they are on disk."""
    with open_file(path, name) as file:
        try:
            return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise CorpusError(f"cannot be read: {error.strerror or error}", path=name) from error


def entry_key(digests: Iterable[str], options: dict[str, Any]) -> str:
    """Return the name of the entry for some content read with some options: 32 hexadecimal digits."""
    text = json.dumps([LAYOUT, sys.byteorder, list(digests), options], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def cached(key: str, write: Callable[[Path], Info]) -> Entry:
    """Return an entry; ``write`` makes it if it does not exist.

    Args:
        key: the entry's name.
        write: writes an Arrow file and returns the facts about it.

    Raises:
        OutputError: neither the cache nor a temporary folder can be written, or the disk is full.
    """
    folder, why = _lasting_folder(), "there is no home folder"
    if folder is not None:
        try:
            return _entry(folder / key, write)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise _not_writable(error, folder) from error
            why = f"{folder}: {error.strerror or error}"
    try:
        entry = _entry(temporary_folder() / key, write)
    except OSError as error:
        raise _not_writable(error, temporary_folder()) from error
    note = f"the corpus cache cannot be written ({why}); a temporary folder takes its place"
    return replace(entry, info=replace(entry.info, notes=(*entry.info.notes, note)))


def _entry(folder: Path, write: Callable[[Path], Info]) -> Entry:
    """Return the entry in a folder, which is written if it is not there."""
    if info := _complete(folder):
        with suppress(OSError):  # a cache that others may only read
            os.utime(folder)
        return Entry(folder, info)
    with _workplace(folder.parent) as place:
        info = write(place / ARROW_FILE)
        info = replace(info, size=(place / ARROW_FILE).stat().st_size)
        (place / "info.json").write_text(json.dumps(asdict(info)), encoding="utf-8")
        return Entry(_publish(place, folder), info)


def prune(limit: int = LIMIT_BYTES, keep: Sequence[Path] = ()) -> None:
    """Remove the least recently used entries until the cache is within its limit.

    Args:
        limit: bytes that the entries may take together.
        keep: entries to keep in any case.
    """
    folders = list(cache_folder().glob("*/"))
    for path in folders:
        if path.suffix == UNFINISHED and path.stat().st_mtime < time.time() - ABANDONED_SECONDS:
            shutil.rmtree(path, ignore_errors=True)
    entries = [path for path in folders if path.suffix != UNFINISHED]
    sizes = {path: sum(file.stat().st_size for file in path.glob("*")) for path in entries}
    total = sum(sizes.values())
    for path in sorted(entries, key=lambda path: path.stat().st_mtime):
        if total <= limit:
            return
        if path not in keep:
            shutil.rmtree(path, ignore_errors=True)
            total -= sizes[path]


def _complete(folder: Path) -> Info | None:
    """Return the facts about an entry, or None if it does not exist or is not complete."""
    try:
        facts = json.loads((folder / "info.json").read_text(encoding="utf-8"))
        info = Info(**facts | {"columns": tuple(facts["columns"]), "notes": tuple(facts["notes"])})
        return info if (folder / ARROW_FILE).stat().st_size == info.size else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


@contextmanager
def _workplace(parent: Path) -> Iterator[Path]:
    """Create a folder for a new entry; what is left of it afterwards is removed."""
    parent.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(suffix=UNFINISHED, dir=parent))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _publish(place: Path, folder: Path) -> Path:
    """Move a complete entry to its place, unless another process was first."""
    if not _complete(folder):
        shutil.rmtree(folder, ignore_errors=True)
    try:
        place.rename(folder)
    except OSError:
        if not _complete(folder):
            raise
        return folder
    prune(keep=[folder])
    return folder


def _not_writable(error: OSError, folder: Path) -> OutputError:
    cause = "no space left" if error.errno == errno.ENOSPC else (error.strerror or str(error))
    hint = "set the environment variable TAGGER_CACHE to a folder with room"
    return OutputError(f"{folder}: the corpus cache cannot be written ({cause}); {hint}")


FLUSH_TOKENS = 100_000
FLUSH_SENTENCES = 20_000


class ArrowFile:
    """Writes sentences to an Arrow stream: ``tokens``, ``tags``, further label columns, ``text``.

    Args:
        path: the file to write.
        column: the label column that becomes ``tags``.
        columns: the label columns of each sentence; the others keep their own names.
    """

    def __init__(self, path: Path, column: str, columns: Sequence[str]) -> None:
        others = [name for name in columns if name not in (column, "tokens", "tags", "text")]
        self.names = ["tokens", "tags", *others]
        self.sources = [column, *others]
        fields = [pa.field(name, pa.list_(pa.string())) for name in self.names]
        self.schema = pa.schema([*fields, pa.field("text", pa.string())])
        self._writer = pa.ipc.new_stream(str(path), self.schema)
        self._clear()

    def __enter__(self) -> ArrowFile:
        """Begin writing."""
        return self

    def __exit__(self, *error: object) -> None:
        """Write the rest and close the file."""
        self._flush()
        self._writer.close()

    def add(self, sentence: RawSentence) -> None:
        """Append one sentence."""
        self._values[0].extend(sentence.tokens)
        for values, source in zip(self._values[1:], self.sources, strict=True):
            values.extend(sentence.columns[source])
        self._texts.append(sentence.text)
        self._ends.append(len(self._values[0]))
        if self._ends[-1] >= FLUSH_TOKENS or len(self._texts) >= FLUSH_SENTENCES:
            self._flush()

    def _flush(self) -> None:
        if self._texts:
            ends = pa.array(self._ends, pa.int32())
            lists = [pa.ListArray.from_arrays(ends, pa.array(values, pa.string())) for values in self._values]
            texts = pa.array(self._texts, pa.string())
            self._writer.write_batch(pa.record_batch([*lists, texts], schema=self.schema))
        self._clear()

    def _clear(self) -> None:
        self._values: list[list[str]] = [[] for _ in self.names]
        self._texts: list[str | None] = []
        self._ends = [0]
