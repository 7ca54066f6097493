"""Text from the hub, against a loopback server: columns, splits, streaming, and what there is not.

The client runs in one process for all questions, since most of its time goes into imports.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakehub import FakeHub, client_environment

from .test_hub import parquet

CLIENT = """
import json, sys
from itertools import islice
from tagger.corpora.text_corpus import read_text_corpus, read_text_split
from tagger.corpora.units import Units
from tagger.errors import CorpusError
answers = []
import datasets
for name, options in json.load(sys.stdin):
    split = options.pop("split", None)
    take = options.pop("take", None)
    try:
        corpus = None if split else read_text_corpus(name, **options)
        splits = [read_text_split(name, split, **options)] if split else corpus.splits
        found = {part.name: [[p.text, list(p.words)] for p in islice(part, take)] for part in splits}
        again = {part.name: [[p.text, list(p.words)] for p in islice(part, take)] for part in splits}
        answer = {"splits": found, "same": again == found, "notes": corpus.notes if corpus else []}
        if corpus:
            answer |= {"name": corpus.name, "fingerprint": corpus.fingerprint, "streaming": splits[0].streaming}
    except CorpusError as error:
        answer = {"error": str(error)}
    answers.append(answer)
json.dump(answers, sys.stdout)
"""
STORY = ["The cat sat on the mat.\nIt was\nthe end", "The dog came and left. It didn't"]
ROWS = 4000


def texts(column: str, rows: list[str]) -> bytes:
    """A Parquet file of one column of text."""
    return parquet({column: rows})


def populate(hub: FakeHub) -> None:
    hub.add("acme/story", {"train.parquet": texts("text", STORY * 20), "validation.parquet": texts("text", STORY)})
    wiki = ["", " = Title = \n", " The <unk> sat . \n"]
    hub.add(
        "acme/wiki", {name: texts("text", wiki) for name in ("train.parquet", "test.parquet", "validation.parquet")}
    )
    hub.add("acme/content", {"train.parquet": texts("content", [f"row {number} is it" for number in range(ROWS)])})
    tokens: dict[str, list[Any]] = {"tokens": [["I", "ca", "n't"], ["So"]], "upos": [["P", "A", "X"], ["A"]]}
    hub.add("acme/words", {"test.parquet": parquet({**tokens, "text": ["I can't", "So"]})})
    hub.add("acme/bare", {"test.parquet": parquet(tokens)})
    hub.add("acme/numbers", {"train.parquet": parquet({"ids": [["a"]], "label": ["x"], "name": ["y"]})})
    hub.add("acme/blank", {"train.parquet": texts("text", ["", " \n"])})
    hub.add("acme/script", {"README.md": b"# Old\n", "script.py": b"raise SystemExit"})
    converted = {f"one/{split}/0000.parquet": texts("sentence", STORY) for split in ("train", "validation")}
    hub.add("acme/script", converted, revision="refs/convert/parquet")


QUESTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "story": ("acme/story", {}),
    "lines": ("acme/story", {"unit": "char"}),
    "wiki": ("acme/wiki", {"tokenised": True}),
    "content": ("acme/content", {"unit": "char"}),
    "named": ("acme/content", {"unit": "char", "text_column": "content"}),
    "words": ("acme/words", {"split": "test"}),
    "bare": ("acme/bare", {"split": "test"}),
    "stream": ("acme/story", {"streaming": True}),
    "long": ("acme/content", {"streaming": True, "unit": "char", "take": 3}),
    "script": ("acme/script", {"streaming": True}),
    "numbers": ("acme/numbers", {}),
    "wrong": ("acme/story", {"text_column": "txt"}),
    "blank": ("acme/blank", {}),
    "absent": ("acme/absent", {}),
    "absent stream": ("acme/absent", {"streaming": True}),
    "no split": ("acme/words", {"split": "dev"}),
    "offline": ("acme/story", {"streaming": True, "offline": True}),
}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    with FakeHub() as hub:
        populate(hub)
        done = subprocess.run(
            [sys.executable, "-c", CLIENT],
            input=json.dumps(list(QUESTIONS.values())),
            env=client_environment(hub.url, tmp_path_factory.mktemp("home")),
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        yield dict(zip(QUESTIONS, json.loads(done.stdout), strict=True))


def test_rows_become_sentences(answers: dict[str, Any]) -> None:
    found = answers["story"]
    assert [text for text, _ in found["splits"]["dev"]] == [
        *("The cat sat on the mat.", "It was the end", "The dog came and left.", "It didn't"),
    ]
    assert found["splits"]["dev"][3][1] == ["It", "did", "n't"]
    assert len(found["splits"]["train"]) == 80
    assert found["same"]
    assert "raw text is split by the 'english' rules" in found["notes"]
    assert "test: none in this corpus" in found["notes"]
    assert found["name"] == "story"


def test_rows_become_lines(answers: dict[str, Any]) -> None:
    assert [text for text, _ in answers["lines"]["splits"]["dev"]] == "\n".join(STORY).split("\n")


def test_tokenised_rows_are_lines_empty_ones_too(answers: dict[str, Any]) -> None:
    assert answers["wiki"]["splits"]["train"] == [
        ["", []],
        ["= Title =", ["=", "Title", "="]],
        ["The <unk> sat .", ["The", "<unk>", "sat", "."]],
    ]


def test_a_missing_dev_split_is_the_end_of_train(answers: dict[str, Any]) -> None:
    found = answers["content"]
    assert [text for part in ("train", "dev") for text, _ in found["splits"][part]] == [
        f"row {number} is it" for number in range(ROWS)
    ]
    assert len(found["splits"]["dev"]) == ROWS // 20
    assert f"dev: the last {ROWS // 20} rows of train (5%), held out" in found["notes"]
    assert answers["named"]["splits"] == found["splits"]
    assert answers["named"]["fingerprint"] == found["fingerprint"]


def test_words_of_a_labelled_data_set(answers: dict[str, Any]) -> None:
    assert answers["words"]["splits"]["test"] == [["I can't", ["I", "ca", "n't"]], ["So", ["So"]]]
    assert answers["bare"]["splits"]["test"] == [["I ca n't", ["I", "ca", "n't"]], ["So", ["So"]]]


def test_streams_are_read_again_and_say_so(answers: dict[str, Any]) -> None:
    found = answers["stream"]
    assert found["splits"] == answers["story"]["splits"]
    assert found["same"]
    assert found["streaming"]
    assert not answers["story"]["streaming"]
    assert any("read over the network as it is needed" in note for note in found["notes"])


def test_a_stream_without_dev_gives_its_beginning(answers: dict[str, Any]) -> None:
    found = answers["long"]["splits"]
    assert [text for text, _ in found["dev"]] == ["row 0 is it", "row 1 is it", "row 2 is it"]
    assert [text for text, _ in found["train"]] == ["row 1000 is it", "row 1001 is it", "row 1002 is it"]
    assert "dev: the first 1,000 rows of train" in answers["long"]["notes"]


def test_a_scripted_data_set_is_streamed_from_its_converted_copy(answers: dict[str, Any]) -> None:
    assert answers["script"]["splits"]["dev"] == answers["story"]["splits"]["dev"]
    assert any("converted copy is read" in note for note in answers["script"]["notes"])


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ("numbers", "acme/numbers (train): no column of text; columns of strings: label, name (of ids, label, name)"),
        ("wrong", "acme/story (train): the column 'txt' is not there; columns of strings: text (of text)"),
        ("blank", "acme/blank (train): no text in the first 1 rows of 'text'"),
        ("absent", "there is no data set acme/absent on the hub"),
        ("absent stream", "there is no data set acme/absent on the hub"),
        ("no split", "acme/words: no dev split; there are: test"),
        ("offline", "acme/story cannot be streamed, the hub may not be asked (offline)"),
    ],
)
def test_says_in_one_line_what_is_wrong(answers: dict[str, Any], question: str, message: str) -> None:
    assert message in answers[question]["error"]
    assert "\n" not in answers[question]["error"]
