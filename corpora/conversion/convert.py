"""Convert corpora between formats and label schemes, a sentence at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tagger.corpora.conversion.rows import ConversionOptions, FileRows, hub_rows
from tagger.corpora.conversion.write import WRITABLE, check_target, publish, write_part
from tagger.corpora.files.paths import user_path
from tagger.corpora.formats.options import ReadOptions
from tagger.corpora.formats.registry import format_of_name
from tagger.corpora.formats.sentence import RawSentence
from tagger.corpora.sources.resolve import find_files
from tagger.errors import OutputError


@dataclass(slots=True)
class Conversion:
    """The result of a conversion.

    Attributes:
        files: number of sentences by file.
        notes: what was left out, what the format cannot hold.
    """

    files: dict[Path, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def convert(
    source: str | None,
    out: str | Path,
    form: str | None = None,
    *,
    scheme: str | None = None,
    options: ReadOptions = ReadOptions(column=None),  # noqa: B008 - frozen
    bare: bool = False,
    overwrite: bool = False,
) -> Conversion:
    """Write a corpus in another format or label scheme.

    Everything that the target can hold is kept: from CoNLL-U also comments, multiword ranges, empty nodes,
    HEAD, DEPS and MISC, which JSON lines and Parquet keep under the key ``conllu``.

    Args:
        source: as for ``read_corpus``; it is not split.
        out: a file, if there is one split; else a folder, for one file for each split.
        form: one of ``WRITABLE``, None to tell by the name of ``out``.
        scheme: one of ``schemes.SCHEMES``, for the labels of the chosen column.
        options: how to read. Where a column is named, its labels are checked.
        bare: write the words and the labels of the chosen column only.
        overwrite: replace files that are there.

    Raises:
        CorpusError: the source cannot be read, or a scheme is asked of labels that are no spans.
        OutputError: a file is there already or cannot be written, or the format cannot hold a word.
    """
    out = user_path(out)
    form = form or _writable_format(out)
    if form is None:
        raise OutputError(f"{out}: its name does not tell the format; say which (--to {', '.join(WRITABLE)})")
    conversion, result = ConversionOptions(form, scheme, bare, options), Conversion()
    rows: dict[str, Iterable[RawSentence]] = {}
    with find_files({"source": source}) as found:
        if (files := found.files) is not None:
            for split, paths in files.files.items():
                names = [(path, files.display.get(path, str(path))) for path in paths]
                rows[split] = FileRows(names, conversion, result.notes)
            name = files.name
        else:
            from tagger.corpora.hub.corpus import read_hub_corpus

            corpus = read_hub_corpus(str(found.source), options, seed=None)
            result.notes += corpus.notes
            result.notes.append("of the hub's columns only words, labels of words and text are written")
            rows = {split.name: hub_rows(split, conversion, result.notes) for split in corpus.splits}
            name = corpus.name
        _write(rows, _targets(name, list(rows), out, form, overwrite=overwrite), conversion, result)
    result.notes = list(dict.fromkeys(result.notes))
    return result


def _writable_format(path: Path) -> str | None:
    """Return the format that a file's name stands for, None if it cannot be written."""
    form = format_of_name(path)
    return form if form in WRITABLE else None


def _targets(name: str, splits: list[str], out: Path, form: str, *, overwrite: bool) -> dict[str, Path]:
    """Choose the file of each split, and check that it can be written."""
    if _writable_format(out) is not None and not out.is_dir():
        if len(splits) > 1:
            raise OutputError(f"{out}: the corpus has {len(splits)} parts ({', '.join(splits)}); name a folder")
        targets = {splits[0]: out}
    else:
        ending = WRITABLE.get(form, "")
        targets = {split: out / f"{name}{'' if split == 'all' else f'-{split}'}{ending}" for split in splits}
    for path in targets.values():
        check_target(path, form, overwrite=overwrite)
    return targets


def _write(
    rows: Mapping[str, Iterable[RawSentence]], targets: dict[str, Path], options: ConversionOptions, result: Conversion
) -> None:
    """Write all splits; their files appear when the last is complete."""
    parts: dict[Path, Path] = {}
    try:
        for split, sentences in rows.items():
            path = targets[split]
            result.files[path] = 0
            parts[path] = write_part(_counted(sentences, path, result), path, options.form, bare=options.bare)
    except BaseException:
        for part in parts.values():
            part.unlink(missing_ok=True)
        raise
    publish(parts)


def _counted(sentences: Iterable[RawSentence], path: Path, result: Conversion) -> Iterator[RawSentence]:
    for sentence in sentences:
        result.files[path] += 1
        yield sentence
