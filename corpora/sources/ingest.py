"""Read files into the cache: open, parse, choose the labels, write Arrow."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tagger.corpora.files.paths import checked_status
from tagger.corpora.formats.options import CorpusReading, ReadOptions
from tagger.corpora.formats.registry import describe_reading, read_sentences
from tagger.corpora.formats.sentence import error_policy
from tagger.corpora.formats.sniffing import sniff
from tagger.corpora.labels.label_column import LabelColumnReader
from tagger.corpora.labels.repair import Repairs
from tagger.corpora.labels.scheme_detection import scheme_of_files
from tagger.corpora.sources.arrow_cache import ArrowFile, Entry, Info, cached, content_digest, entry_key
from tagger.corpora.sources.corpus import Split
from tagger.errors import CorpusError

if TYPE_CHECKING:
    import datasets


@dataclass(frozen=True, slots=True)
class Reading:
    """The result of reading some files.

    Args:
        entry: their sentences, in the cache.
        names: the files, as the user named them.
        digest: SHA-256 over their content.
        found: how the first of them was read.
    """

    entry: Entry
    names: tuple[str, ...]
    digest: str
    found: CorpusReading

    def split(self, name: str, table: datasets.Dataset | None = None, notes: tuple[str, ...] = ()) -> Split:
        """Return its sentences, or a part of them, as a split of a corpus."""
        return Split(name, self.entry.table() if table is None else table, self.names, self.entry.info.column, notes)


def ingest(paths: list[Path], options: ReadOptions, display: dict[Path, str] | None = None) -> Reading:
    """Read files as one split of a corpus, or take them from the cache.

    Args:
        paths: the files, in order.
        options: which columns to read, and what to do about unreadable sentences.
        display: names to use in messages in place of paths.

    Raises:
        CorpusError: a file cannot be read.
        OutputError: the cache cannot be written.
    """
    files = [(path, (display or {}).get(path, str(path))) for path in paths]
    names = tuple(name for _, name in files)
    before = [_state(*file) for file in files]
    digests = [content_digest(*file) for file in files]
    forms = [options.format or sniff(*file) for file in files]

    def write(target: Path) -> Info:
        info = _write(target, [(*file, form) for file, form in zip(files, forms, strict=True)], options)
        for file, state in zip(files, before, strict=True):
            if _state(*file) != state:
                raise CorpusError("changed while it was read; run again when it is complete", path=file[1])
        return info

    noted = names if options.skip_invalid or options.repair else ()  # then the notes name the files
    reading = asdict(replace(options, offline=False, text_column=None, id_column=None))
    key = entry_key(digests, {**reading, "forms": forms, "names": noted})
    digest = hashlib.sha256("".join(digests).encode()).hexdigest()
    return Reading(cached(key, write), names, digest, describe_reading(paths[0], names[0], forms[0], options))


def _write(target: Path, files: list[tuple[Path, str, str]], options: ReadOptions) -> Info:
    notes: list[str] = []
    readers: list[LabelColumnReader] = []
    scheme = scheme_of_files(files, options)
    with ExitStack() as stack:
        file: ArrowFile | None = None
        for path, name, form in files:
            policy = error_policy(name, skip_invalid=options.skip_invalid)
            before = readers[0].columns if readers else None
            repairs = Repairs(name, scheme) if options.repair else None
            reader = LabelColumnReader(
                options.column_in(form), policy, name, before, options.label_names, repairs, options.default_column
            )
            readers.append(reader)
            for sentence in reader.read(read_sentences(path, name, form, options, policy)):
                if file is None:
                    file = stack.enter_context(ArrowFile(target, reader.column, reader.columns))
                file.add(sentence)
            skipped = policy.note()
            if not reader.sentences:
                what = skipped or "expected words with labels"
                raise CorpusError(f"no sentence that can be read; {what}", path=name)
            notes += [*reader.notes, *([skipped] if skipped else [])]
    return Info(readers[0].column, readers[0].labelled, tuple(notes))


def _state(path: Path, name: str) -> tuple[int, int, int]:
    """Return what changes when a file does: its identity, size and time of change."""
    status = checked_status(path, name)
    return status.st_ino, status.st_size, status.st_mtime_ns
