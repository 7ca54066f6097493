"""The Arrow cache: what was once read is read again at once, and never after the file has changed.

An entry is named by the SHA-256 of the files' content and of every option that bears on the reading. It is a
folder of Arrow files and ``info.json``, written beside its place and renamed into it when complete. It lies
under the user's cache folder; the environment variable ``TAGGER_CACHE`` names another.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from tagger.corpora.files.paths import open_file
from tagger.corpora.formats.sentence import RawSentence
from tagger.errors import CorpusError, OutputError

if TYPE_CHECKING:
    import datasets


LAYOUT = 2  # raise it when readers or files change their meaning: old entries are then left alone
UNFINISHED = ".new"
ABANDONED_SECONDS = 2 * 24 * 3600  # what a killed process left
LIMIT_BYTES = 10 << 30  # the least recently used entries go when the cache outgrows this


@dataclass(frozen=True, slots=True)
class Info:
    """What is known of a cached reading besides its sentences.

    Args:
        sentences: how many there are.
        tokens: how many words.
        column: the label column.
        columns: all columns with labels.
        notes: what to tell the user.
        sizes: bytes of each Arrow file, to notice one that was cut short.
    """

    sentences: int
    tokens: int
    column: str
    columns: tuple[str, ...]
    notes: tuple[str, ...] = ()
    sizes: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """A complete folder in the cache.

    Args:
        folder: where it lies.
        info: what its ``info.json`` says.
    """

    folder: Path
    info: Info

    def table(self, part: str = "all") -> datasets.Dataset:
        """Maps one Arrow file into memory as a data set; its pages are read when they are needed."""
        import datasets

        path = self.folder / f"{part}.arrow"
        table = datasets.table.MemoryMappedTable.from_file(str(path))
        fingerprint = hashlib.sha256(f"{self.folder.name}/{part}".encode()).hexdigest()[:16]
        return datasets.Dataset(table, fingerprint=fingerprint)


def cache_folder() -> Path:
    """Where entries lie: ``$TAGGER_CACHE``, or ``tagger`` under the user's cache folder."""
    if given := os.environ.get("TAGGER_CACHE"):
        return Path(given).expanduser() / "corpora"
    if sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "tagger" / "corpora"


def content_digest(path: Path, name: str) -> str:
    """SHA-256 of a file's bytes as they are on disk."""
    with open_file(path, name) as file:
        try:
            return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise CorpusError(f"cannot be read: {error.strerror or error}", path=name) from error


def entry_key(digests: Iterable[str], options: dict[str, Any]) -> str:
    """The name of the entry for some content read with some options: 32 hexadecimal digits."""
    text = json.dumps([LAYOUT, sys.byteorder, list(digests), options], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def cached(key: str, write: Callable[[Path], Info]) -> Entry:
    """The entry of that name; if there is none yet, ``write`` fills its folder.

    Args:
        key: the entry's name.
        write: called with an empty folder, writes Arrow files there and says what they hold.

    Raises:
        OutputError: the disk is full.
    """
    folder = cache_folder() / key
    if info := _complete(folder):
        os.utime(folder) if os.access(folder, os.W_OK) else None
        return Entry(folder, info)
    with _workplace(folder.parent) as place:
        info = write(place)
        info = replace(info, sizes={path.name: path.stat().st_size for path in place.glob("*.arrow")})
        (place / "info.json").write_text(json.dumps(asdict(info)), encoding="utf-8")
        return Entry(_publish(place, folder), info)


def prune(limit: int = LIMIT_BYTES, keep: Sequence[Path] = ()) -> None:
    """Removes the least recently used entries until the cache is within its limit.

    Args:
        limit: bytes the entries may take together.
        keep: entries to leave in any case.
    """
    found = list(cache_folder().glob("*/"))
    for path in found:
        if path.suffix == UNFINISHED and path.stat().st_mtime < time.time() - ABANDONED_SECONDS:
            shutil.rmtree(path, ignore_errors=True)
    entries = [path for path in found if path.suffix != UNFINISHED]
    sizes = {path: sum(file.stat().st_size for file in path.glob("*")) for path in entries}
    total = sum(sizes.values())
    for path in sorted(entries, key=lambda path: path.stat().st_mtime):
        if total <= limit:
            return
        if path not in keep:
            shutil.rmtree(path, ignore_errors=True)
            total -= sizes[path]


def _complete(folder: Path) -> Info | None:
    """What a folder holds, or None if it is not there or not whole."""
    try:
        found = json.loads((folder / "info.json").read_text(encoding="utf-8"))
        found |= {"columns": tuple(found["columns"]), "notes": tuple(found["notes"])}
        info = Info(**found)
        whole = all((folder / name).stat().st_size == size for name, size in info.sizes.items())
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return info if whole and info.sizes else None


@contextmanager
def _workplace(parent: Path) -> Iterator[Path]:
    """A folder to write a new entry in; what is left of it afterwards is removed."""
    try:
        parent.mkdir(parents=True, exist_ok=True)
        place = Path(tempfile.mkdtemp(suffix=UNFINISHED, dir=parent))
    except OSError as error:
        raise _not_writable(error, parent) from error
    try:
        yield place
    except OSError as error:
        raise _not_writable(error, parent) from error
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _publish(place: Path, folder: Path) -> Path:
    """Renames a finished entry into its place; another process may have been there first."""
    if folder.exists():
        if _complete(folder):
            return folder
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
    """An Arrow stream of sentences: ``tokens``, ``tags``, further label columns, ``text``.

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
        """Begins writing."""
        return self

    def __exit__(self, *error: object) -> None:
        """Writes what is left and closes the file."""
        self._flush()
        self._writer.close()

    def add(self, sentence: RawSentence) -> None:
        """Appends one sentence."""
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


def random_split(rows: dict[str, int], seed: int) -> list[int]:
    """Deals rows out to parts at random.

    Args:
        rows: how many rows each part gets.
        seed: of the shuffle.

    Returns:
        For each row the number of its part.
    """
    owners = [number for number, count in enumerate(rows.values()) for _ in range(count)]
    random.Random(seed).shuffle(owners)
    return owners


def divide(path: Path, targets: list[Path], owners: list[int]) -> None:
    """Copies the rows of an Arrow file to several files, keeping their order.

    Args:
        path: the file to divide.
        targets: the files to write.
        owners: for each row the number of its target.
    """
    with ExitStack() as stack:
        reader = pa.ipc.open_stream(stack.enter_context(pa.OSFile(str(path))))
        writers: list[Any] = [stack.enter_context(pa.ipc.new_stream(str(to), reader.schema)) for to in targets]
        start = 0
        for batch in reader:
            part = pa.array(owners[start : start + batch.num_rows], pa.int8())
            start += batch.num_rows
            for number, writer in enumerate(writers):
                writer.write_batch(batch.filter(pc.equal(part, number)))
