"""Running text with attached labels."""

from __future__ import annotations

from pathlib import Path

import pytest

from tagger.corpora.formats.sentence import Problem, RawSentence
from tagger.corpora.read_corpus import read_split
from tagger.errors import CorpusError
from tests.corpora.conftest import Write, parse
from tests.corpora.document_samples import tag_files


def read(text: str) -> tuple[list[RawSentence], list[Problem]]:
    return parse("slashed", text)


def test_a_line_is_a_sentence() -> None:
    found, problems = read("\tThe/at jury/nn said/vbd ./.\n\n1/2/CD cup/NN\nIt/PRP\n")
    assert not problems
    assert [sentence.tokens for sentence in found] == [["The", "jury", "said", "."], ["1/2", "cup"], ["It"]]
    assert found[1].columns == {"tag": ["CD", "NN"]}
    assert found[1].line == 3


def test_underscores_and_escapes() -> None:
    found, _ = read("snake_case_NN is_VBZ ,_,\n")
    assert found[0].tokens == ["snake_case", "is", ","]
    found, _ = read("either\\/or/CC it/PRP\n")
    assert found[0].tokens == ["either/or", "it"]


def test_one_word_a_line_makes_a_paragraph_a_sentence() -> None:
    found, _ = read("The/DT\ndog/NN\n\nIt/PRP\nran/VBD\n")
    assert [sentence.tokens for sentence in found] == [["The", "dog"], ["It", "ran"]]
    assert found[1].lines == [4, 5]


def test_a_word_without_a_label_is_told() -> None:
    found, problems = read("A/DT dog/NN\nbad word/NN /X\nIt/PRP ran/VBD\n")
    assert len(found) == 2
    assert [(problem.line, problem.message[:24]) for problem in problems] == [
        (2, "'bad' has no label, expe"),
        (2, "'/X' has no label, expec"),
    ]


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("The|DT|O cat|NN|O\nOslo|NNP|I-LOC a|b|NN|O\n", {"pos": ["DT", "NN"], "ner": ["O", "O"]}),
        ("In|O Oslo|B-LOC a|O\n", {"tag": ["O", "B-LOC", "O"]}),
        ("The/DT/B-NP cat/NN/I-NP\nit/PRP/B-NP ran/VBD/B-VP\n", {"pos": ["DT", "NN"], "chunk": ["B-NP", "I-NP"]}),
        ("10\u00a0000/NUM km/NOUN\n", {"tag": ["NUM", "NOUN"]}),
    ],
)
def test_several_labels_of_a_word(text: str, columns: dict[str, list[str]]) -> None:
    found, problems = read(text)
    assert not problems
    assert found[0].columns == columns
    assert found[0].numbers == {name: number for number, name in enumerate(columns, 2)}
    if len(found) > 1 and "|" in text:
        assert found[1].tokens == ["Oslo", "a|b"]


def test_wikiner_is_recognised_and_its_words_are_tagged(write: Write, tmp_path: Path) -> None:
    path = write("a.txt", "The|DT|O cat|NN|O\nOslo|NNP|I-LOC slept|VBD|O\n" * 2)
    assert read_split(str(path), column="ner").tags()[1] == ["I-LOC", "O"]
    assert tag_files([path])[0] == b"The/L3 cat/L3\nOslo/L4 slept/L5\n" * 2
    with pytest.raises(CorpusError, match="no column '2' of words; in this format they are column 1, word"):
        read_split(str(path), column="ner", tokens_column="2")
    bad = write("b.tagged", "a/X b/X\nc d/X\ne/X\n")
    with pytest.raises(CorpusError, match=r"b\.tagged:2: 'c' has no label, expected word/TAG"):
        tag_files([bad])
    assert tag_files([bad], skip_invalid=True)[0] == b"a/L1 b/L1\ne/L1\n"
