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

from tests.corpora.hub.test_dataset import parquet
from tests.fakehub import FakeHub, client_environment
from tests.tiny import conllu, sentences

pytestmark = pytest.mark.slow

CLIENT = """
import json, sys
from itertools import islice
from tagger.corpora.text.text_corpus import read_text_corpus, read_text_split
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
            rules = [token.text for token in corpus.tokenizer.words("didn't go.")]
            answer |= {"name": corpus.name, "fingerprint": corpus.fingerprint, "streaming": splits[0].streaming}
            answer["prompt"] = rules
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
    wiki = ["", " = Title = \n", " The <unk> sat . \n", "He did n't .\n"]
    hub.add(
        "acme/wiki", {name: texts("text", wiki) for name in ("train.parquet", "test.parquet", "validation.parquet")}
    )
    hub.add("acme/content", {"train.parquet": texts("content", [f"row {number} is it" for number in range(ROWS)])})
    tokens: dict[str, list[Any]] = {"tokens": [["I", "ca", "n't"], ["So"]], "upos": [["P", "A", "X"], ["A"]]}
    hub.add("acme/words", {"test.parquet": parquet({**tokens, "text": ["I can't", "So"]})})
    hub.add("acme/bare", {"test.parquet": parquet(tokens)})
    hub.add("acme/numbers", {"train.parquet": parquet({"ids": [["a"]], "label": ["x"], "name": ["y"]})})
    files = {f"xx-ud-{split}.conllu": conllu(made).encode() for split, made in TREEBANK.items()}
    hub.add("acme/conllu", {"README.md": b"# Treebank\n", **files})
    hub.add("acme/columns", {"train.tsv": COLUMNS.encode()})
    hub.add("acme/slashed", {"all.txt": b"the/D cat/N sat/V\nit/P did/V\n" * 20})
    hub.add("acme/plain", dict.fromkeys(("train.txt", "dev.txt"), b"The cat and the dog went.\nIt was so.\n" * 20))
    hub.add("acme/table", {"train.csv": b"text,label\nThe cat went. It left.,1\nSo it was.,0\n"})
    hub.add("acme/blank", {"train.parquet": texts("text", ["", " \n"])})
    hub.add("acme/script", {"README.md": b"# Old\n", "script.py": b"raise SystemExit"})
    converted = {f"one/{split}/0000.parquet": texts("sentence", STORY) for split in ("train", "validation")}
    hub.add("acme/script", converted, revision="refs/convert/parquet")


TREEBANK = {split: sentences(6, seed) for seed, split in enumerate(("train", "dev", "test"))}
COLUMNS = "".join("\n".join(f"{word}\tX" for word in words) + "\n\n" for words, _ in sentences(30, 9))
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
    "conllu": ("acme/conllu", {}),
    "conllu again": ("acme/conllu", {"offline": True}),
    "conllu split": ("acme/conllu", {"split": "dev", "unit": "char"}),
    "conllu stream": ("acme/conllu", {"streaming": True}),
    "columns": ("acme/columns", {}),
    "columns split": ("acme/columns", {"split": "train"}),
    "slashed": ("acme/slashed", {}),
    "slashed stream": ("acme/slashed", {"streaming": True}),
    "slashed as text": ("acme/slashed", {"format": "text", "unit": "char", "take": 1}),
    "plain": ("acme/plain", {"split": "train", "take": 2}),
    "plain stream": ("acme/plain", {"streaming": True, "take": 2}),
    "table": ("acme/table", {"split": "train"}),
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
        ["He did n't .", ["He", "did", "n't", "."]],
    ]
    assert answers["wiki"]["prompt"] == ["did", "n't", "go", "."], "prompts are raw text all the same"


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
    assert any("read over the network as needed" in note for note in found["notes"])


def test_a_stream_without_dev_gives_its_beginning(answers: dict[str, Any]) -> None:
    found = answers["long"]["splits"]
    assert [text for text, _ in found["dev"]] == ["row 0 is it", "row 1 is it", "row 2 is it"]
    assert [text for text, _ in found["train"]] == ["row 1000 is it", "row 1001 is it", "row 1002 is it"]
    assert "dev: the first 1,000 rows of train" in answers["long"]["notes"]


def test_a_scripted_data_set_is_streamed_from_its_converted_copy(answers: dict[str, Any]) -> None:
    assert answers["script"]["splits"]["dev"] == answers["story"]["splits"]["dev"]
    assert any("converted copy was read" in note for note in answers["script"]["notes"])


def test_files_that_datasets_would_misread_are_read_as_they_are(answers: dict[str, Any]) -> None:
    """``datasets`` keeps the first column of CoNLL-U alone: a model would learn 1, 2, 3."""
    found = answers["conllu"]
    assert {split: [words for _, words in made] for split, made in found["splits"].items()} == {
        split: [words for words, _ in made] for split, made in TREEBANK.items()
    }
    assert "the files were read as they are, not through datasets" in found["notes"]
    assert (found["name"], found["streaming"], found["same"]) == ("conllu", False, True)
    assert answers["conllu again"] == found
    dev = answers["conllu split"]["splits"]["dev"]
    assert [words for _, words in dev] == [words for words, _ in TREEBANK["dev"]]
    columns = [words for part in ("train", "dev") for _, words in answers["columns"]["splits"][part]]
    assert columns == [words for words, _ in sentences(30, 9)]
    assert [words for _, words in answers["columns split"]["splits"]["train"]] == columns
    pairs = [words for part in ("train", "dev", "test") for _, words in answers["slashed"]["splits"][part]]
    assert pairs == [["the", "cat", "sat"], ["it", "did"]] * 20


def test_files_that_datasets_reads_well_are_left_to_it(answers: dict[str, Any]) -> None:
    expected = [["The cat and the dog went.", ["The", "cat", "and", "the", "dog", "went", "."]]]
    expected.append(["It was so.", ["It", "was", "so", "."]])
    assert answers["plain"]["splits"]["train"] == answers["plain stream"]["splits"]["train"] == expected
    assert [text for text, _ in answers["slashed as text"]["splits"]["train"]] == ["the/D cat/N sat/V"]
    assert [text for text, _ in answers["table"]["splits"]["train"]] == ["The cat went.", "It left.", "So it was."]


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ("numbers", "acme/numbers (train): no column of text; columns of strings: label, name (of ids, label, name)"),
        ("wrong", "acme/story (train): the column 'txt' is not there; columns of strings: text (of text)"),
        ("blank", "acme/blank (train): no text in the first 1 rows of 'text'"),
        ("absent", "there is no data set acme/absent on the hub"),
        ("absent stream", "there is no data set acme/absent on the hub"),
        ("no split", "acme/words: no dev split; there are: test"),
        (
            "conllu stream",
            "acme/conllu: its files are in columns, of which datasets keeps the first; leave --streaming out",
        ),
        ("slashed stream", "acme/slashed: its files hold words with their labels, which datasets takes for text"),
        ("offline", "acme/story cannot be streamed, the hub may not be asked (offline)"),
    ],
)
def test_says_in_one_line_what_is_wrong(answers: dict[str, Any], question: str, message: str) -> None:
    assert message in answers[question]["error"]
    assert "\n" not in answers[question]["error"]
