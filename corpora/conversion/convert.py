"""Converting corpora between formats and label schemes, a sentence at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tagger.corpora.conversion.converted_rows import FileRows, Request, hub_rows
from tagger.corpora.conversion.rows import Row
from tagger.corpora.conversion.write import WRITABLE, check_target, publish, write_part
from tagger.corpora.files.streams import uncompressed_suffix
from tagger.corpora.formats.registry import ReadOptions
from tagger.corpora.sources.locate import DatasetFiles
from tagger.corpora.sources.resolve import resolve, stdin_to_tempfile
from tagger.errors import OutputError

BY_SUFFIX = {
    **dict.fromkeys((".conllu", ".conllup"), "conllu"),
    **dict.fromkeys((".conll", ".tsv", ".iob", ".iob2", ".bio", ".bioes", ".col"), "columns"),
    **dict.fromkeys((".jsonl", ".ndjson"), "jsonl"),
    ".parquet": "parquet",
}


@dataclass(slots=True)
class Conversion:
    """What was written.

    Attributes:
        files: sentences by file.
        notes: what the user must be told: what was left out, what the format cannot hold.
    """

    files: dict[Path, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def convert(
    source: str | None,
    out: Path,
    form: str | None = None,
    *,
    scheme: str | None = None,
    options: ReadOptions = ReadOptions(column=None),  # noqa: B008 - frozen
    bare: bool = False,
    overwrite: bool = False,
    offline: bool = False,
) -> Conversion:
    """Writes a corpus in another format or label scheme.

    Everything that the target can hold is kept: from CoNLL-U also comments, multiword ranges, empty nodes,
    HEAD, DEPS and MISC, which JSON lines and Parquet keep under the key ``conllu``.

    Args:
        source: as for ``read_corpus``; it is not split.
        out: a file, if there is one part; else a folder, for one file for each part.
        form: one of ``WRITABLE``, None to tell by the name of ``out``.
        scheme: one of ``schemes.SCHEMES``, for the labels of the chosen column.
        options: how to read. Where a column is named, every word must have a label in it.
        bare: write the words and the labels of the chosen column only.
        overwrite: replace files that are there.
        offline: never ask the hub.

    Raises:
        CorpusError: the source cannot be read, or a scheme is asked of labels that are no spans.
        OutputError: a file is there already or cannot be written, or the format cannot hold a word.
    """
    form = form or form_of(out)
    if form is None:
        raise OutputError(f"{out}: its name does not tell the format; say which (--to {', '.join(WRITABLE)})")
    checked = bool(options.column or scheme or options.label_names or options.skip_invalid or options.repair)
    request = Request(form, scheme, bare, options, checked)
    done = Conversion()
    with stdin_to_tempfile([source]) as spool:
        located = resolve(source, spool)
        if located is None:
            _convert_hub(str(source), out, request, done, overwrite=overwrite, offline=offline)
        else:
            _convert_files(located, out, request, done, overwrite=overwrite)
    done.notes = list(dict.fromkeys(done.notes))
    return done


def form_of(path: Path) -> str | None:
    """The format that a file's name stands for, None if it stands for none."""
    return BY_SUFFIX.get(uncompressed_suffix(path))


def targets(name: str, parts: list[str], out: Path, form: str, *, overwrite: bool) -> dict[str, Path]:
    """The file that each part is written to; none of them may be there."""
    if form_of(out) is not None and not out.is_dir():
        if len(parts) > 1:
            raise OutputError(f"{out}: the corpus has {len(parts)} parts ({', '.join(parts)}); name a folder")
        made = {parts[0]: out}
    else:
        ending = WRITABLE.get(form, "")
        made = {part: out / f"{name}{'' if part == 'all' else f'-{part}'}{ending}" for part in parts}
    for path in made.values():
        check_target(path, form, overwrite=overwrite)
    return made


def _convert_files(located: DatasetFiles, out: Path, request: Request, done: Conversion, *, overwrite: bool) -> None:
    sources: dict[str, Iterable[Row]] = {}
    for part, paths in located.files.items():
        files = [(path, located.display.get(path, str(path))) for path in paths]
        sources[part] = FileRows(files, request, done.notes)
    _write(sources, located.name, out, request, done, overwrite=overwrite)


def _convert_hub(source: str, out: Path, request: Request, done: Conversion, *, overwrite: bool, offline: bool) -> None:
    from tagger.corpora.read_corpus import read_hub_corpus

    corpus = read_hub_corpus(source, request.options, labels_column=None, offline=offline, seed=None)
    done.notes += [note for note in corpus.notes if "none in this corpus" not in note]
    done.notes.append("of the hub's columns only words, labels of words and text are written")
    sources = {split.name: hub_rows(split, request, done.notes) for split in corpus.splits}
    _write(sources, corpus.name, out, request, done, overwrite=overwrite)


def _write(
    sources: Mapping[str, Iterable[Row]], name: str, out: Path, request: Request, done: Conversion, *, overwrite: bool
) -> None:
    """Writes all parts; their files appear when the last is complete."""
    paths = targets(name, list(sources), out, request.form, overwrite=overwrite)
    written: dict[Path, Path] = {}
    try:
        for part, rows in sources.items():
            counted = _Counted(rows)
            written[paths[part]] = write_part(iter(counted), paths[part], request.form, bare=request.bare)
            done.files[paths[part]] = counted.rows
    except BaseException:
        for hidden in written.values():
            hidden.unlink(missing_ok=True)
        raise
    publish(written)


class _Counted:
    """Rows that are counted as they pass."""

    def __init__(self, source: Iterable[Row]) -> None:
        self.source, self.rows = source, 0

    def __iter__(self) -> Iterator[Row]:
        for row in self.source:
            self.rows += 1
            yield row
