"""Running text with attached labels."""

from __future__ import annotations

from tagger.corpora.formats.sentence import Problem, RawSentence
from tests.corpora.conftest import parse


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
