"""JSON lines: words with labels, and texts with labelled spans."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd  # type: ignore[import-untyped]
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


TEXT = "Ann lives in Oslo."
TOKENS, NER = ["Ann", "lives", "in", "Oslo", "."], ["B-PER", "O", "O", "B-LOC", "O"]
ANN: dict[str, Any] = {"text": TEXT, "spans": [[0, 3, "PER"], [13, 17, "LOC"]]}
NAMED = [{"start": 0, "end": 3, "label": "PER"}, {"start": 13, "end": 17, "label": "LOC"}]
TASK: dict[str, Any] = {
    "id": 3,
    "data": {"text": TEXT},
    "annotations": [
        {
            "result": [
                {"value": {"start": 0, "end": 3, "text": "Ann", "labels": ["PER"]}, "type": "labels"},
                {"value": {"choices": ["news"]}, "type": "choices"},
                {"value": {"start": 13, "end": 17, "labels": ["LOC"]}, "type": "labels"},
            ]
        },
        {"was_cancelled": True, "result": []},
    ],
}
DATATURKS = [  # ends are inclusive, as the texts of the spans show
    {"label": ["PER"], "points": [{"start": 0, "end": 2, "text": "Ann"}]},
    {"label": ["LOC"], "points": [{"start": 13, "end": 16, "text": "Oslo"}]},
]
WORDS = [{"text": word, "ner": tag} for word, tag in zip(TOKENS, NER, strict=True)]


@pytest.mark.parametrize(
    "record",
    [
        ANN,
        TASK,
        {"id": 3, "data": {"title": TEXT}, "completions": TASK["annotations"]},
        {"text": TEXT, "label": [{**span, "label": [span["label"]]} for span in NAMED]},
        [TEXT, {"entities": ANN["spans"]}],
        {"text": TEXT, "spans": [], "label": ANN["spans"]},
        {"text": TEXT, "ents": NAMED},
        {"content": TEXT, "annotation": DATATURKS},
        {"tokens": TOKENS, "ner": NER},
        {"data": {"tokens": TOKENS, "ner": NER}},
        {"text": TEXT, "tokens": WORDS},
        [[{"id": [1, 2], "text": "AnnLee"}, *WORDS]],
        {"paragraphs": [{"raw": TEXT, "sentences": [{"tokens": WORDS}]}]},
        {"tokens": [TOKENS], "ner": [NER]},
    ],
)
@pytest.mark.parametrize("write", ["line", "array", "pretty"])
def test_the_exports_of_annotation_tools(record: object, write: str) -> None:
    text = {
        "line": f"{json.dumps(record)}\n",
        "array": json.dumps([record, record]),
        "pretty": json.dumps([record], indent=1),
    }[write]
    found, problems = read(text)
    assert not problems
    assert [sentence.tokens for sentence in found] == [TOKENS] * (2 if write == "array" else 1)
    assert [sentence.columns["ner"] for sentence in found] == [NER] * len(found)


def test_places_in_a_pretty_printed_array() -> None:
    good = {"tokens": ["a"], "upos": ["X"]}
    text = json.dumps([good, {"tokens": ["a"], "upos": ["X", "Y"]}, good], indent=1)
    found, problems = read(text)
    assert len(found) == 2
    line = next(number for number, line in enumerate(text.split("\n"), 1) if "Y" in line)
    assert [problem.message for problem in problems] == ["2 'upos' for 1 words"]
    assert line - 7 < problems[0].line < line


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[{"tokens": ["a"], "upos": ["X"]},\n {"tokens": ["b"], "upos": ["Y"]}', "a.jsonl:2: .* cut short"),
        ('[{"tokens": ["a"], "upos": ["X"]},\n {"tokens": ["b" "c"]}]', "a.jsonl:2: not JSON"),
        ('[{"tokens": ["a"], "upos": ["X"]}]\n{"tokens": ["a"], "upos": ["X"]}', "more after the end"),
    ],
)
def test_a_damaged_array(text: str, message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        read(text)


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({**TASK, "annotations": []}, "a task without annotation"),
        ({**TASK, "annotations": [TASK["annotations"][0], {"result": []}]}, "2 annotations that differ"),
        ({**ANN, "answer": "reject"}, "the answer is 'reject'"),
        ({"text": "Ann", "spans": [{"start": 0, "end": 3, "labels": ["A", "B"]}]}, "has several labels"),
        ({"text": "I met Ann", "spans": [{"start": 0, "end": 3, "label": "A", "text": "Ann"}]}, "a span of 'Ann' from"),
    ],
)
def test_an_annotation_that_is_none(record: object, message: str) -> None:
    found, problems = read(ANN, record)
    assert len(found) == 1
    assert message in problems[0].message


def test_places_counted_in_utf_16() -> None:
    text = "\U0001f600\U0001f600 Ann"
    (sentence,), problems = read({"text": text, "label": [{"start": 5, "end": 8, "text": "Ann", "labels": ["PER"]}]})
    assert not problems
    assert sentence.tokens[-1] == "Ann"
    assert sentence.columns["ner"][-1] == "B-PER"


def test_words_without_a_label() -> None:
    (sentence,), _ = read({"tokens": list("abcdef"), "ner_tags": [1.0, None, -100, float("nan"), "", 0]})
    assert sentence.columns == {"ner_tags": ["1", "_", "_", "_", "_", "0"]}


def test_a_column_that_only_later_records_have() -> None:
    found, problems = read({"tokens": ["a"], "upos": ["X"]}, {"tokens": ["b"], "upos": ["X"], "ner": ["O"]})
    assert not problems
    assert [sentence.columns for sentence in found] == [
        {"upos": ["X"], "ner": ["_"]},
        {"upos": ["X"], "ner": ["O"]},
    ]


@pytest.mark.parametrize("orient", ["records", "columns", "index", "split"])
def test_json_as_pandas_writes_it(orient: Any) -> None:
    frame = pd.DataFrame({"id": ["a", "b"], "tokens": [["They", "can"], ["Go"]], "upos": [["PRON", "AUX"], ["VERB"]]})
    sentences, problems = parse("jsonl", frame.to_json(orient=orient))
    assert problems == []
    held = [(sentence.tokens, sentence.columns["upos"]) for sentence in sentences]
    assert held == list(zip(frame["tokens"], frame["upos"], strict=True))
