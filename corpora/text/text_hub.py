"""Text from the hub through ``datasets``: a column of text or of words, downloaded or streamed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from tagger.corpora.files.paths import excerpt_path, near
from tagger.corpora.formats.sentence import number_of
from tagger.corpora.hub.catalogue import lookup, nearest
from tagger.corpora.hub.hub_id import HubSpec, parse_hub_spec
from tagger.corpora.sources.locate import DatasetFiles
from tagger.corpora.text.held_out import SHARE
from tagger.corpora.text.text_files import TEXT, TextReader
from tagger.corpora.text.text_split import TextCorpus, TextOptions, TextSplit
from tagger.corpora.text.text_tables import choose_text_column, row_lines
from tagger.corpora.text.tokenizer_choice import choose_by_text, for_prompts
from tagger.corpora.tokenization.passages import TextSegment, aligned
from tagger.corpora.tokenization.rule_selection import rules_of_words, tokens_tokenizer
from tagger.corpora.tokenization.tokenizer import WordTokenizer
from tagger.errors import CorpusError

ROWS_AT_A_TIME = 1000
SAMPLE_ROWS = 500
STREAMED_DEV_ROWS = 1000  # taken from the beginning of a stream that has no dev split


@dataclass(frozen=True, slots=True)
class HubText:
    """One split on the hub.

    Args:
        spec: the data set.
        split: its name here.
        data: a ``Dataset`` or an ``IterableDataset``.
        text: the column of text, None where only words are known.
        words: the column of words, None for text that is to be split.
    """

    spec: HubSpec
    split: str
    data: Any
    text: str | None
    words: str | None

    def rows(self) -> Iterator[tuple[str | None, list[str] | None]]:
        """Text and words of each row.

        Raises:
            CorpusError: the hub no longer answers.
        """
        from tagger.corpora.hub.errors import explaining

        columns = [column for column in (self.text, self.words) if column is not None]
        with explaining(self.spec):
            for batch in self.data.select_columns(columns).iter(ROWS_AT_A_TIME):
                nothing = [None] * len(batch[columns[0]])
                texts = batch[self.text] if self.text else nothing
                yield from zip(texts, batch[self.words] if self.words else nothing, strict=True)

    def words_apart(self) -> Iterator[list[str]]:
        """The words of the first rows, or what is parted by white space in them."""
        return ((text or "").split() if words is None else words for text, words in islice(self.rows(), SAMPLE_ROWS))

    def passages(self, reader: TextReader) -> Iterator[TextSegment]:
        """A pass over the split."""
        if self.words is not None:
            return (aligned(text, words) for text, words in self.rows() if words)
        apart = reader.options.unit == "word" and not reader.options.tokenised
        return reader.of_lines(row_lines(self._texts(reader.options.skip_invalid), apart=apart), TEXT)

    def _texts(self, skip_invalid: bool) -> Iterator[str]:
        for number, (text, _) in enumerate(self.rows()):
            if text is not None:
                yield text
            elif not skip_invalid:
                what = f"{self.spec} ({self.split}): row {number} (from 0) has no text in column {self.text!r}"
                raise CorpusError(f"{what}; leave such rows out (--skip-invalid)")


def read_hub_text(
    source: str, options: TextOptions, *, offline: bool, streaming: bool, whole: bool = False
) -> TextCorpus:
    """Reads text by its name in the catalogue or its hub id.

    Args:
        source: such as ``wikitext-2-raw`` or ``OWNER/NAME:CONFIG``.
        options: which column to read, and how.
        offline: answer from the cache of ``datasets``, or not at all.
        streaming: read over the network as needed, nothing is kept.
        whole: do not hold out a dev split where there is none.

    Raises:
        CorpusError: there is no such data set, it cannot be read, or has no column of text.
    """
    spec, name, license, options = _find(source, options)
    splits, commit, notes = _open(spec, offline=offline, streaming=streaming)
    if (located := _files_instead(spec, splits, options, offline=offline, streaming=streaming)) is not None:
        from tagger.corpora.text.text_corpus import from_text_files

        return from_text_files(replace(located, name=name, license=license), source, options, whole=whole)
    if not whole and "train" in splits and "dev" not in splits:
        said = _hold_out(splits, streaming=streaming)
        notes = [*notes, said]
    texts = {split: _text(spec, split, data, options) for split, data in splits.items()}
    first = texts.get("train") or next(iter(texts.values()))
    tokenizer, note = _choose_tokenizer(first, options)
    reader = TextReader(options, tokenizer)
    bare = replace(reader, find_words=False)
    made = {
        split: TextSplit(
            split, (str(spec),), partial(text.passages, reader), tokenizer, streaming, partial(text.passages, bare)
        )
        for split, text in texts.items()
    }
    told = [str(spec), commit, options.unit, str(options.tokenised), str(first.text), str(first.words)]
    return TextCorpus(
        name=name,
        source=source,
        train=made.get("train"),
        dev=made.get("dev"),
        test=made.get("test"),
        notes=(*notes, *note, *(f"{split}: none in this corpus" for split in ("train", "test") if split not in made)),
        fingerprint=hashlib.sha256("\n".join(told).encode()).hexdigest()[:16],
        license=license,
        tokenizer=for_prompts(first.words_apart(), options, tokenizer),
    )


def _find(source: str, options: TextOptions) -> tuple[HubSpec, str, str | None, TextOptions]:
    """The data set, its short name, its licence, and the options with the columns that the catalogue knows."""
    if entry := lookup(source):
        text = options.text_column or entry.text
        known = replace(options, text_column=text, tokens_column=options.tokens_column or entry.tokens)
        return entry.spec, entry.name, entry.licence, known
    if spec := parse_hub_spec(source):
        return spec, spec.config or spec.owner_name.rpartition("/")[2], None, options
    likely = nearest(source)
    hint = f"; did you mean {likely}?" if likely else near(Path(source))
    expected = "expected a file, a folder, a name in the catalogue (tagger corpora) or OWNER/NAME on the hub"
    raise CorpusError(f"no such text{hint or f'; {expected}'}", path=excerpt_path(source))


def _open(spec: HubSpec, *, offline: bool, streaming: bool) -> tuple[dict[str, Any], str, list[str]]:
    """The splits that there are among train, dev and test."""
    from tagger.corpora.hub.configs import normal_splits
    from tagger.corpora.hub.dataset import load, load_streams
    from tagger.corpora.hub.errors import explaining

    with explaining(spec):
        loaded = load_streams(spec, offline) if streaming else load(spec, offline=offline)
        splits, left = normal_splits(loaded.splits)
    if not splits:
        raise CorpusError(f"{spec} has no train, dev or test split; there are: {', '.join(left)}")
    notes = [*loaded.notes]
    if left:
        notes.append(f"splits that were not read: {', '.join(left)}")
    if streaming:
        notes.append("read over the network as it is needed; the vocabulary is made of the first stretch of train")
    return {split: loaded.splits[name] for split, name in splits.items()}, loaded.commit, notes


def _files_instead(
    spec: HubSpec, splits: dict[str, Any], options: TextOptions, *, offline: bool, streaming: bool
) -> DatasetFiles | None:
    from tagger.corpora.text.text_hub_files import files_instead

    split, data = next(iter(splits.items()))
    try:
        _text(spec, split, data, options)
        has_text = True
    except CorpusError:
        has_text = False  # what is wrong is said when there are no files to read instead
    return files_instead(spec, data, options, has_text=has_text, offline=offline, streaming=streaming)


def _hold_out(splits: dict[str, Any], *, streaming: bool) -> str:
    """Takes dev from train: the end of it, or the beginning of a stream, which has no end that is known."""
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
    from tagger.corpora.hub.columns import TOKEN_COLUMNS, inner_feature, is_string, unnested

    if hasattr(data, "num_rows"):
        data = unnested(data)
        if not data.num_rows:
            raise CorpusError(f"{spec} ({split}): no row in it")
    elif data.features is None:
        data = data._resolve_features()
    held = {name: is_string(feature) for name, feature in data.features.items()}
    wanted = (options.tokens_column,) if options.tokens_column else TOKEN_COLUMNS
    tokens = [name for name in wanted if name in held and is_string(inner_feature(data.features[name]))]
    text = choose_text_column(held, options.text_column, f"{spec} ({split})", tokens=tokens)
    if text is not None:
        return HubText(spec, split, data, text, None)
    return HubText(spec, split, data, "text" if held.get("text") else None, tokens[0])


def _choose_tokenizer(text: HubText, options: TextOptions) -> tuple[WordTokenizer, list[str]]:
    if options.tokenizer is not None:
        return options.tokenizer, []
    rows = list(islice(text.rows(), SAMPLE_ROWS))
    if text.words is None and not any(row and not row.isspace() for row, _ in rows):
        raise CorpusError(f"{text.spec} ({text.split}): no text in the first {len(rows):,} rows of {text.text!r}")
    if options.tokenised:
        return tokens_tokenizer(), []
    if text.words is None:
        name, note = choose_by_text("\n".join(row for row, _ in rows if row is not None))
    else:
        name, note = rules_of_words([row for row, _ in rows], [words or [] for _, words in rows])
    return WordTokenizer.from_rules(name), [note]
