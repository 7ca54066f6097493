"""Text from the hub through ``datasets``: a column of text or of words, downloaded or streamed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Any

from tagger.corpora.formats.sentence import number_of
from tagger.corpora.hub.catalogue import find_dataset
from tagger.corpora.hub.columns import TOKEN_COLUMNS, inner_feature, is_string
from tagger.corpora.hub.dataset import load_splits
from tagger.corpora.hub.errors import explaining
from tagger.corpora.hub.files import MISREAD, in_columns, located_files
from tagger.corpora.hub.hub_id import HubSpec
from tagger.corpora.hub.rows import HubRows
from tagger.corpora.sources.locate import DatasetFiles
from tagger.corpora.sources.splits import SPLIT_NAMES, missing_notes
from tagger.corpora.text.file_corpus import from_text_files
from tagger.corpora.text.held_out import SHARE
from tagger.corpora.text.text_files import TEXT, TextReader
from tagger.corpora.text.text_formats import form_of_text
from tagger.corpora.text.text_split import TextCorpus, TextOptions, TextSplit
from tagger.corpora.text.text_tables import choose_text_column, row_lines
from tagger.corpora.text.tokenizer_choice import choose_tokenizer, prompt_tokenizer
from tagger.corpora.tokenization.passages import TextSegment, aligned
from tagger.errors import CorpusError

SAMPLE_ROWS = 500
STREAMED_DEV_ROWS = 1000  # the first rows of a stream without dev split


@dataclass(frozen=True, slots=True)
class HubText:
    """One split on the hub.

    Args:
        data: its rows.
        text: the column of text, None where only words are known.
        words: the column of words, None for raw text.
    """

    data: HubRows
    text: str | None
    words: str | None

    def rows(self) -> Iterator[tuple[str | None, list[str] | None]]:
        """Read text and words of each row.

        Raises:
            CorpusError: the hub does not answer any more.
        """
        columns = [column for column in (self.text, self.words) if column is not None]
        return ((row.get(self.text or ""), row.get(self.words or "")) for row in self.data.read(columns))

    def sample(self) -> list[tuple[str | None, list[str] | None]]:
        """Read the first rows.

        Raises:
            CorpusError: none of them holds text.
        """
        rows = list(islice(self.rows(), SAMPLE_ROWS))
        if self.words is None and not any(text and not text.isspace() for text, _ in rows):
            raise CorpusError(f"{self.data.source}: no text in the first {len(rows):,} rows of {self.text!r}")
        return rows

    def passages(self, reader: TextReader, find_words: bool) -> Iterator[TextSegment]:
        """Read all passages of the split."""
        if self.words is not None:
            return (aligned(text, words) for text, words in self.rows() if words)
        rows = row_lines(self._texts(reader.options.skip_invalid), apart=reader.options.rows_apart)
        return reader.of_lines(rows, TEXT, find_words)

    def _texts(self, skip_invalid: bool) -> Iterator[str]:
        for number, (text, _) in enumerate(self.rows()):
            if text is not None:
                yield text
            elif not skip_invalid:
                what = f"{self.data.source}: row {number} (from 0) has no text in column {self.text!r}"
                raise CorpusError(f"{what}; leave such rows out (--skip-invalid)")


def read_hub_text(source: str, options: TextOptions, *, whole: bool = False) -> TextCorpus:
    """Read text by its name in the catalogue (``wikitext-2-raw``) or its hub id (``OWNER/NAME:CONFIG``).

    If `whole`, no dev split is held out where there is none.

    Raises:
        CorpusError: there is no such data set, it cannot be read, or has no column of text.
    """
    entry = find_dataset(source, "text")
    spec = entry.spec
    options = replace(
        options,
        text_column=options.text_column or entry.text,
        tokens_column=options.tokens_column or entry.tokens,
    )
    data, commit, notes = _open(spec, options)
    if (located := _files_instead(spec, data, options)) is not None:
        return from_text_files(replace(located, name=entry.name, license=entry.licence), source, options, whole=whole)
    if not whole and "train" in data and "dev" not in data:
        notes.append(_hold_out_dev(data, streaming=options.streaming))
    texts = {split: _text(spec, split, rows, options) for split, rows in data.items()}
    first = texts.get("train") or next(iter(texts.values()))
    sample = first.sample() if options.tokenised or options.tokenizer is None else []
    tokenizer, tokenizer_notes = choose_tokenizer(sample, options)
    reader = TextReader(options, tokenizer)
    splits = {
        split: TextSplit(split, (str(spec),), partial(text.passages, reader), tokenizer, options.streaming)
        for split, text in texts.items()
    }
    missing = missing_notes(splits)
    content = [str(spec), commit, options.unit, str(options.tokenised), str(first.text), str(first.words)]
    return TextCorpus(
        name=entry.name,
        source=source,
        **{name: splits.get(name) for name in SPLIT_NAMES},
        notes=(*notes, *tokenizer_notes, *missing),
        fingerprint=hashlib.sha256("\n".join(content).encode()).hexdigest()[:16],
        license=entry.licence,
        tokenizer=prompt_tokenizer(sample, options, tokenizer),
    )


def _open(spec: HubSpec, options: TextOptions) -> tuple[dict[str, Any], str, list[str]]:
    """Open the splits among train, dev and test; return them, the commit and notes."""
    with explaining(spec):
        loaded = load_splits(spec, options.offline, streaming=options.streaming)
    notes = list(loaded.notes)
    if options.streaming:
        notes.append("read over the network as needed; the vocabulary is fitted on the beginning of train")
    return dict(loaded.splits), loaded.commit, notes


def _files_instead(spec: HubSpec, splits: dict[str, Any], options: TextOptions) -> DatasetFiles | None:
    """Find the files of a data set that only our own readers understand; else None.

    Raises:
        CorpusError: they are to be streamed, or cannot be downloaded.
    """
    problem = _misread(spec, splits, options)
    if problem is None:
        return None
    if options.streaming:
        raise CorpusError(f"{spec}: {problem}; leave --streaming out to have their words read")
    return located_files(spec, offline=options.offline)


def _misread(spec: HubSpec, splits: dict[str, Any], options: TextOptions) -> str | None:
    """Explain what ``datasets`` misreads: CoNLL-U, columns, tables of words, word/TAG text; else None."""
    split, data = next(iter(splits.items()))
    builder = data.info.builder_name
    if in_columns(data):
        return MISREAD
    if builder == "csv" and options.text_column is None:
        try:
            _text(spec, split, data, options)
        except CorpusError:
            return "its files are tables without a column of text"
    if builder == "text" and options.format != TEXT and not options.tokenised:
        head = "".join(f"{row['text']}\n" for row in islice(data, SAMPLE_ROWS))
        if form_of_text(head, ".txt", str(spec), None) != TEXT:
            return "its files hold words with their labels, which datasets takes for text"
    return None


def _hold_out_dev(splits: dict[str, Any], *, streaming: bool) -> str:
    """Take dev from train: its end, or the beginning of a stream, whose end is unknown."""
    train = splits["train"]
    if streaming:
        splits["dev"], splits["train"] = train.take(STREAMED_DEV_ROWS), train.skip(STREAMED_DEV_ROWS)
        return f"dev: the first {STREAMED_DEV_ROWS:,} rows of train"
    rows = max(1, round(SHARE * train.num_rows))
    if train.num_rows < 2:
        return "dev: none, too little text to hold any out"
    start = train.num_rows - rows
    splits["dev"], splits["train"] = train.select(range(start, train.num_rows)), train.select(range(start))
    return f"dev: the last {number_of(rows, 'row')} of train ({SHARE:.0%}), held out"


def _text(spec: HubSpec, split: str, data: Any, options: TextOptions) -> HubText:
    rows = HubRows.of(data, spec, f"{spec} ({split})")
    if getattr(rows.data, "num_rows", 1) == 0:
        raise CorpusError(f"{rows.source}: it has no rows")
    strings = {name: is_string(feature) for name, feature in rows.features.items()}
    wanted = (options.tokens_column,) if options.tokens_column else TOKEN_COLUMNS
    tokens = [name for name in wanted if name in strings and is_string(inner_feature(rows.features[name]))]
    text = choose_text_column(strings, options.text_column, rows.source, tokens=tokens)
    if text is not None:
        return HubText(rows, text, None)
    return HubText(rows, "text" if strings.get("text") else None, tokens[0])
