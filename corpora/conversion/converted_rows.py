"""The sentences of a corpus as they will be written: read again with all that stands around them, relabelled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tagger.corpora.conversion.frames import Frames
from tagger.corpora.conversion.rows import Row, SentenceMetadata, split_rows
from tagger.corpora.formats.registry import ReadOptions, conllu_column, read_sentences
from tagger.corpora.formats.sentence import RawSentence, Skip, Stop
from tagger.corpora.formats.sniffing import sniff
from tagger.corpora.labels.label_column import LabelColumnReader, choose_column
from tagger.corpora.labels.relabel import SchemeConverter
from tagger.corpora.labels.repair import Repairs, repaired_text
from tagger.corpora.labels.scheme_detection import scheme_of_files
from tagger.corpora.sources.corpus import Split
from tagger.errors import CorpusError


@dataclass(frozen=True, slots=True)
class Request:
    """What is wanted.

    Args:
        form: the format to write, one of ``WRITABLE``.
        scheme: the label scheme to write, None to leave the labels as they are.
        bare: write the words and the chosen labels only.
        options: how to read.
        checked: every word must have a label in the chosen column.
    """

    form: str
    scheme: str | None
    bare: bool
    options: ReadOptions
    checked: bool


def hub_rows(split: Split, request: Request, notes: list[str]) -> Iterator[Row]:
    """The rows of one split of a hub corpus.

    Args:
        split: what was read.
        request: what is wanted.
        notes: where to note what was odd about its labels.
    """
    relabelling = SchemeConverter(request.scheme)
    for number, row in enumerate(split_rows(split), 1):
        sentence = RawSentence(row.tokens, row.columns, number, [number] * len(row.tokens), row.text)
        relabelling.apply(sentence, split.label, f"{split.paths[0]} {split.name}")
        if request.bare:
            row = Row(row.tokens, {split.label: row.columns[split.label]}, None)
        yield row
    notes += relabelling.notes()


class FileRows:
    """The rows of some files that are written as one; what was lost is noted at the end.

    Args:
        files: paths and the names to use in messages.
        request: what is wanted.
        notes: where to note.

    Attributes:
        sentences: how many rows there were.
    """

    def __init__(self, files: list[tuple[Path, str]], request: Request, notes: list[str]) -> None:
        self.files, self.request, self.notes = files, request, notes
        self.sentences = 0
        self._relabelling = SchemeConverter(request.scheme)
        self._lost: Counter[str] = Counter()

    def __iter__(self) -> Iterator[Row]:
        """Reads the files."""
        options = self.request.options
        forms = [options.format or sniff(path, name) for path, name in self.files]
        files = [(*file, form) for file, form in zip(self.files, forms, strict=True)]
        scheme = scheme_of_files(files, options)
        for path, name, form in files:
            yield from self._rows(path, name, form, Repairs(name, scheme) if options.repair else None)
        form, lost = self.request.form, self._lost.items()
        self.notes += [f"{what}: {count:,} left out, there is no place for them in {form}" for what, count in lost]
        self.notes += self._relabelling.notes()

    def _rows(self, path: Path, name: str, form: str, repairs: Repairs | None) -> Iterator[Row]:
        options = self.request.options
        policy = Skip(name) if options.skip_invalid else Stop(name)
        raw = read_sentences(path, name, form, options, policy)
        wanted = conllu_column(options.column) if form == "conllu" else options.column
        intake = LabelColumnReader(wanted, policy, name, None, options.label_names, repairs)
        frames = Frames(path, name, form, options.tokens_column)
        for sentence in intake.read(raw) if self.request.checked else raw:
            column = intake.column or choose_column(wanted, list(sentence.columns))[0] or ""
            self._relabelling.apply(sentence, column, name)
            self.sentences += 1
            frame = frames.of(sentence)
            if repairs is not None and frame.comments:
                frame.comments = [repaired_text(line) for line in frame.comments]
            yield self._row(sentence, column, frame)
        self.notes += intake.notes
        if isinstance(policy, Skip) and (note := policy.note()):
            self.notes.append(note)
        if not self.sentences:
            raise CorpusError("no sentence that can be read", path=name)

    def _row(self, sentence: RawSentence, column: str, frame: SentenceMetadata) -> Row:
        if self.request.bare:
            return Row(sentence.tokens, {column: sentence.columns[column]}, None)
        if self.request.form == "columns" and frame.others:
            self._lost["multiword ranges, empty nodes"] += len(frame.others)
        if self.request.form != "jsonl" and frame.extra:
            self._lost[f"further keys ({', '.join(sorted(frame.extra))})"] += 1
            frame.extra = {}
        if frame.columns.keys() & sentence.columns.keys():
            frame.columns = {name: values for name, values in frame.columns.items() if name not in sentence.columns}
        columns = {name: labels for name, labels in sentence.columns.items() if name != column}
        return Row(sentence.tokens, columns | {column: sentence.columns[column]}, sentence.text, frame)
