"""What reading from the hub is made of: names, file lists, columns, rows. No server, no process of its own."""

from __future__ import annotations

import json
import re
from typing import Any

import datasets
import pytest
from datasets import ClassLabel, Features, List, Value

from tagger.corpora.formats.options import ReadOptions
from tagger.corpora.hub.client import names_by_id
from tagger.corpora.hub.columns import Columns, choose_columns, unnested
from tagger.corpora.hub.configs import choose_config, data_files, missing_config, normal_splits, raw_files
from tagger.corpora.hub.corpus import repair_tables
from tagger.corpora.hub.errors import explain
from tagger.corpora.hub.hub_id import HubSpec, parse_hub_spec
from tagger.corpora.hub.tables import to_sentences
from tagger.errors import CorpusError

STRINGS = List(Value("string"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("acme/birds", HubSpec("acme/birds")),
        ("acme/birds:en_a-b.1", HubSpec("acme/birds", "en_a-b.1")),
        ("acme/birds@v1.0", HubSpec("acme/birds", None, "v1.0")),
        ("acme/birds:en@refs/convert/parquet", HubSpec("acme/birds", "en", "refs/convert/parquet")),
        ("hf://datasets/acme/birds@2.17", HubSpec("acme/birds", None, "2.17")),
        ("hf://datasets/birds:en", HubSpec("birds", "en")),
        ("https://hub.example/datasets/acme/birds/", HubSpec("acme/birds")),
    ],
)
def test_parse(text: str, expected: HubSpec) -> None:
    spec = parse_hub_spec(text)
    assert spec == expected
    assert parse_hub_spec(f"hf://datasets/{spec}") == expected


@pytest.mark.parametrize(
    "text",
    ["birds", "", "/acme/birds", "./acme/birds", "../birds", "a/b/c", "acme/", "acme/b c", "a/b:", "a/b@", "C:\\a/b"],
)
def test_other_forms_are_not_hub_names(text: str) -> None:
    assert parse_hub_spec(text) is None


@pytest.mark.parametrize(
    ("names", "found", "left"),
    [
        (["train", "validation", "test"], {"train": "train", "dev": "validation", "test": "test"}, []),
        (["test", "devel", "extra"], {"dev": "devel", "test": "test"}, ["extra"]),
        (["validation", "dev", "train"], {"train": "train", "dev": "dev"}, ["validation"]),
        (["all"], {"train": "all"}, []),
        (["a", "b"], {}, ["a", "b"]),
    ],
)
def test_normal_splits(names: list[str], found: dict[str, str], left: list[str]) -> None:
    assert normal_splits(names) == (found, left)


def test_configurations_of_a_converted_copy_are_folders() -> None:
    files = ["ner/train/0001.parquet", "ner/train/0000.parquet", "ner/partial-test/0000.parquet", "README.md"]
    assert choose_config(HubSpec("acme/x"), files) == "ner"
    assert data_files([*files, "pos/train/0000.parquet"], "ner") == {
        "train": ["ner/train/0000.parquet", "ner/train/0001.parquet"],
        "test": ["ner/partial-test/0000.parquet"],
    }


def test_of_many_configurations_the_nearest_are_named_first() -> None:
    error = missing_config(HubSpec("acme/x", "en_ewr"), [f"c{i:03}" for i in range(300)] + ["en_ewt"])
    assert re.search(r"no configuration 'en_ewr'; there are: en_ewt, c000, .* and 281 more$", str(error))


def test_raw_files_only_where_it_is_clear_which_belong_together() -> None:
    assert raw_files(["d/train00.json", "d/valid.json", "x.py"]) == (
        "json",
        {"train": ["d/train00.json"], "dev": ["d/valid.json"]},
    )
    assert raw_files(["en/train.json", "de/train.json"]) is None
    assert raw_files(["train.json", "train.parquet"]) is None
    assert raw_files(["train.zip"]) is None


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ({"O": 0, "B": 1}, ("O", "B")),
        ({"1": "B", "0": "O"}, ("O", "B")),
        (["O", "B"], ("O", "B")),
        ({"O": 0, "B": 2}, None),
        ({"a": "b"}, None),
        ({}, None),
        (3, None),
    ],
)
def test_names_by_id(content: object, names: tuple[str, ...] | None) -> None:
    assert names_by_id(json.loads(json.dumps(content))) == names


