"""A text corpus from files."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from tagger.corpora.sources.arrow_cache import content_digest
from tagger.corpora.sources.corpus import Note
from tagger.corpora.sources.locate import DatasetFiles
from tagger.corpora.sources.splits import SPLIT_NAMES
from tagger.corpora.text.held_out import divide
from tagger.corpora.text.survey import survey
from tagger.corpora.text.text_files import BY_LINES, TextFile, TextReader
from tagger.corpora.text.text_formats import form_of
from tagger.corpora.text.text_split import TextCorpus, TextOptions, TextSplit
from tagger.corpora.text.tokenizer_choice import choose_tokenizer, prompt_tokenizer, sample_files
from tagger.errors import CorpusError


def from_text_files(located: DatasetFiles, source: str, options: TextOptions, *, whole: bool = False) -> TextCorpus:
    """Read the located files of a corpus; if `whole`, nothing is held out.

    Raises:
        CorpusError: a file cannot be read.
    """
    files = _files_by_split(located, options)
    first = files.get("all") or files.get("train") or next(iter(files.values()))
    sample = sample_files(first, options)
    tokenizer, tokenizer_notes = choose_tokenizer(sample, options)
    reader = TextReader(options, tokenizer)
    surveys = {split: [survey(file, reader) for file in group] for split, group in files.items()}
    reading_notes = [note for group in surveys.values() for one in group for note in one.notes]
    divided_files, division_notes = divide(surveys, None if whole else options.seed)
    splits = {split: _split(split, group, reader) for split, group in divided_files.items()}
    return TextCorpus(
        name=located.name,
        source=source,
        **{name: splits.get(name) for name in SPLIT_NAMES},
        notes=(*located.notes, *_labelled_notes(first), *tokenizer_notes, *reading_notes, *division_notes),
        fingerprint=_fingerprint(files, options),
        license=located.license,
        tokenizer=prompt_tokenizer(sample, options, tokenizer),
    )


def read_file_split(located: DatasetFiles, split: str, source: str | None, options: TextOptions) -> TextSplit:
    """Read one split from the located files, which are the whole split if they have no names.

    Raises:
        CorpusError: there is no such split, or a file cannot be read.
    """
    paths = located.files.get(split) or located.files.get("all")
    if paths is None:
        raise CorpusError(f"no {split} split; there are: {', '.join(located.files)}", path=source)
    files = _files_by_split(replace(located, files={split: paths}), options)[split]
    reader = TextReader(options, choose_tokenizer(sample_files(files, options), options)[0])
    return _surveyed(split, files, reader)


def with_files(corpus: TextCorpus, located: DatasetFiles, options: TextOptions) -> TextCorpus:
    """Replace splits of a corpus from the hub by splits from files."""
    reader = TextReader(options, corpus.tokenizer)
    files = _files_by_split(located, options)
    splits: dict[str, Any] = {split: _surveyed(split, group, reader) for split, group in files.items()}
    digest = corpus.fingerprint + _fingerprint(files, options)
    return replace(
        corpus,
        **splits,
        notes=(*(note for note in corpus.notes if Note.split_of(note) not in splits), *located.notes),
        fingerprint=hashlib.sha256(digest.encode()).hexdigest()[:16],
    )


def _files_by_split(located: DatasetFiles, options: TextOptions) -> dict[str, list[TextFile]]:
    files: dict[str, list[TextFile]] = {}
    for split, paths in located.files.items():
        named = [(path, located.display.get(path, str(path))) for path in paths]
        files[split] = [TextFile(path, name, form_of(path, name, options)) for path, name in named]
    return files


def _labelled_notes(files: Sequence[TextFile]) -> list[str]:
    """Note that a file by the name of a text is read as a labelled corpus."""
    labelled = next((file for file in files if file.form not in BY_LINES), None)
    if labelled is None or labelled.path.suffix != ".txt":
        return []
    how = f"a labelled corpus ({labelled.form}), its words are read (--format text to read it as it is)"
    return [f"{labelled.name}: {how}"]


def _surveyed(name: str, files: Sequence[TextFile], reader: TextReader) -> TextSplit:
    return _split(name, [survey(file, reader).file for file in files], reader)


def _split(name: str, files: Sequence[TextFile], reader: TextReader) -> TextSplit:
    paths = tuple(file.name for file in files)
    return TextSplit(name, paths, partial(reader.passages, tuple(files)), reader.tokenizer)


def _fingerprint(files: dict[str, list[TextFile]], options: TextOptions) -> str:
    parts = [options.unit, str(options.tokenised)]
    parts += [
        split + file.form + content_digest(file.path, file.name) for split, group in files.items() for file in group
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
