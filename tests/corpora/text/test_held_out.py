"""Held-out text: contiguous, nothing lost, nothing twice, between paragraphs or whole files."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tagger.corpora.text import survey
from tagger.corpora.text.survey import Cuts
from tagger.corpora.text.text_corpus import read_text_corpus
from tagger.corpora.text.text_split import TextCorpus
from tests.corpora.conftest import Write, conllu


def read(corpus: TextCorpus) -> dict[str, list[str]]:
    return {split.name: [passage.text for passage in split] for split in corpus.splits}


def sizes(parts: dict[str, list[str]]) -> dict[str, float]:
    total = sum(len(text) + 1 for texts in parts.values() for text in texts)
    return {part: sum(len(text) + 1 for text in texts) / total for part, texts in parts.items()}


@pytest.mark.parametrize("unit", ["word", "char"])
@pytest.mark.parametrize("seed", range(6))
def test_the_end_of_a_text_is_held_out_in_order(write: Write, unit: str, seed: int) -> None:
    draw = random.Random(seed)
    lines = [" ".join(f"w{number}{place}" for place in range(draw.randrange(1, 9))) for number in range(400)]
    path = write("a.txt", "\n".join(lines))
    parts = read(read_text_corpus(str(path), unit=unit))
    assert list(parts) == ["train", "dev", "test"]
    assert " ".join(text for texts in parts.values() for text in texts).split() == " ".join(lines).split()
    if unit == "char":
        share = sizes(parts)
        assert share["dev"] == pytest.approx(0.05, abs=0.01)
        assert share["test"] == pytest.approx(0.05, abs=0.01)


@pytest.mark.parametrize("tokenised", [False, True])
def test_cuts_fall_between_paragraphs(write: Write, tokenised: bool) -> None:
    paragraphs = ["\n".join(f"p{number} l{line} is it ." for line in range(5)) for number in range(100)]
    corpus = read_text_corpus(str(write("a.txt", "\n\n".join(paragraphs))), tokenised=tokenised)
    parts = {name: "\n".join(texts).split() for name, texts in read(corpus).items()}
    numbers = {name: [word for word in words if word[0] == "p"] for name, words in parts.items()}
    assert len(set(numbers["train"]) & set(numbers["dev"])) == len(set(numbers["dev"]) & set(numbers["test"])) == 0
    assert [len(set(numbers[name])) for name in ("train", "dev", "test")] == [90, 5, 5]
    assert corpus.notes[-2].startswith("dev: about 5% of the text, held out: ")
    assert "a.txt from line 541 to 570" in corpus.notes[-2]


def test_a_paragraph_on_one_line_is_cut_between_sentences(write: Write) -> None:
    text = " ".join(f"This is sentence {number} of it." for number in range(100))
    corpus = read_text_corpus(str(write("a.txt", text)))
    parts = read(corpus)
    assert {name: len(texts) for name, texts in parts.items()} == {"train": 90, "dev": 5, "test": 5}
    assert parts["dev"][0] == "This is sentence 90 of it."
    assert "a.txt from sentence 91 to 95" in corpus.notes[-2]


def test_a_labelled_corpus_is_cut_between_sentences(write: Write) -> None:
    path = write("a.conllu", conllu([[f"w{number}", "x"] for number in range(100)], [["NOUN", "VERB"]] * 100))
    parts = read(read_text_corpus(str(path)))
    assert parts["test"] == [f"w{number} x" for number in range(95, 100)]
    assert len(parts["train"]) == 90


def test_a_missing_dev_part_is_the_end_of_train(write: Write) -> None:
    train = "".join(f"w{number} is it\n" for number in range(200))
    corpus = read_text_corpus(train=str(write("a.txt", train)), test=str(write("b.txt", "so it is\n")), unit="char")
    parts = read(corpus)
    assert "\n".join([*parts["train"], *parts["dev"]]) + "\n" == train
    assert (len(parts["dev"]), parts["test"]) == (10, ["so it is"])


def test_too_little_text_to_divide(write: Write) -> None:
    corpus = read_text_corpus(str(write("a.txt", "Just one sentence here.")))
    assert read(corpus) == {"train": ["Just one sentence here."]}
    assert corpus.notes[-1] == "dev and test: none, too little text to hold any out"


def test_of_few_files_the_end_of_each(write: Write) -> None:
    for name in "ab":
        folder = write(f"t/{name}.txt", "".join(f"{name}{number} it is\n" for number in range(100, 200))).parent
    parts = read(read_text_corpus(str(folder), unit="char"))
    assert parts["dev"] == [f"{name}{number} it is" for name in "ab" for number in range(190, 195)]
    assert [text[0] for text in parts["test"]] == ["a"] * 5 + ["b"] * 5


def novels(write: Write, count: int) -> Path:
    for number in range(count):
        text = "".join(f"n{number} line {line} of it\n" for line in range(40 + number % 3))
        folder = write(f"n/{number:03}.txt", text).parent
    return folder


def test_of_many_files_whole_ones(write: Write) -> None:
    folder = str(novels(write, 60))
    corpus = read_text_corpus(folder, unit="char")
    parts = read(corpus)
    held = {name: {text.split()[0] for text in texts} for name, texts in parts.items()}
    assert {name: len(found) for name, found in held.items()} == {"train": 54, "dev": 3, "test": 3}
    assert len(set.union(*held.values())) == 60
    assert corpus.notes[-2].startswith("dev: 3 files held out whole (")
    assert "seed 1), 5." in corpus.notes[-2] or "seed 1), 4.9" in corpus.notes[-2]
    assert read(read_text_corpus(folder, unit="char")) == parts
    assert read(read_text_corpus(folder, unit="char", seed=2)) != parts


def test_of_five_large_files_the_smallest(write: Write) -> None:
    folder = str(novels(write, 5))
    parts = read(read_text_corpus(folder, unit="char"))
    assert [parts[name][0].split()[0] for name in ("dev", "test")] in (["n0", "n3"], ["n3", "n0"])


def test_places_to_cut_stay_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey, "MAX_CUTS", 100)
    cuts = Cuts()
    for number in range(1, 100_001):
        cuts.add(number, 10 * number)
    assert len(cuts.places) <= 101
    place = cuts.nearest(500_000)
    assert place is not None
    assert place[1] == 10 * place[0]
    assert abs(place[1] - 500_000) < 30_000


def test_bad_lines_do_not_shift_the_cut(write: Write) -> None:
    lines = [f"w{number} is it".encode() for number in range(200)]
    lines[10] = lines[150] = lines[195] = b"\xff"
    parts = read(read_text_corpus(str(write("a.txt", b"\n".join(lines))), unit="char", skip_invalid=True))
    found = [text for texts in parts.values() for text in texts]
    assert found == [line.decode() for line in lines if line != b"\xff"]
