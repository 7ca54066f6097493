"""One argument names any corpus: what it resolves to, how it is split, what is said about it."""

from __future__ import annotations

import gzip
import io
import lzma
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from tagger.corpora.read_corpus import read_corpus, read_split
from tagger.corpora.sources.corpus import Corpus
from tagger.errors import CorpusError
from tests.corpora.conftest import TAGS, WORDS, Write, conllu


def numbered(first: int, count: int) -> str:
    words = [[f"w{number}", "x"] for number in range(first, first + count)]
    return conllu(words, [["NOUN", "VERB"]] * count)


def first_words(corpus: Corpus) -> dict[str, list[str]]:
    return {split.name: [tokens[0] for tokens in split.tokens()] for split in corpus.splits}


def test_a_single_file_is_split_and_it_is_said(write: Write) -> None:
    corpus = read_corpus(str(write("my-corpus.conllu", numbered(0, 50))))
    found = first_words(corpus)
    assert {name: len(words) for name, words in found.items()} == {"train": 40, "dev": 5, "test": 5}
    assert sorted(word for words in found.values() for word in words) == sorted(f"w{n}" for n in range(50))
    assert found["train"] == sorted(found["train"], key=lambda word: int(word[1:]))
    assert corpus.name == "my-corpus"
    assert "dev: 5 sentences (10% of the data), split off at random (seed 1)" in corpus.notes
    assert "test: 5 sentences (10% of the data), split off at random (seed 1)" in corpus.notes


def test_the_seed_decides_the_split(write: Write) -> None:
    path = str(write("a.conllu", numbered(0, 50)))
    assert first_words(read_corpus(path)) == first_words(read_corpus(path))
    assert first_words(read_corpus(path)) != first_words(read_corpus(path, seed=2))


def test_too_few_sentences_to_split(write: Write) -> None:
    corpus = read_corpus(str(write("a.conllu", numbered(0, 2))))
    assert (corpus.dev, corpus.test) == (None, None)
    assert "dev and test: none, too few sentences to split any off" in corpus.notes


@pytest.mark.parametrize(
    "names",
    [
        ("en_x-ud-train.conllu", "en_x-ud-dev.conllu", "en_x-ud-test.conllu"),
        ("train.txt", "valid.txt", "eval.txt"),
        ("eng.train", "eng.testa", "eng.testb"),
        ("train/part.conllu", "devel/part.conllu", "test/part.conllu"),
        ("train.conllu.gz", "validation.conllu.xz", "test.conllu"),
    ],
)
def test_a_folder_has_its_splits_in_its_names(write: Write, tmp_path: Path, names: tuple[str, ...]) -> None:
    pack: dict[str, Callable[[bytes], bytes]] = {".gz": gzip.compress, ".xz": lzma.compress}
    for number, name in enumerate(names):
        content = numbered(10 * number, 2).encode()
        write(f"corpus/{name}", pack.get(Path(name).suffix, bytes)(content))
    write("corpus/LICENSE.txt", "train dev test")
    write("corpus/train.md", "not data")
    corpus = read_corpus(str(tmp_path / "corpus"))
    assert first_words(corpus) == {"train": ["w0", "w1"], "dev": ["w10", "w11"], "test": ["w20", "w21"]}
    assert corpus.name == "corpus"
    assert corpus.notes == ()


def test_a_folder_prefers_labelled_files_to_text(write: Write, tmp_path: Path) -> None:
    write("c/x-ud-train.conllu", numbered(0, 20))
    write("c/x-ud-train.txt", "Raw text as UD ships it.\n")
    corpus = read_corpus(str(tmp_path / "c"))
    assert {name: len(words) for name, words in first_words(corpus).items()} == {"train": 18, "dev": 2}
    assert corpus.notes == (
        "dev: 2 sentences (10% of train), split off at random (seed 1)",
        "test: none in this corpus",
    )


def test_parts_of_one_split_are_read_as_one(write: Write, tmp_path: Path) -> None:
    for number in range(3):
        write(f"c/x-train-0000{number}-of-00003.conllu", numbered(number, 1))
    write("c/x-dev.conllu", numbered(7, 1))
    corpus = read_corpus(str(tmp_path / "c"))
    assert first_words(corpus)["train"] == ["w0", "w1", "w2"]
    assert "train: 3 files read as one" in corpus.notes[0]


def test_two_corpora_in_one_folder_are_not_mixed(write: Write, tmp_path: Path) -> None:
    write("c/en-train.conllu", numbered(0, 1))
    write("c/ko-train.conllu", numbered(1, 1))
    with pytest.raises(CorpusError, match=r"several corpora \(en-train.conllu, ko-train.conllu\); name the files with"):
        read_corpus(str(tmp_path / "c"))


def test_a_glob(write: Write, tmp_path: Path) -> None:
    for split in ("train", "dev", "test"):
        write(f"{split}.conllu", numbered(0, 1))
    write("other.txt", "no corpus")
    assert set(first_words(read_corpus(str(tmp_path / "*.conllu")))) == {"train", "dev", "test"}
    with pytest.raises(CorpusError, match="no file matches this pattern"):
        read_corpus(str(tmp_path / "*.jsonl"))


