"""Which column a request means."""

from __future__ import annotations

import json

import pytest

from tagger.corpora.formats.sentence import Problem, RawSentence
from tagger.corpora.labels.label_column import LabelColumnReader, choose_column
from tagger.corpora.read_corpus import read_split
from tagger.errors import CorpusError
from tests.corpora.conftest import Write


@pytest.mark.parametrize(
    ("requested", "available", "expected"),
    [
        ("upos", ["upos", "pos"], "upos"),
        ("upos", ["pos", "ner"], None),
        (None, ["pos", "ner"], "pos"),
        (None, ["pos_tags", "ner_tags"], "pos_tags"),
        (None, ["pos", "upos"], "upos"),
        ("UPOS", ["pos", "upos"], "upos"),
        ("ner", ["pos_tags", "ner_tags"], "ner_tags"),
        ("upos", ["anything"], None),
        (None, ["anything"], "anything"),
        ("pos", ["xpos"], None),
        ("pos_tags", ["pos", "xpos"], "pos"),
        ("ner", ["tag"], None),
        ("upos", ["chunk", "ner"], None),
        (None, ["chunk", "ner"], None),
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
    read = {sentence.line: sentence.columns["upos"] for sentence in intake.read(raw)}
    assert read == {1: ["X", ""], 4: ["X", "Y"], 10: ["X", ""], 13: ["X", "X"]}
    assert [(problem.line, problem.sentence) for problem in problems] == [(8, 7)]
    assert (intake.unlabelled, intake.first_unlabelled) == (2, (2, "no upos on 'b'"))
    assert intake.notes == ["2 words without upos (_): not learnt and not scored"]


def test_sentences_without_any_label_are_left_out_and_counted() -> None:
    problems: list[Problem] = []
    intake = LabelColumnReader(None, problems.append, "a")
    raw = [RawSentence(["a", "b"], {"upos": list(tags)}, line, [line, line]) for line, tags in enumerate(("__", "X_"))]
    assert [sentence.line for sentence in intake.read(raw)] == [1]
    assert intake.notes == ["3 words without upos (_): not learnt and not scored; 1 sentence without any left out"]


def test_the_default_of_a_model_goes_before_upos() -> None:
    assert choose_column(None, ["upos", "xpos"], default="xpos") == ("xpos", None)
    column, note = choose_column(None, ["upos", "xpos"], default="tags")
    assert (column, note) == ("upos", "no column 'tags': read 'upos' (of upos, xpos); --column names another")


@pytest.mark.parametrize("label", ["D\tET", "D\nET", "DET\r"])
def test_labels_that_no_file_of_columns_can_hold(write: Write, label: str) -> None:
    good, bad = {"tokens": ["a", "dog"], "tags": ["DET", "NOUN"]}, {"tokens": ["the", "cat"], "tags": [label, "NOUN"]}
    path = write("a.jsonl", "".join(json.dumps(record) + "\n" for record in (good, bad)))
    with pytest.raises(CorpusError, match=r"a\.jsonl:2: the label of 'the' holds a tab or a line break, 'D.*ET"):
        read_split(str(path), column="tags")


@pytest.mark.parametrize(
    ("requested", "columns", "expected"),
    [
        ("ner", {"tags": ["O", "B-PER"]}, "tags"),
        ("NER", {"Tag": ["O", "O"], "POS": ["NN", "VB"]}, "Tag"),
        ("upos", {"tag": ["NOUN", "VERB"], "feats": ["Number=Sing", "_"]}, "tag"),
        ("ner", {"tag": ["NOUN", "VERB"]}, None),
        ("ner", {"inner": ["O", "B-PER"], "outer": ["O", "B-PER"]}, None),
        ("sense", {"tag": ["NOUN", "VERB"]}, None),
    ],
)
def test_a_column_that_holds_what_its_requested_name_stands_for(
    requested: str, columns: dict[str, list[str]], expected: str | None
) -> None:
    problems: list[Problem] = []
    reader = LabelColumnReader(requested, problems.append, "a")
    sentences = [RawSentence(["a", "b"], columns, 1, [1, 2])]
    if expected is None:
        with pytest.raises(CorpusError, match=f"no column '{requested}'; columns with labels: {', '.join(columns)}"):
            list(reader.read(sentences))
    else:
        assert [sentence.line for sentence in reader.read(sentences)] == [1]
        assert reader.column == expected
        assert reader.notes == [f"no column '{requested}': read '{expected}', which holds such labels"]


def test_the_first_sentence_alone_does_not_tell_what_a_column_holds() -> None:
    rows = [["_", "_"], ["INTJ", "_"], ["NOUN", "VERB"], ["DET", "NOUN"]]
    problems: list[Problem] = []
    reader = LabelColumnReader("upos", problems.append, "a")
    sentences = [RawSentence(["a", "b"], {"label": list(row)}, line, [line] * 2) for line, row in enumerate(rows, 1)]
    assert [sentence.line for sentence in reader.read(sentences)] == [2, 3, 4]
    assert reader.column == "label"
