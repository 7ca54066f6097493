"""Files as passages: plain and tokenised text, tables of texts, labelled corpora."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from tagger.corpora.files.lines import DamagedLine, read_lines
from tagger.corpora.files.paths import listing, user_path
from tagger.corpora.files.streams import uncompressed_suffix
from tagger.corpora.formats.options import ReadOptions
from tagger.corpora.formats.registry import read_sentences
from tagger.corpora.formats.sentence import OnProblem, error_policy
from tagger.corpora.sources.locate import EXTENSIONS, NO_DATA, DatasetFiles, bundled
from tagger.corpora.sources.resolve import resolve
from tagger.corpora.sources.splits import split_of
from tagger.corpora.text.text_split import TextOptions
from tagger.corpora.text.text_tables import ROW_FORMS, row_lines, rows_of_file
from tagger.corpora.tokenization.passages import TextSegment, aligned, joined, raw_passages
from tagger.corpora.tokenization.tokenizer import WordTokenizer
from tagger.errors import CorpusError

TEXT, TOKENS = "text", "tokens"
BY_LINES = (TEXT, TOKENS, *ROW_FORMS)  # the others are the labelled formats of ``formats.FORMATS``


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file, or a range of its records.

    Args:
        path: the file.
        name: its name in messages.
        form: one of ``BY_LINES`` or of ``formats.FORMATS``.
        start: the first record that is read, counted from 0.
        stop: the record after the last one, None for the end.
        by: the kind of record, ``line`` or ``sentence``.
    """

    path: Path
    name: str
    form: str
    start: int = 0
    stop: int | None = None
    by: str = "line"


@dataclass(frozen=True, slots=True)
class TextReader:
    """Reader of files as passages; the tokenizer finds words and sentences in raw text."""

    options: TextOptions
    tokenizer: WordTokenizer

    def passages(self, files: Iterable[TextFile], find_words: bool = True) -> Iterator[TextSegment]:
        """Read the passages of files one after the other, and the words of their lines if `find_words`.

        Raises:
            CorpusError: a file cannot be read; the message names the file and the line.
        """
        for file in files:
            passages = self._of_file(file, find_words)
            yield from islice(passages, file.start, file.stop) if file.by == "sentence" else passages

    def of_lines(self, lines: Iterable[str], form: str, find_words: bool = True) -> Iterator[TextSegment]:
        """Read the passages of lines of ``text`` or ``tokens``."""
        if form == TOKENS or self.options.tokenised:
            return (joined((text,)) for text in lines)
        return raw_passages(lines, self.tokenizer, by_lines=self.options.by_lines, find_words=find_words)

    def _of_file(self, file: TextFile, find_words: bool) -> Iterator[TextSegment]:
        if file.form in BY_LINES:
            return self.of_lines(self._lines(file), file.form, find_words)
        policy = error_policy(file.name, skip_invalid=self.options.skip_invalid)
        return (aligned(text, words) for text, words in labelled_words(file, self.options, policy))

    def _lines(self, file: TextFile) -> Iterator[str]:
        start, stop = (file.start, file.stop) if file.by == "line" else (0, None)
        for number, text in enumerate(islice(file_lines(file, self.options), start, stop), start + 1):
            if not isinstance(text, DamagedLine):
                yield text
            elif not self.options.skip_invalid:
                raise CorpusError(text.reason, path=file.name, line=text.number or number)


def file_lines(file: TextFile, options: TextOptions) -> Iterator[str]:
    """Read all lines of a file; a line that is not text is a ``DamagedLine``."""
    if file.form in (TEXT, TOKENS):
        return read_lines(file.path, file.name)
    rows = rows_of_file(file.path, file.name, file.form, options.text_column)
    return row_lines(rows, apart=options.rows_apart)


def labelled_words(
    file: TextFile, options: TextOptions, on_problem: OnProblem
) -> Iterator[tuple[str | None, list[str]]]:
    """Read the raw text, where known, and the words of each sentence of a labelled corpus."""
    reading = ReadOptions(tokens_column=options.tokens_column, skip_invalid=options.skip_invalid)
    for sentence in read_sentences(file.path, file.name, file.form, reading, on_problem):
        yield sentence.text, sentence.tokens


TEXT_EXTENSION = ".txt"


def resolve_text(source: str | None, spool: dict[str, Path]) -> DatasetFiles | None:
    """Find the files of a source: as ``sources.resolve``, except for a folder of plain text.

    The files of such a folder are splits when one is named after train and another after dev or test; otherwise all
    of them are one text. `spool` holds the standard input as a file.

    Returns:
        The files by split, or None if the source can only be a catalogue name or a hub id.

    Raises:
        CorpusError: there is no such source, or it holds nothing that can be read.
    """
    if source is None or source in spool or bundled(source) is not None:
        return resolve(source, spool)
    folder = user_path(source)
    texts = _texts(folder) if source.strip() and folder.is_dir() else []
    splits = {split_of(path.name) for path in texts}
    if None not in splits or ("train" in splits and splits & {"dev", "test"}):
        return resolve(source, spool)
    note = [f"the text: {len(texts)} files ({texts[0].name} to {texts[-1].name})"] if len(texts) > 1 else []
    return DatasetFiles(folder.resolve().name or "corpus", {"all": texts}, notes=note)


def _texts(folder: Path) -> list[Path]:
    """Find the plain text files of a folder; none if it holds files of a labelled format."""
    files = [path for path in listing(folder) if path.is_file() and not path.name.lower().startswith(NO_DATA)]
    kinds = [uncompressed_suffix(path) for path in files]
    if any(kind in EXTENSIONS and kind != TEXT_EXTENSION for kind in kinds):
        return []
    return [path for path, kind in zip(files, kinds, strict=True) if kind == TEXT_EXTENSION]