def test_a_glob_over_files_named_by_split_alone_is_named_after_their_folder(write: Write, tmp_path: Path) -> None:
    for split in ("train", "dev"):
        write(f"birds/{split}.conll", "a\tX\n\nb\tY\n")
    assert read_corpus(str(tmp_path / "birds" / "*.conll")).name == "birds"


def test_splits_named_one_by_one(write: Write) -> None:
    train, dev, test = (str(write(f"{name}.conllu", numbered(n, 1))) for n, name in enumerate("abc"))
    corpus = read_corpus(train=train, dev=dev, test=test)
    assert first_words(corpus) == {"train": ["w0"], "dev": ["w1"], "test": ["w2"]}
    assert first_words(read_corpus(train, dev=dev)) == {"train": ["w0"], "dev": ["w1"]}
    with pytest.raises(CorpusError, match="dev given without train"):
        read_corpus(dev=dev)


def test_files_of_different_formats(write: Write) -> None:
    train = str(write("a.conllu", conllu(WORDS, TAGS)))
    dev = str(write("b.txt", "They/PRON can/AUX fish/VERB ./PUNCT\n"))
    corpus = read_corpus(train=train, dev=dev)
    assert corpus.dev is not None
    assert corpus.dev.tags() == TAGS[:1]


def test_standard_input(monkeypatch: pytest.MonkeyPatch, small: str) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(small.encode())))
    split = read_split("-")
    assert (split.tokens(), split.paths) == (WORDS, ("<standard input>",))
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"1\tbad\n")))
    with pytest.raises(CorpusError, match="<standard input>:1: "):
        read_split("-", format="conllu")
    with pytest.raises(CorpusError, match="one part of the corpus only"):
        read_corpus(train="-", dev="-")


def test_a_single_file_is_the_whole_split(write: Write, small: str) -> None:
    split = read_split(str(write("a.conllu", small)), "test")
    assert (split.name, split.tokens(), split.tags()) == ("test", WORDS, TAGS)
    assert split.texts() == [" ".join(words) for words in WORDS]
    assert split.column("xpos") == [[tag.lower() for tag in tags] for tags in TAGS]


def test_a_single_split_tells_what_was_left_out_or_mended(write: Write) -> None:
    path = str(write("a.conll", "a\tB-x,B-y\n\nb\u00ad\tO\n"))
    (note,) = (note for note in read_split(path, skip_invalid=True).notes if "upos" not in note)
    assert note.startswith("1 unreadable sentence was left out: ")
    assert [note.partition(":")[0] for note in read_split(path, repair=True).notes if "upos" not in note] == [
        "repaired"
    ] * 2


def test_a_split_that_is_not_there(write: Write, tmp_path: Path, small: str) -> None:
    write("c/train.conllu", small)
    with pytest.raises(CorpusError, match=r"c: no test split; there are: train"):
        read_split(str(tmp_path / "c"), "test")


def test_a_folder_without_train_is_told(write: Write, tmp_path: Path, small: str) -> None:
    write("c/dev.conllu", small)
    write("c/test.conllu", small)
    corpus = read_corpus(str(tmp_path / "c"))
    assert corpus.train is None
    assert "train: none in this corpus" in corpus.notes


@pytest.mark.parametrize("column", ["upos", "xpos", "lemma", "deprel", "4", None])
def test_columns_of_conllu(write: Write, small: str, column: str | None) -> None:
    corpus = read_corpus(str(write("a.conllu", small)), column=column)
    assert corpus.columns == ("upos", "xpos", "lemma", "deprel")
    assert corpus.column == ("upos" if column in ("4", None) else column)


def test_a_key_in_misc(write: Write, small: str) -> None:
    path = str(write("a.conllu", small.replace("\t_\t_\n", "\t_\tNER=B-PER|X=1\n", 2)))
    corpus = read_corpus(path, column="NER")
    assert corpus.column == "NER"
    assert {tag for split in corpus.splits for tags in split.tags() for tag in tags} == {"_", "B-PER"}
    assert "9 of 11 words have no NER in MISC; their label is '_'" in corpus.notes


def test_the_fingerprint_is_of_the_content(write: Write, small: str) -> None:
    first = read_corpus(str(write("a.conllu", small))).fingerprint
    assert first == read_corpus(str(write("b.conllu", small))).fingerprint
    assert first != read_corpus(str(write("c.conllu", small.replace("can", "may")))).fingerprint
    assert len(first) == 16


@pytest.mark.parametrize("name", ["bundled", None, "en", "bundled:en"])
def test_the_bundled_corpus(name: str | None) -> None:
    corpus = read_corpus(name)
    assert corpus.license == "CC0-1.0"
    assert all(len(split) > 0 for split in (corpus.train, corpus.dev, corpus.test) if split is not None)


def test_an_unknown_bundled_corpus() -> None:
    with pytest.raises(CorpusError, match="no bundled corpus 'bundled:xx'"):
        read_corpus("bundled:xx")
