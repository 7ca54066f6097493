"""Corpora in memory, in the shapes in which people have them: the sentences read are those that were given."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pyarrow as pa
import pytest

from tagger import CorpusError, Tagger, read_corpus, train_pos
from tagger.corpora.read_corpus import read_split
from tagger.corpora.series.read import read_series
from tagger.corpora.series.table import SeriesOptions
from tagger.corpora.text.text_corpus import read_text_corpus, read_text_split
from tests.tiny import SETTINGS, conllu, sentences

MADE = sentences(12, 5)
PAIRS = [list(zip(words, tags, strict=True)) for words, tags in MADE]
LISTS = [(words, tags) for words, tags in MADE]
NAMES = sorted({tag for _, tags in MADE for tag in tags})
FRAME = pd.DataFrame(
    [(number, word, tag) for number, pairs in enumerate(PAIRS) for word, tag in pairs],
    columns=["sentence_id", "word", "upos"],
)
WORDS, TAGS = [words for words, _ in MADE], [tags for _, tags in MADE]
DATASET = datasets.Dataset.from_dict({"tokens": WORDS, "upos": TAGS}).cast_column(
    "upos", datasets.Sequence(datasets.ClassLabel(names=NAMES))
)


def held(source: Any, **options: Any) -> list[tuple[list[str], list[str]]]:
    """All sentences, in order, of a source that is one split."""
    split = read_split(source, **{"column": "upos", **options})
    return list(zip(split.tokens(), split.tags(), strict=True))


SHAPES: dict[str, Callable[[], Any]] = {
    "pairs": lambda: PAIRS,
    "tuples of pairs": lambda: tuple(map(tuple, PAIRS)),
    "lists of pairs": lambda: [[list(pair) for pair in pairs] for pairs in PAIRS],
    "words and labels": lambda: LISTS,
    "lists of lists": lambda: [list(pair) for pair in LISTS],
    "zipped": lambda: zip(WORDS, TAGS, strict=True),
    "generator": lambda: (pairs for pairs in PAIRS),
    "arrays": lambda: [(np.array(words), np.array(tags)) for words, tags in MADE],
    "array of pairs": lambda: [np.array(pairs) for pairs in PAIRS],
    "Series": lambda: pd.Series(PAIRS),
    "dicts": lambda: [{"tokens": words, "upos": tags} for words, tags in MADE],
    "dict of columns": lambda: {"tokens": WORDS, "upos": TAGS},
    "a row a word": lambda: FRAME,
    "categories": lambda: FRAME.astype({"upos": "category"}),
    "index of sentences": lambda: FRAME.set_index("sentence_id"),
    "any index": lambda: FRAME.set_index(np.arange(len(FRAME))[::-1]),
    "Kaggle": lambda: FRAME.assign(sentence_id=FRAME.sentence_id.where(~FRAME.sentence_id.duplicated())).rename(
        columns={"sentence_id": "Sentence #"}
    ),
    "grouped": lambda: (list(zip(rows.word, rows.upos, strict=True)) for _, rows in FRAME.groupby("sentence_id")),
    "a row a sentence": lambda: pd.DataFrame({"tokens": WORDS, "upos": TAGS}),
    "arrow": lambda: pa.table({"tokens": WORDS, "upos": TAGS}),
    "Dataset": lambda: DATASET,
    "iterable Dataset": lambda: DATASET.to_iterable_dataset(),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_sentences_are_those_that_were_given(shape: str) -> None:
    assert held(SHAPES[shape]()) == LISTS


def test_rows_of_a_data_set_that_were_chosen() -> None:
    assert held(DATASET.select(range(3, 7))) == LISTS[3:7]
    assert held(FRAME[FRAME.sentence_id > 9]) == LISTS[10:]


def test_sentences_of_two_words_are_told_apart_by_their_types() -> None:
    assert held([[("a", "DET"), ("dog", "NOUN")]] * 2) == [(["a", "dog"], ["DET", "NOUN"])] * 2
    assert held([(["a", "dog"], ["DET", "NOUN"])] * 2) == [(["a", "dog"], ["DET", "NOUN"])] * 2
    for unclear in ([["a", "dog"], ["DET", "NOUN"]], (("a", "DET"), ("dog", "NOUN"))):
        with pytest.raises(TypeError, match=r"may be \(tokens, labels\) or two words"):
            held([unclear])


def test_words_with_several_labels() -> None:
    rows = [[(word, tag, tag.lower()) for word, tag in pairs] for pairs in PAIRS]
    assert held(rows, column="column3") == [(words, [tag.lower() for tag in tags]) for words, tags in MADE]
    assert held(rows) == MADE  # universal parts of speech
    numbered = [[(word, f"{tag}1", f"{tag}2") for word, tag in pairs] for pairs in PAIRS]
    with pytest.raises(CorpusError, match="<list>: no column 'upos'; columns with labels: column2, column3"):
        held(numbered)


def test_labels_have_the_name_that_was_asked_for() -> None:
    corpus = read_corpus(PAIRS, column="ner")
    assert (corpus.column, corpus.source) == ("ner", "<list>")
    assert read_corpus(PAIRS, column=None).column == "upos"


def test_splits() -> None:
    splits = {"train": PAIRS, "validation": LISTS[:2], "test": FRAME}
    corpus = read_corpus(splits)
    assert [(split.name, len(split)) for split in corpus.splits] == [("train", 12), ("dev", 2), ("test", 12)]
    assert held(splits, split="dev") == LISTS[:2]
    corpus = read_corpus(datasets.DatasetDict(train=DATASET, test=DATASET.select([0])))
    assert [(split.name, len(split)) for split in corpus.splits][::2] == [("train", 11), ("test", 1)]
    corpus = read_corpus(train=PAIRS, dev=iter(PAIRS[:3]))
    assert [(split.name, len(split)) for split in corpus.splits] == [("train", 12), ("dev", 3)]
    with pytest.raises(TypeError, match="a dict of 'train', 'extra'; expected the splits train, dev and test"):
        read_corpus({"train": PAIRS, "extra": PAIRS})


def test_files_beside_memory(tmp_path: Path) -> None:
    path = tmp_path / "dev.conllu"
    path.write_text(conllu(MADE[:4]), encoding="utf-8")
    corpus = read_corpus(train=PAIRS, dev=path)
    assert corpus.dev is not None
    assert (corpus.dev.tokens(), corpus.dev.paths) == ([words for words, _ in MADE[:4]], (str(path),))
    assert held(path) == LISTS[:4]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (7, r"<int> is 7 \(int\); expected a path or name, a list of"),
        (b"train.conllu", r"<bytes> is b'train.conllu' \(bytes\)"),
        (["they can fish"], r"<list>: sentence 1 is 'they can fish' \(str\)"),
        ([*PAIRS, None], r"<list>: sentence 13 is None"),
        ([*LISTS, ([1, 2], 3)], r"<list>: sentence 13 is \(\[1, 2\], 3\)"),
        ([("they", "PRON"), ("fish", "VERB")], r"<list>: sentence 1 is \('they', 'PRON'\)"),
        ([(["they", b"fish", "x"], ["PRON", "VERB", "X"])], r"<list>: sentence 1 holds b'fish' \(bytes\)"),
        ([[(b"they", "PRON")] * 3], r"<list>: sentence 1 is "),
        ([*PAIRS, []], r"<list>: sentence 13 is \[\] \(list\)"),
    ],
)
def test_what_is_no_corpus(wrong: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        read_corpus(wrong)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ([], "<list>: has no sentences"),
        ([*LISTS, (["they", "can", "fish"], ["PRON"])], "<list>:13: 1 'upos' for 3 words"),
        ([(["they", None, "fish"], ["PRON"] * 3)], "<list>:1: 'tokens' must be a list of strings"),
        ([(["they", math.nan, "fish"], ["PRON"] * 3)], "<list>:1: 'tokens' must be a list of strings"),
        (pd.DataFrame({"x": [1.5, 2.5]}), "<DataFrame>: "),
        (pd.concat([FRAME[["word", "upos"]]] * 20), "<DataFrame>: no column numbers the sentences of the words"),
    ],
)
def test_what_cannot_be_read(wrong: Any, message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        read_corpus(wrong)


def test_training_and_evaluation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    pairs = [list(zip(words, tags, strict=True)) for words, tags in sentences(60, 1)]
    settings = {**SETTINGS, "training.epochs": 2}
    tagger = train_pos(train=pairs, dev=LISTS, settings=settings, threads=1, out=tmp_path / "model")
    path = tmp_path / "test.conllu"
    path.write_text(conllu(MADE), encoding="utf-8")
    right = tagger.evaluate(path).correct
    for corpus in (PAIRS, FRAME, DATASET, {"test": LISTS, "train": PAIRS[:1]}):
        assert tagger.evaluate(corpus).correct == right
    with pytest.raises(TypeError, match="corpus is None; expected a path"):
        tagger.evaluate(None)  # type: ignore[arg-type]
    assert Tagger.load(tmp_path / "model").tag(["they"]).tags == tagger.tag(["they"]).tags


def test_texts_in_memory() -> None:
    texts = ["they fish.", "A dog, a cat", "first line\nsecond line"]
    words = [("they", "fish", "."), ("A", "dog", ",", "a", "cat"), ("first", "line", "second", "line")]
    for source in (texts, iter(texts), datasets.Dataset.from_dict({"text": texts}), {"test": texts, "train": ["x"]}):
        assert [passage.words for passage in read_text_split(source)] == words
    assert [passage.words for passage in read_text_split(LISTS)] == [tuple(tokens) for tokens, _ in MADE]
    long = pd.DataFrame({"text": [f"line {number}" for number in range(300)]})
    assert [passage.words[1] for passage in read_text_split(long)] == [str(number) for number in range(300)]
    corpus = read_text_corpus(train=["a b c", "d, e"], dev=["f"], tokenised=True)
    assert corpus.train is not None
    assert [passage.words for passage in corpus.train] == [("a", "b", "c"), ("d,", "e")]


def test_series_in_memory(tmp_path: Path) -> None:
    frame = pd.DataFrame({"day": pd.date_range("2026-01-01", periods=300), "height": np.arange(300.0)})
    path = tmp_path / "series.csv"
    frame.to_csv(path, index=False)
    options = SeriesOptions(columns=("height",))
    tables = [read_series(source, options) for source in (frame, path, str(path))]
    assert len({str(table.values) + str(table.times) for table in tables}) == 1


@pytest.mark.parametrize("name", ["sent_idx", "Sentence #", "paragraph_id", "Doc-ID"])
def test_long_frames_may_number_sentences_under_any_name_that_files_may_have(name: str) -> None:
    twenty = pd.concat([FRAME.assign(sentence_id=FRAME["sentence_id"] + 12 * copy) for copy in range(20)])
    assert held(twenty.rename(columns={"sentence_id": name})) == MADE * 20
