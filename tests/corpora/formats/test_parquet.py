"""Parquet files, as pyarrow and datasets write them."""

from __future__ import annotations

from pathlib import Path

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tagger.corpora.formats.options import ReadOptions
from tagger.corpora.formats.registry import read_sentences
from tagger.corpora.formats.sentence import Problem
from tagger.corpora.read_corpus import read_corpus, read_split
from tagger.errors import CorpusError
from tests.corpora.conftest import TAGS, WORDS


def test_lists_of_words_and_labels(tmp_path: Path) -> None:
    pq.write_table(pa.table({"words": WORDS, "upos": TAGS, "text": ["x", None, "z"]}), tmp_path / "a.parquet")
    split = read_split(str(tmp_path / "a.parquet"))
    assert (split.tokens(), split.tags(), split.texts()) == (WORDS, TAGS, ["x", None, "z"])


def test_class_labels_get_their_names(tmp_path: Path) -> None:
    names = sorted({tag for tags in TAGS for tag in tags})
    features = datasets.Features(
        {
            "tokens": datasets.List(datasets.Value("string")),
            "upos": datasets.List(datasets.ClassLabel(names=names)),
        }
    )
    ids = [[names.index(tag) for tag in tags] for tags in TAGS]
    data = datasets.Dataset.from_dict({"tokens": WORDS, "upos": ids}, features=features)
    data.to_parquet(tmp_path / "a.parquet")
    assert read_split(str(tmp_path / "a.parquet")).tags() == TAGS


def test_folders_of_save_to_disk(tmp_path: Path) -> None:
    names = sorted({tag for tags in TAGS for tag in tags})
    features = datasets.Features(
        {"tokens": datasets.List(datasets.Value("string")), "upos": datasets.List(datasets.ClassLabel(names=names))}
    )
    ids = [[names.index(tag) for tag in tags] for tags in TAGS]
    data = datasets.Dataset.from_dict({"tokens": WORDS, "upos": ids}, features=features)
    data.save_to_disk(tmp_path / "one", num_shards=2)
    assert read_split(str(tmp_path / "one")).tags() == TAGS
    datasets.DatasetDict({"train": data, "validation": data.select([1])}).save_to_disk(tmp_path / "both")
    corpus = read_corpus(str(tmp_path / "both"))
    assert corpus.train is not None
    assert corpus.dev is not None
    assert (corpus.train.tokens(), corpus.dev.tags()) == (WORDS, TAGS[1:2])


def test_documents_structs_and_words_without_a_label(tmp_path: Path) -> None:
    tags: list[list[str | None]] = [["X", None], ["Y"]]
    rows = {"tokens": [["a", "b"], ["c"]], "upos": tags}
    pq.write_table(
        pa.table({"data": [{"tokens": a, "upos": b} for a, b in zip(*rows.values(), strict=True)]}),
        tmp_path / "a.parquet",
    )
    pq.write_table(pa.table({"sents": [rows["tokens"]], "upos": [tags]}), tmp_path / "b.parquet")
    for name, column in (("a", None), ("b", "sents")):
        options = ReadOptions(tokens_column=column)
        path = tmp_path / f"{name}.parquet"
        found = list(read_sentences(path, path.name, "parquet", options, list[Problem]().append))
        assert [(s.tokens, s.columns) for s in found] == [(["a", "b"], {"upos": ["X", "_"]}), (["c"], {"upos": ["Y"]})]


def test_one_word_a_row(tmp_path: Path) -> None:
    rows = [
        (number, word, tag)
        for number, pair in enumerate(zip(WORDS, TAGS, strict=True))
        for word, tag in zip(*pair, strict=True)
    ]
    columns = dict(zip(("sentence_id", "word", "upos"), map(list, zip(*rows, strict=True)), strict=True))
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    split = read_split(str(tmp_path / "a.parquet"))
    assert (split.tokens(), split.tags()) == (WORDS, TAGS)


def test_a_bad_row_is_told_by_its_number(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"tokens": [["a"], ["b", "c"], ["d"]], "upos": [["X"], ["X"], ["X"]]}), path)
    with pytest.raises(CorpusError, match=r"a\.parquet:2: 1 'upos' for 2 words"):
        read_corpus(str(path))
    corpus = read_corpus(str(path), skip_invalid=True)
    assert sum(len(split) for split in corpus.splits) == 2
    assert corpus.notes[0].startswith("1 unreadable sentence was left out")


def test_a_file_that_is_cut_short(tmp_path: Path) -> None:
    pq.write_table(pa.table({"tokens": WORDS, "upos": TAGS}), tmp_path / "a.parquet")
    (tmp_path / "b.parquet").write_bytes((tmp_path / "a.parquet").read_bytes()[:-20])
    with pytest.raises(CorpusError, match=r"b\.parquet: not a Parquet file that can be read"):
        read_corpus(str(tmp_path / "b.parquet"))
