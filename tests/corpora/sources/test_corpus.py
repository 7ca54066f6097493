"""Splits give back what they hold, whatever the chunks of the table."""

from __future__ import annotations

import datasets
import pyarrow as pa
import pytest

from tagger.corpora.sources.corpus import Corpus, Split
from tagger.errors import CorpusError
from tests.corpora.conftest import TAGS, WORDS


def split() -> Split:
    data = datasets.Dataset.from_dict({"tokens": WORDS, "tags": TAGS, "text": ["a", None, "c"]})
    return Split("train", data, label="upos")


def test_words_and_labels() -> None:
    assert (split().tokens(), split().tags(), split().texts()) == (WORDS, TAGS, ["a", None, "c"])
    assert split().column("upos") == TAGS
    assert (len(split()), split().num_tokens) == (3, sum(map(len, WORDS)))


def test_chosen_rows_of_a_chunked_table() -> None:
    tables = [pa.table({"tokens": [words], "tags": [tags]}) for words, tags in zip(WORDS, TAGS, strict=True)]
    data = datasets.Dataset(datasets.table.InMemoryTable(pa.concat_tables(tables)))
    chosen = Split("dev", data.select([2, 0]))
    assert chosen.tokens() == [WORDS[2], WORDS[0]]
    assert chosen.num_tokens == len(WORDS[2]) + len(WORDS[0])
    assert chosen.texts() == [None, None]


def test_an_empty_split() -> None:
    empty = Split("dev", split().data.select([]))
    assert (empty.tokens(), empty.num_tokens) == ([], 0)


def test_a_column_that_is_not_there() -> None:
    with pytest.raises(CorpusError, match="no column 'lemma' in the train split; it holds tokens, tags"):
        split().column("lemma")


def test_splits_in_order() -> None:
    corpus = Corpus("x", "x", "upos", train=split(), dev=None, test=split())
    assert len(corpus.splits) == 2