def table(columns: dict[str, list[Any]], **features: Any) -> datasets.Dataset:
    return datasets.Dataset.from_dict(columns, features=Features({"tokens": STRINGS, **features}))


def read(
    data: datasets.Dataset,
    column: str = "tags",
    skip_invalid: bool = False,
    names: list[str] | None = None,
    tokens: str | None = None,
) -> tuple[dict[str, list[Any]], list[str]]:
    data = unnested(data)
    label_names = None if names is None else tuple(names)
    options = ReadOptions(column, tokens_column=tokens, label_names=label_names, skip_invalid=skip_invalid)
    columns = choose_columns("acme/x", data, options)
    made, notes = to_sentences("acme/x", "train", data, columns, options)
    return made.to_dict(), notes


COLUMNS = Columns("tokens", "tags", {}, {}, True, None)


def test_label_ids_become_names_and_never_their_digits() -> None:
    data = table({"tokens": [["a", "b"], ["c"]], "tags": [[2, 0], [1]]}, tags=List(ClassLabel(names=["X", "Y", "O"])))
    assert read(data)[0] == {"tokens": [["a", "b"], ["c"]], "tags": [["O", "X"], ["Y"]]}


def test_white_space_words_are_left_out_with_their_labels_and_counted() -> None:
    data = table(
        {
            "tokens": [["a", " ", "b"], [" "], []],
            "tags": [["X", "O", "Y"], ["O"], []],
            "more": [["1", "2", "3"], ["4"], []],
        },
        tags=STRINGS,
        more=STRINGS,
    )
    made, notes = read(data)
    assert made == {"tokens": [["a", "b"]], "tags": [["X", "Y"]], "more": [["1", "3"]]}
    assert notes == [
        "train: 2 words that are white space were left out",
        "train: 2 rows without words or labels were left out",
    ]


@pytest.mark.parametrize(
    ("tokens", "tags", "message"),
    [
        (
            ["b", "c"],
            ["Y"],
            r"row 1 \(from 0\) of 2: words and labels differ in number \(2 words in 'tokens', 1 labels",
        ),
        (None, ["Y"], r"row 1 .* differ in number \(0 words"),
        (["b", ""], ["Y", "Z"], "row 1 .*: an empty word"),
        (["b", None], ["Y", "Z"], "row 1 .*: an empty word"),
        (["b"], ["B-x,B-y"], "row 1 .*: a word has several labels .*; --repair keeps one label of each word"),
    ],
)
def test_rows_that_cannot_be_used(tokens: list[str] | None, tags: list[str], message: str) -> None:
    data = table({"tokens": [["a"], tokens], "tags": [["X"], tags]}, tags=STRINGS)
    with pytest.raises(CorpusError, match=message):
        read(data)
    made, notes = read(data, skip_invalid=True)
    assert made == {"tokens": [["a"]], "tags": [["X"]]}
    assert notes == ["train: 1 rows cannot be used and were left out"]


def test_rows_are_repaired_in_the_scheme_of_all_splits() -> None:
    labels = [["B-x", "I-x", "O"], ["O", "I-y", "I-y"], ["B-x,B-y", "I-y", "O"]]
    words = [["a\u00ad", "b", "c"], ["d", "e ", "f"], ["g", "h", "i"]]
    data = table(
        {"tokens": words, "tags": labels, "text": ["a\u00ad b c", None, "g"]}, tags=STRINGS, text=Value("string")
    )
    made, _ = to_sentences("acme/x", "train", data, COLUMNS, ReadOptions(repair=True))
    tables, notes = repair_tables({"train": made, "test": made.select([0])})
    assert tables["train"].to_dict() == {
        "tokens": [["a", "b", "c"], ["d", "e", "f"], ["g", "h", "i"]],
        "tags": [["B-x", "I-x", "O"], ["O", "B-y", "I-y"], ["B-y", "I-y", "O"]],
        "text": ["a b c", None, "g"],
    }
    assert [note.partition(": first")[0] for note in notes] == [
        "repaired: 2 words lost white space, invisible characters or their decomposed form (NFC)",
        "repaired: 1 label that broke the scheme IOB2, read as conlleval reads them",
        "repaired: 1 word keeps one of several labels, the first that fits the words beside",
        "repaired: 1 word lost white space, invisible characters or their decomposed form (NFC)",
    ]


