"""Tables and JSON to be tagged: read as for training, written back with tags and all that they held."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tagger.corpora.documents.input import Documents
from tagger.corpora.documents.output import make_renderer
from tagger.corpora.formats.options import ReadOptions
from tagger.errors import CorpusError, OutputError
from tagger.inference.document_tagging import tag_documents
from tests.corpora.document_samples import LengthTagger, tag_files


def tagged(path: Path, form: str, output: str, *, scores: bool = False, **options: Any) -> str:
    sink, tagger = io.BytesIO(), LengthTagger()
    with Documents([str(path)], form, None, ReadOptions(**options)) as documents:
        pieces = documents.pieces(tagger.tokenizer)
        tag_documents(tagger, pieces, make_renderer(output, "upos"), sink.write, scores=scores)
    return sink.getvalue().decode()


def write(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


LISTS = (
    ["i,tokens", "1,\"['It', 'is']\"", "2,['So' 'ever']"],
    ["i,tokens,upos", '1,"[\'It\', \'is\']","[""L2"", ""L2""]"', '2,[\'So\' \'ever\'],"[""L2"", ""L4""]"'],
)
TEXTS = (
    ["id,text", '1,"It is', 'so. Ever ""I""."', "2,", "3,No"],
    [
        *("id,text,upos", '1,"It is'),
        'so. Ever ""I"".","It/L2 is/L2 so/L2 ./L1 Ever/L4 ""/L1 I/L1 ""/L1 ./L1"',
        *('2,,""', '3,No,"No/L2"'),
    ],
)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("form", "before", "after"),
    [
        (
            "csv",
            ["token,x", 'It,"a,b"', "rains,c", "", '",",d'],
            ["token,x,upos", 'It,"a,b",L2', "rains,c,L5", "", '",",d,L1'],
        ),
        (
            "csv",
            ["s;word;UPOS", "1;It;A", ";is;B", "2;So;C"],
            ["s;word;UPOS;tagger:upos", "1;It;A;L2", ";is;B;L2", "2;So;C;L2"],
        ),
        ("tsv", ["token\tx", '""""\t1', '"\t2'], ["token\tx\tupos", '""""\t1\tL1', '"\t2\tL1']),
        ("tsv", ["id\tsentence", "1\tIt is."], ["id\tsentence\tupos", "1\tIt is.\tIt/L2 is/L2 ./L1"]),
        ("csv", *LISTS),
        ("csv", *TEXTS),
    ],
)
def test_a_table_comes_back_with_a_column_of_tags(
    form: str, before: list[str], after: list[str], end: str, tmp_path: Path
) -> None:
    path = write(tmp_path / "a.txt", end.join([*before, ""]))
    data, _ = tag_files([path], input_format=form)
    assert data.decode() == end.join([*after, ""])


def test_a_table_in_other_formats(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "sent_id,token\n1,It\n1,is\n2,So\n")
    assert tagged(path, "csv", "pairs") == "It/L2 is/L2\nSo/L2\n"
    assert tagged(path, "csv", "tsv") == "It\tL2\nis\tL2\n\nSo\tL2\n\n"
    assert [json.loads(line) for line in tagged(path, "csv", "jsonl").splitlines()] == [
        {"tokens": ["It", "is"], "tags": ["L2", "L2"]},
        {"tokens": ["So"], "tags": ["L2"]},
    ]
    scored = csv.reader(io.StringIO(tagged(path, "csv", "csv", scores=True)))
    assert list(scored)[:2] == [["sent_id", "token", "upos", "score"], ["1", "It", "L2", "0.5000"]]


def test_texts_of_a_table_as_json(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'id,body\n7,"It is. So"\n')
    first, second = map(json.loads, tagged(path, "csv", "jsonl", text_column="body").splitlines())
    assert first == {
        "id": "7",
        "tokens": ["It", "is", "."],
        "offsets": [[0, 2], [3, 5], [5, 6]],
        "tags": ["L2", "L2", "L1"],
    }
    assert (second["id"], second["tokens"], second["offsets"]) == ("7", ["So"], [[7, 9]])
    with pytest.raises(OutputError, match="no place for scores"):
        tagged(path, "csv", "csv", scores=True, text_column="body")


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("a,b\nx,y\n", {}, r"a\.csv:1: no column of words"),
        ("token,b\nx,y\n", {"text_column": "t"}, r"a\.csv:1: no column of words \(t\)"),
        ("token,b\nx,y\n", {"id_column": "t"}, r"a\.csv:1: no column 't' \(--id-column\); there are: token, b"),
        ("token,b\nx,y\nx\n", {}, r"a\.csv:3: 1 column, expected 2"),
        ('token,b\nx,y\n"x,y\n', {}, r"a\.csv:3: the quotes are not balanced"),
        ("tokens,b\n['x'],y\n['x' ... 'z'],y\n['x'],y\n", {}, r"a\.csv:3: expected a list that is whole"),
    ],
)
def test_a_table_that_cannot_be_read(text: str, options: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=message):
        tagged(write(tmp_path / "a.csv", text), "csv", "csv", **options)


def test_a_bad_row_is_passed_on(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "sent_id,token\n1,It\n2\n3,is\n")
    data, progress = tag_files([path], input_format="csv", skip_invalid=True)
    assert data.decode() == "sent_id,token,upos\n1,It,L2\n2,\n3,is,L2\n"
    assert progress.bad == 1


TEXT: dict[str, Any] = {"id": 5, "text": "It is. So", "meta": {"a": [1]}}
SENTENCES = [["It", "is", "."], ["So"]]


@pytest.mark.parametrize(
    ("record", "options"),
    [
        (TEXT, {}),
        ({"id": 5, "meta": {"a": [1]}, "abstract": TEXT["text"], "tokens": ["no"]}, {"text_column": "abstract"}),
        ({"id": 5, "meta": {"a": [1]}, "content": TEXT["text"]}, {"id_column": "id"}),
    ],
)
@pytest.mark.parametrize("indent", [None, 1])
def test_texts_in_json(record: dict[str, Any], options: dict[str, Any], indent: int | None, tmp_path: Path) -> None:
    text = json.dumps(record) + "\n" if indent is None else json.dumps([record], indent=indent)
    path = write(tmp_path / "a.json", text)
    rows = [json.loads(line) for line in tagged(path, "jsonl", "jsonl", **options).splitlines()]
    assert [row["tokens"] for row in rows] == SENTENCES
    assert all((row["id"], row["meta"]) == (5, {"a": [1]}) for row in rows)
    assert [TEXT["text"][a:b] for row in rows for a, b in row["offsets"]] == [
        word for words in SENTENCES for word in words
    ]


@pytest.mark.parametrize(
    ("record", "tokens"),
    [
        ({"form": ["It", " ", "is"]}, [["It", " ", "is"]]),
        ({"tokens": [{"text": "It", "id": 1}, {"text": "is", "id": 2}], "text": "It is"}, [["It", "is"]]),
        ({"tokens": [["It"], ["is"]]}, [["It"], ["is"]]),
        ({"id": 1, "data": {"text": "It is. So"}, "annotations": []}, SENTENCES),
        ({"text": "It is. So", "answer": "reject"}, SENTENCES),
        ([[{"text": "It"}, {"text": "is"}]], [["It", "is"]]),
        ({"text": " "}, [[]]),
    ],
)
def test_records_that_training_reads(record: Any, tokens: list[list[str]], tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", json.dumps(record) + "\n")
    rows = [json.loads(line) for line in tagged(path, "jsonl", "jsonl").splitlines()]
    assert [row["tags"] for row in rows] == [[f"L{len(word)}" for word in words] for words in tokens]


def test_a_key_that_is_not_there(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", json.dumps(TEXT) + "\n")
    for option in ("text_column", "id_column"):
        flag = option.replace("_", "-")
        with pytest.raises(CorpusError, match=rf"a\.jsonl:1: no key 'name' \(--{flag}\) among id, text, meta"):
            tagged(path, "jsonl", "jsonl", **dict[str, Any]({option: "name"}))


@pytest.mark.parametrize("arrow", [False, True])
def test_parquet_is_tagged_as_json_lines_of_its_rows(tmp_path: Path, arrow: bool) -> None:
    rows: list[dict[str, Any]] = [
        {"id": number, "tokens": ["It", "is", "é" * number], "when": f"2024-01-{number:02}"} for number in range(1, 30)
    ]
    table = pa.Table.from_pylist(rows)
    path = tmp_path / "a.parquet"
    if arrow:
        with pa.ipc.new_stream(str(path), table.schema) as stream:
            stream.write_table(table)
    else:
        pq.write_table(table, path, row_group_size=7)
    lines = write(tmp_path / "a.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    assert tagged(path, "auto", "jsonl") == tagged(lines, "auto", "jsonl")
    assert json.loads(tagged(path, "auto", "jsonl").splitlines()[28])["tags"] == ["L2", "L2", "L29"]


def test_parquet_of_texts_is_tagged_sentence_by_sentence(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": [7, 8], "text": ["It is. So.", "No"]}), tmp_path / "a.parquet")
    records = list(map(json.loads, tagged(tmp_path / "a.parquet", "auto", "jsonl").splitlines()))
    assert [(one["id"], one["tokens"]) for one in records] == [(7, ["It", "is", "."]), (7, ["So", "."]), (8, ["No"])]
