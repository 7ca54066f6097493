"""What is written is read back the same."""

from __future__ import annotations

from pathlib import Path

import datasets
import pytest

from tagger.corpora.conversion.convert import convert
from tagger.corpora.conversion.write import WRITABLE, write_corpus, write_split
from tagger.corpora.labels.schemes import converted
from tagger.corpora.read_corpus import read_corpus, read_split
from tagger.corpora.sources.corpus import Split
from tagger.errors import OutputError
from tests.corpora.conftest import TAGS, WORDS, Write


@pytest.mark.parametrize("packing", ["", ".gz", ".xz"])
@pytest.mark.parametrize("form", WRITABLE)
def test_a_round_trip(write: Write, tmp_path: Path, small: str, form: str, packing: str) -> None:
    if form == "parquet" and packing:
        return
    split = read_split(str(write("a.conllu", small)))
    path = tmp_path / f"out{WRITABLE[form]}{packing}"
    write_split(split, path, form)
    back = read_split(str(path))
    assert (back.tokens(), back.tags()) == (WORDS, TAGS)
    for column in ("xpos", "lemma", "deprel"):
        assert back.column(column) == split.column(column)
    if form != "columns":
        assert back.texts() == split.texts()
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("form", WRITABLE)
def test_labels_of_another_kind(tmp_path: Path, form: str) -> None:
    data = datasets.Dataset.from_dict({"tokens": WORDS, "tags": TAGS})
    write_split(Split("train", data, label="ner"), tmp_path / "a", form)
    assert read_split(str(tmp_path / "a"), column="ner").tags() == TAGS


def test_another_label_scheme(tmp_path: Path) -> None:
    data = datasets.Dataset.from_dict({"tokens": [["Ann", "Lee", "ran"]], "tags": [["B-PER", "I-PER", "O"]]})
    write_split(
        Split("train", data, label="ner"), tmp_path / "a.jsonl", "jsonl", relabel=lambda tags: converted(tags, "BILOU")
    )
    assert read_split(str(tmp_path / "a.jsonl"), column="ner").tags() == [["B-PER", "L-PER", "O"]]


def test_all_splits_of_a_corpus(write: Write, tmp_path: Path, small: str) -> None:
    corpus = read_corpus(str(write("my.conllu", small)))
    notes = write_corpus(corpus, tmp_path / "out", "conllu")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "my-dev.conllu",
        "my-test.conllu",
        "my-train.conllu",
    ]
    assert len(notes) == 1
    assert "HEAD, DEPS" in notes[0]
    again = read_corpus(str(tmp_path / "out"))
    assert [split.tokens() for split in again.splits] == [split.tokens() for split in corpus.splits]


def test_nothing_is_replaced_unasked(write: Write, tmp_path: Path, small: str) -> None:
    split = read_split(str(write("a.conllu", small)))
    (tmp_path / "b.jsonl").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match=r"b\.jsonl: there already; choose another name or --overwrite"):
        write_split(split, tmp_path / "b.jsonl", "jsonl")
    write_split(split, tmp_path / "b.jsonl", "jsonl", overwrite=True)
    assert read_split(str(tmp_path / "b.jsonl")).tokens() == WORDS


@pytest.mark.parametrize("form", ["conllu", "columns"])
def test_a_word_that_the_format_cannot_hold(tmp_path: Path, form: str) -> None:
    data = datasets.Dataset.from_dict({"tokens": [["a"], ["b\tc"]], "tags": [["X"], ["X"]]})
    with pytest.raises(OutputError, match=r"sentence 2: 'b\\tc' holds a tab or a line end; write JSON lines instead"):
        write_split(Split("train", data), tmp_path / "a", form)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_format(tmp_path: Path) -> None:
    data = datasets.Dataset.from_dict({"tokens": [["a"]], "tags": [["X"]]})
    with pytest.raises(OutputError, match="cannot be written as 'xml'; choose from conllu, columns, jsonl, parquet"):
        write_split(Split("train", data), tmp_path / "a", "xml")


def test_a_place_that_cannot_be_written_to(write: Write, tmp_path: Path) -> None:
    source, file = write("a.conll", "a\tX\n"), write("file", "")
    with pytest.raises(OutputError, match=r"cannot be written: (Not a directory|File exists)"):
        convert(str(source), file, "jsonl", overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.conll", "file"]
