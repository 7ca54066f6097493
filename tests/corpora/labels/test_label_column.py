"""Which column a request means."""

from __future__ import annotations

import pytest

from tagger.corpora.formats.sentence import Problem, RawSentence
from tagger.corpora.labels.label_column import LabelColumnReader, choose_column


@pytest.mark.parametrize(
    ("requested", "available", "expected"),
    [
        ("upos", ["upos", "pos"], "upos"),
        ("upos", ["pos", "ner"], "pos"),
        ("upos", ["pos_tags", "ner_tags"], "pos_tags"),
        ("ner", ["pos_tags", "ner_tags"], "ner_tags"),
        ("upos", ["anything"], "anything"),
        ("upos", ["chunk", "ner"], None),
        (None, ["pos", "ner"], "ner"),
        ("2", ["pos", "ner"], "pos"),
        ("3", ["pos", "ner"], "ner"),
        ("4", ["pos", "ner"], None),
        ("1", ["pos", "ner"], None),
        ("-2", ["pos", "ner"], "pos"),
        (None, [], None),
    ],
)
def test_the_column_that_is_meant(requested: str | None, available: list[str], expected: str | None) -> None:
    assert choose_column(requested, available)[0] == expected


def test_all_problems_can_be_collected() -> None:
    problems: list[Problem] = []
    intake = LabelColumnReader("upos", problems.append, "a")
    raw = [
        RawSentence(["a", "b"], {"upos": ["X", tag]}, line, [line, line + 1])
        for line, tag in ((1, "_"), (4, "Y"), (7, "B-x,B-y"), (10, ""), (13, "X"))
    ]
    assert [sentence.line for sentence in intake.read(raw)] == [4, 13]
    assert [(problem.line, problem.sentence) for problem in problems] == [(2, 1), (8, 7), (11, 10)]
