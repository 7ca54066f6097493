"""JSON lines: words with labels, and texts with labelled spans."""

from __future__ import annotations

import json

import pytest

from tagger.corpora.formats.sentence import Problem, RawSentence
from tagger.corpora.read_corpus import read_corpus
from tagger.errors import CorpusError
from tests.corpora.conftest import Write, parse


def read(*lines: object, tokens_column: str | None = None) -> tuple[list[RawSentence], list[Problem]]:
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    return parse("jsonl", text, tokens_column=tokens_column)


@pytest.mark.parametrize("key", ["tokens", "words", "form"])
def test_words_and_labels(key: str) -> None:
    (sentence,), problems = read({"id": "7", key: ["They", "can"], "upos": ["PRON", "AUX"], "text": "They can"})
    assert not problems
    assert sentence.tokens == ["They", "can"]
    assert sentence.columns == {"upos": ["PRON", "AUX"]}
    assert sentence.text == "They can"


def test_words_under_another_key() -> None:
    (sentence,), _ = read({"tokens": ["x", "y"], "eojeol": ["A", "B"]}, tokens_column="eojeol")
    assert sentence.tokens == ["A", "B"]


@pytest.mark.parametrize(
    "spans",
    [
        [[0, 3, "PER"], [13, 17, "LOC"]],
        [{"start": 0, "end": 3, "label": "PER"}, {"start": 13, "end": 17, "label": "LOC"}],
        [
            {"start_offset": 13, "end_offset": 17, "entity": "LOC"},
            {"start_offset": 0, "end_offset": 3, "entity": "PER"},
        ],
    ],
)
def test_labelled_spans(spans: list[object]) -> None:
    (sentence,), problems = read({"text": "Ann lives in Oslo.", "spans": spans})
    assert not problems
    assert sentence.tokens == ["Ann", "lives", "in", "Oslo", "."]
    assert sentence.columns == {"ner": ["B-PER", "O", "O", "B-LOC", "O"]}


def test_a_word_is_cut_where_a_span_ends_within_it() -> None:
    (sentence,), _ = read({"text": "US2024", "spans": [[0, 2, "LOC"]]})
    assert sentence.tokens == ["US", "2024"]
    assert sentence.columns == {"ner": ["B-LOC", "O"]}


def test_labels_by_number(write: Write) -> None:
    path = write("a.jsonl", '{"tokens": ["a", "b"], "ner_tags": [0, 1]}\n' * 2)
    assert "the labels in 'ner_tags' are whole numbers" in " ".join(read_corpus(str(path), column="ner").notes)
    named = read_corpus(str(path), column="ner", label_names=["O", "B-PER"])
    assert named.train is not None
    assert named.train.tags() == [["O", "B-PER"]] * 2
    with pytest.raises(CorpusError, match=r"a\.jsonl:1: label '1' is not a number from 0 to 0"):
        read_corpus(str(path), column="ner", label_names=["O"])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"tokens": ["a"]', "not JSON"),
        ('["a"]', "expected an object"),
        ("[" * 100_000, "not JSON"),
        ('{"tokens": "a", "upos": ["X"]}', "'tokens' must be a list of strings"),
        ('{"tokens": [], "upos": []}', "'tokens' holds no word"),
        ('{"tokens": ["a", ""], "upos": ["X", "Y"]}', "word 2 of 'tokens' is empty"),
        ('{"tokens": ["a", "b"], "upos": ["X"]}', "1 'upos' for 2 words"),
        ('{"tokens": ["a"]}', "no list of labels among the keys tokens"),
        ('{"text": "a"}', "no list of words"),
        ('{"tokens": ["\\ud800"], "upos": ["X"]}', "half of a surrogate pair"),
        ('{"text": "Ann", "spans": [[0, 9, "PER"]]}', "lies outside a text of 3 characters"),
        ('{"text": "Ann", "spans": [[0, "x"]]}', "expected a span"),
        ('{"text": "Ann Lee", "spans": [[0, 5, "PER"], [4, 7, "LOC"]]}', "overlap at character 4"),
        ('{"text": "a  b", "spans": [[1, 2, "PER"]]}', "holds no word"),
        ('{"text": "  ", "spans": []}', "a text without words"),
    ],
)
def test_a_malformed_line_is_told(line: str, message: str) -> None:
    good = {"tokens": ["a"], "upos": ["X"]}
    found, problems = read(good, line, good)
    assert len(found) == 2
    assert problems[0].line == 2
    assert message in problems[0].message
