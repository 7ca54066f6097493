"""Reading files into the cache: open, parse, choose the labels, write Arrow."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

from tagger.corpora.files.paths import checked_status
from tagger.corpora.formats.registry import ReadOptions, conllu_column, read_sentences
from tagger.corpora.formats.sentence import Skip, Stop
from tagger.corpora.formats.sniffing import sniff
from tagger.corpora.labels.label_column import LabelColumnReader
from tagger.corpora.labels.repair import Repairs
from tagger.corpora.labels.scheme_detection import scheme_of_files
from tagger.corpora.sources.arrow_cache import Entry, Info, cached, content_digest, entry_key
from tagger.errors import CorpusError


@dataclass(frozen=True, slots=True)
class Reading:
    """Files that were read.

    Args:
        entry: their sentences, in the cache.
        names: the files, as the user named them.
        digest: SHA-256 over their content.
    """

    entry: Entry
    names: tuple[str, ...]
    digest: str


def ingest(paths: list[Path], options: ReadOptions, display: dict[Path, str] | None = None) -> Reading:
    """Reads files as one part of a corpus, or takes them from the cache.

    Args:
        paths: the files, in order.
        options: which columns to read, and what to do about unreadable sentences.
        display: names to use in messages in place of paths.

    Raises:
        CorpusError: a file cannot be read.
        OutputError: the cache cannot be written.
    """
    names = [(display or {}).get(path, str(path)) for path in paths]
    before = [_state(path, name) for path, name in zip(paths, names, strict=True)]
    digests = [content_digest(path, name) for path, name in zip(paths, names, strict=True)]
    forms = [options.format or sniff(path, name) for path, name in zip(paths, names, strict=True)]

    def write(place: Path) -> Info:
        info = _write(place, list(zip(paths, names, forms, strict=True)), options)
        for path, name, state in zip(paths, names, before, strict=True):
            if _state(path, name) != state:
                raise CorpusError("changed while it was read; run again when it is complete", path=name)
        return info

    told = names if options.skip_invalid or options.repair else []  # then the notes name the files
    key = entry_key(digests, {**asdict(options), "forms": forms, "names": told})
    digest = hashlib.sha256("".join(digests).encode()).hexdigest()
    return Reading(cached(key, write), tuple(names), digest)


def _write(place: Path, files: list[tuple[Path, str, str]], options: ReadOptions) -> Info:
    from tagger.corpora.sources.arrow_cache import ArrowFile

    notes: list[str] = []
    intakes: list[LabelColumnReader] = []
    scheme = scheme_of_files(files, options)
    with ExitStack() as stack:
        file: ArrowFile | None = None
        for path, name, form in files:
            policy = Skip(name) if options.skip_invalid else Stop(name)
            wanted = conllu_column(options.column) if form == "conllu" else options.column
            before = intakes[0].columns if intakes else None
            repairs = Repairs(name, scheme) if options.repair else None
            intake = LabelColumnReader(wanted, policy, name, before, options.label_names, repairs)
            intakes.append(intake)
            for sentence in intake.read(read_sentences(path, name, form, options, policy)):
                if file is None:
                    file = stack.enter_context(ArrowFile(place / "all.arrow", intake.column, intake.columns))
                file.add(sentence)
            skipped = policy.note() if isinstance(policy, Skip) else None
            if not intake.sentences:
                what = skipped or "expected words with labels"
                raise CorpusError(f"no sentence that can be read; {what}", path=name)
            notes += [*intake.notes, *([skipped] if skipped else [])]
    return Info(
        sentences=sum(intake.sentences for intake in intakes),
        tokens=sum(intake.tokens for intake in intakes),
        column=intakes[0].column,
        columns=intakes[0].labelled,
        notes=tuple(notes),
    )


def _state(path: Path, name: str) -> tuple[int, int, int]:
    """What changes when a file does: its identity, size and time of change."""
    status = checked_status(path, name)
    return status.st_ino, status.st_size, status.st_mtime_ns