@pytest.mark.parametrize("label", [2, -2])
def test_ids_without_a_name_are_not_taken_for_labels(label: int) -> None:
    data = table({"tokens": [["a"], ["b"]], "tags": [[0], [label]]}, tags=List(Value("int64")))
    with pytest.raises(CorpusError, match=r"row 1 .*: a label id without a name"):
        read(data, names=["X", "Y"])


@pytest.mark.parametrize("none", [-1, -100, None])
def test_ids_that_stand_for_no_label(none: int | None) -> None:
    rows: dict[str, list[Any]] = {"tokens": [["a", "b"], ["c"]], "tags": [[0, none], [none]]}
    made, notes = read(table(rows, tags=List(Value("int64"))), names=["X", "Y"])
    assert made == {"tokens": [["a", "b"]], "tags": [["X", ""]]}
    assert notes == [
        "train: 1 rows without words or labels were left out",
        "train: 2 words have no label: not learnt and not scored",
    ]


@pytest.mark.parametrize("none", ["_", "", None])
def test_labels_that_are_none(none: str | None) -> None:
    made, _ = read(table({"tokens": [["a", "b"]], "tags": [["X", none]]}, tags=STRINGS))
    assert made["tags"] == [["X", ""]]


def test_a_column_without_any_label() -> None:
    data = table({"tokens": [["a"]], "xpos": [[None]]}, xpos=STRINGS)
    with pytest.raises(CorpusError, match=r"acme/x \(train\): column 'xpos' holds no label"):
        read(data, "xpos")


def test_a_word_may_lack_features() -> None:
    data = table({"tokens": [["a", "b"]], "feats": [["Number=Plur", None]]}, feats=STRINGS)
    assert read(data, "feats")[0]["tags"] == [["Number=Plur", "_"]]


def test_columns_of_another_length_are_not_carried_along() -> None:
    data = table({"tokens": [["a", "b"]], "tags": [["X", "Y"]], "spans": [["1"]]}, tags=STRINGS, spans=STRINGS)
    assert "spans" not in read(data)[0]


def test_documents_become_sentences() -> None:
    sentence = {"words": STRINGS, "pos_tags": List(ClassLabel(names=["NOUN", "VERB"]))}
    features = Features({"document_id": Value("string"), "sentences": List(sentence)})
    first = [{"words": ["Birds", "sing"], "pos_tags": [0, 1]}, {"words": ["Sing"], "pos_tags": [1]}]
    second = [{"words": ["Fish"], "pos_tags": [0]}]
    data = datasets.Dataset.from_dict({"document_id": ["a", "b"], "sentences": [first, second]}, features=features)
    made, _ = read(data, "pos")
    assert made == {"tokens": [["Birds", "sing"], ["Sing"], ["Fish"]], "tags": [["NOUN", "VERB"], ["VERB"], ["NOUN"]]}


def test_words_are_found_under_the_name_given() -> None:
    data = table({"tokens": [["a"]], "morphs": [["b"]], "tags": [["X"]]}, morphs=STRINGS, tags=STRINGS)
    assert read(data, tokens="morphs")[0] == {"tokens": [["b"]], "tags": [["X"]]}
    with pytest.raises(CorpusError, match=r"no column 'nope' of words; .*: tokens, morphs, tags"):
        read(data, tokens="nope")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError(28, "No space left on device", "/cache"), "acme/x cannot be cached: No space left on device"),
        (PermissionError(13, "Permission denied", "/cache"), "acme/x cannot be cached: Permission denied: /cache"),
        (ConnectionError("cut off"), r"acme/x: the hub did not answer \(cut off\); the bundled corpus"),
        (RuntimeError("a\nb " + "c" * 500), r"acme/x cannot be read through datasets: RuntimeError: a b c+\.\.\.$"),
    ],
)
def test_every_failure_is_one_line(error: Exception, message: str) -> None:
    text = str(explain(error, HubSpec("acme/x")))
    assert re.search(message, text)
    assert "\n" not in text
