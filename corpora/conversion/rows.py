"""The sentences of a corpus as they will be written: with everything that the file holds of them, and relabelled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tagger.corpora.formats.conllu import FIELDS
from tagger.corpora.formats.metadata import SentenceMetadata
from tagger.corpora.formats.options import ReadOptions
from tagger.corpora.formats.registry import read_sentences
from tagger.corpora.formats.sentence import MISSING, RawSentence, error_policy
from tagger.corpora.formats.sniffing import sniff
from tagger.corpora.labels.label_column import LabelColumnReader, choose_column
from tagger.corpora.labels.repair import Repairs, repaired_text
from tagger.corpora.labels.scheme_detection import SchemeConverter, scheme_of_files
from tagger.corpora.sources.corpus import BATCH, Split
from tagger.errors import CorpusError


@dataclass(frozen=True, slots=True)
class ConversionOptions:
    """How to convert a corpus.

    Args:
        form: the format to write, one of ``WRITABLE``.
        scheme: the label scheme to write, None to leave the labels as they are.
        bare: write the words and the chosen labels only.
        reading: how to read.
    """

    form: str
    scheme: str | None
    bare: bool
    reading: ReadOptions

    @property
    def checked(self) -> bool:
        """Whether the labels of the chosen column are checked."""
        reading = self.reading
        chosen = reading.column or reading.labels_column or reading.label_names or self.scheme
        return bool(chosen or reading.skip_invalid or reading.repair)


def hub_rows(split: Split, options: ConversionOptions, notes: list[str]) -> Iterator[RawSentence]:
    """Yield the sentences of one split of a hub corpus.

    Args:
        split: the split.
        options: how to convert it.
        notes: receives what is odd about its labels.
    """
    converter = SchemeConverter(options.scheme)
    others = (
        [] if options.bare else [name for name in split.data.column_names if name not in ("tokens", "tags", "text")]
    )
    number = 0
    for batch in split.data.iter(BATCH):
        texts = batch.get("text") or [None] * len(batch["tokens"])
        for place, (tokens, labels) in enumerate(zip(batch["tokens"], batch["tags"], strict=True)):
            number += 1
            columns = {
                **{name: list(batch[name][place]) for name in others},
                split.label: [label or MISSING for label in labels],
            }
            text = None if options.bare else texts[place]
            sentence = RawSentence(list(tokens), columns, number, [number] * len(tokens), text)
            converter.apply(sentence, split.label, f"{split.paths[0]} {split.name}")
            yield sentence
    notes += converter.notes()


class FileRows:
    """The sentences of some files that are written as one; at the end it notes what was lost.

    Args:
        files: paths and the names to use in messages.
        options: how to convert them.
        notes: receives the notes.
    """

    def __init__(self, files: list[tuple[Path, str]], options: ConversionOptions, notes: list[str]) -> None:
        self.files, self.options, self.notes = files, options, notes
        self._converter = SchemeConverter(options.scheme)
        self._lost: Counter[str] = Counter()

    def __iter__(self) -> Iterator[RawSentence]:
        """Read the files."""
        reading, form = self.options.reading, self.options.form
        files = [(path, name, reading.format or sniff(path, name)) for path, name in self.files]
        named = reading.column or any(form == "conllu" for _, _, form in files)
        scheme = scheme_of_files(files, reading if named else replace(reading, column="-1"))
        for path, name, file_form in files:
            yield from self._rows(path, name, file_form, Repairs(name, scheme) if reading.repair else None)
        for what, count in self._lost.items():
            self.notes.append(f"{what}: {count:,} left out, there is no place for them in {form}")
        self.notes += self._converter.notes()

    def _rows(self, path: Path, name: str, form: str, repairs: Repairs | None) -> Iterator[RawSentence]:
        reading = self.options.reading
        policy = error_policy(name, skip_invalid=reading.skip_invalid)
        sentences = read_sentences(path, name, form, reading, policy, metadata=True)
        wanted = reading.column_in(form) or "-1"
        labels = LabelColumnReader(wanted, policy, name, None, reading.label_names, repairs, keep_all=True)
        count = 0
        for sentence in labels.read(sentences) if self.options.checked else sentences:
            count += 1
            if labels.column:
                sentence.columns[labels.column] = [tag or MISSING for tag in sentence.columns[labels.column]]
            column = labels.column or choose_column(wanted, list(sentence.columns), sentence.numbers)[0] or ""
            self._converter.apply(sentence, column, name)
            metadata = sentence.metadata or SentenceMetadata()
            if repairs is not None and metadata.comments:
                metadata.comments = [repaired_text(line) for line in metadata.comments]
            yield self._row(sentence, column, metadata)
        self.notes += labels.notes
        if note := policy.note():
            self.notes.append(note)
        if not count:
            raise CorpusError("no sentence that can be read", path=name)

    def _row(self, sentence: RawSentence, column: str, metadata: SentenceMetadata) -> RawSentence:
        if self.options.bare:
            return RawSentence(sentence.tokens, {column: sentence.columns[column]})
        if self.options.form in ("columns", "conllu"):
            for what, begins in (("structure tags", "<"), ("multiword ranges, empty nodes", "")):
                lost = [
                    pair for pair in metadata.other_lines if pair[1].startswith(begins) and not self._holds(pair[1])
                ]
                metadata.other_lines = [pair for pair in metadata.other_lines if pair not in lost]
                self._lost.update({what: len(lost)} if lost else {})
        if self.options.form != "jsonl" and metadata.extra:
            self._lost[f"further keys ({', '.join(sorted(metadata.extra))})"] += 1
            metadata.extra = {}
        metadata.columns = {name: values for name, values in metadata.columns.items() if name not in sentence.columns}
        columns = {name: labels for name, labels in sentence.columns.items() if name != column}
        return RawSentence(
            sentence.tokens, columns | {column: sentence.columns[column]}, text=sentence.text, metadata=metadata
        )

    def _holds(self, line: str) -> bool:
        """Whether the written format holds a line that is no word: CoNLL-U does if it has its fields."""
        return self.options.form == "conllu" and (line[0] == "#" or line.count("\t") == FIELDS - 1)
