"""CSV and TSV with one word or one sentence a row."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tagger.corpora.formats.sentence import Problem, RawSentence
from tagger.errors import CorpusError
from tests.corpora.conftest import parse


def read(text: str, tokens_column: str | None = None) -> tuple[list[RawSentence], list[Problem]]:
    return parse("csv", text, tokens_column=tokens_column)


@pytest.mark.parametrize(
    "text",
    [
        "token,upos\nA,DET\ndog,NOUN\n\nIt,PRON\n",
        "token,upos\nA,DET\ndog,NOUN\n,\nIt,PRON\n",
        "upos;word\nDET;A\nNOUN;dog\n\nPRON;It",
        "sentence_id,token,upos\n1,A,DET\n1,dog,NOUN\n2,It,PRON\n",
        "Sentence #,Word,upos\nSentence: 1,A,DET\n,dog,NOUN\nSentence: 2,It,PRON\n",
        '"token","upos"\n"A","DET"\n"dog","NOUN"\n\n"It","PRON"\n',
        "token\tupos\nA\tDET\ndog\tNOUN\n\nIt\tPRON\n",
    ],
)
def test_sentences_end_at_blank_lines_or_new_numbers(text: str) -> None:
    found, problems = read(text)
    assert not problems
    assert [sentence.tokens for sentence in found] == [["A", "dog"], ["It"]]
    assert [sentence.columns for sentence in found] == [{"upos": ["DET", "NOUN"]}, {"upos": ["PRON"]}]


def test_quotes() -> None:
    (sentence,), problems = read('token,upos\n",",PUNCT\n"""",PUNCT\n')
    assert not problems
    assert sentence.tokens == [",", '"']
    (sentence,), _ = read('token\tupos\n"\t``\n')
    assert sentence.tokens == ['"']


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a", "1 column, expected 2 as in the header"),
        ("a,b,c", "3 columns, expected 2"),
        ('"a,X', "quotes are not balanced"),
        (",X", "no word"),
    ],
)
def test_a_malformed_row_is_told(row: str, message: str) -> None:
    found, problems = read(f"token,upos\nA,X\n\n{row}\nB,X\n\nC,X\n")
    assert [sentence.tokens for sentence in found] == [["A"], ["C"]]
    assert problems[0].line == 4
    assert message in problems[0].message


def test_a_column_of_words_there_must_be() -> None:
    with pytest.raises(CorpusError, match=r"a\.csv:1: no column of words .* which has 'x, y'.*--tokens-column"):
        read("x,y\na,b\n")
    found, _ = read("x,y\na,b\n", tokens_column="x")
    assert found[0].tokens == ["a"]
    with pytest.raises(CorpusError, match="no column of labels beside 'token'"):
        read("token\na\n")


TOKENS, NER = [["Ann", "lives", "in", "Oslo"], ["It's", "5", "o'clock"]], [["B-PER", "O", "O", "B-LOC"], ["O"] * 3]


def table(form: Callable[[list[str]], str], header: str = "id,tokens,ner_tags") -> str:
    """The sentences as a table of the csv module, a row each, lists written by a function."""
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow(header.split(","))
    writer.writerows(
        [number, form(words), form(tags)] for number, (words, tags) in enumerate(zip(TOKENS, NER, strict=True))
    )
    return sink.getvalue()


def wrapped(values: list[str]) -> str:
    """As NumPy writes a long array, over lines."""
    return str(np.array(values)).replace(" ", "\n ")


@pytest.mark.parametrize(
    "form",
    [
        str,
        json.dumps,
        lambda words: str(np.array(words)),
        wrapped,
        lambda words: repr(np.array(words, object)),
        " ".join,
    ],
)
@pytest.mark.parametrize("header", ["id,tokens,ner_tags", "Sentence #,Sentence,Tag", ",text,labels"])
def test_cells_that_hold_lists(form: Callable[[list[str]], str], header: str) -> None:
    found, problems = read(table(form, header))
    assert not problems
    assert [sentence.tokens for sentence in found] == TOKENS
    assert [sentence.columns for sentence in found] == [{header.split(",")[2]: tags} for tags in NER]
    assert found[0].numbers is not None
    assert found[0].numbers[header.split(",")[2]] == 3


def test_numbers_in_lists() -> None:
    (sentence,), _ = read("tokens,ner_tags\n['a' 'b' 'c'],[1 0 nan]\n")
    assert sentence.columns == {"ner_tags": ["1", "0", "_"]}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("\"['a', 'b']\",\"['X']\"", "1 'upos' for 2 words"),
        ("\"['a' ... 'b']\",\"['X']\"", r"NumPy wrote ... for a part"),
        ("\"['a', 'b']\",X Y", "expected a list in 'upos'"),
    ],
)
def test_a_list_that_cannot_be_read(row: str, message: str) -> None:
    good = "\"['a', 'b']\",\"['X', 'Y']\"\n"
    found, problems = read(f"tokens,upos\n{good}{row}\n{good}")
    assert len(found) == 2
    assert message in problems[0].message
    assert problems[0].line == 3


def test_a_table_of_texts_holds_no_words() -> None:
    with pytest.raises(CorpusError, match="the column 'text' holds text, expected one word a row"):
        read("text,label\nThey can fish.,pos\nIt rains a lot.,neg\n")


def test_spans_in_json() -> None:
    spans = json.dumps([{"start": 0, "end": 3, "text": "Ann", "labels": ["PER"]}])
    sink = io.StringIO()
    csv.writer(sink, lineterminator="\n").writerows(
        [["id", "text", "label"], [1, "Ann left.", spans], [2, "It rained.", "[]"]]
    )
    found, problems = read(sink.getvalue())
    assert not problems
    assert [sentence.columns["ner"] for sentence in found] == [["B-PER", "O", "O"], ["O", "O", "O"]]


@pytest.mark.parametrize("key", ["sentence_idx", "SentenceID", "sent no", "doc_id"])
def test_names_of_the_column_of_sentences(key: str) -> None:
    found, _ = read(f"Unnamed: 0,{key},token,upos\n0,1,a,X\n1,1,b,Y\n2,2,c,Z\n")
    assert [(sentence.tokens, sentence.columns) for sentence in found] == [
        (["a", "b"], {"upos": ["X", "Y"]}),
        (["c"], {"upos": ["Z"]}),
    ]


def test_sentences_are_numbered_in_each_document() -> None:
    found, _ = read("doc_id,sentence_id,token,upos\n1,1,a,X\n2,1,b,Y\n")
    assert [sentence.tokens for sentence in found] == [["a"], ["b"]]


def test_words_without_a_label_and_numbers_with_a_point() -> None:
    (sentence,), _ = read("token,tag,lemma\na,1.0,nan\nb,,x\nc,NaN,y\nd,-100,z\n")
    assert sentence.columns == {"tag": ["1", "_", "_", "_"], "lemma": ["nan", "x", "y", "z"]}
    assert sentence.numbers == {"tag": 2, "lemma": 3}


@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_quotes_that_pandas_writes_in_a_tsv(quoting: Any) -> None:
    sink = io.StringIO()
    words = ['"', "it", '5"', "''"]
    csv.writer(sink, delimiter="\t", quoting=quoting, lineterminator="\n").writerows(
        [["word", "tag"], *([word, "X"] for word in words)]
    )
    (sentence,), _ = parse("tsv", sink.getvalue())
    assert sentence.tokens == words
    (sentence,), _ = parse("tsv", 'word\ttag\n"\tX\n"Yes"\tY\n""\tZ\n')
    assert sentence.tokens == ['"', '"Yes"', '""']


@pytest.mark.parametrize("column", ["3", "column3", "-2"])
def test_the_column_of_words_by_its_number(column: str) -> None:
    (sentence,), _ = read("id,x,y,z\n1,a,b,c\n", tokens_column=column)
    assert sentence.tokens == ["b"]


def test_an_unbalanced_quote_costs_one_sentence() -> None:
    good = "\"['a', 'b']\",\"['X', 'Y']\"\n"
    found, problems = read(f"tokens,upos\n{good}\"['a,['X']\n{good}{good}")
    assert len(found) == 3
    assert [(problem.line, problem.message[:26]) for problem in problems] == [(3, "the quotes are not balance")]


def test_cells_that_look_like_lists_are_not_words() -> None:
    sentences, problems = read(
        'tokens,upos\n"[In, Oslo, it]","[ADP, PROPN, PRON]"\n"[\'In\' ... \'it\']","[""A"", ""B""]"\n'
    )
    assert sentences == []
    assert [problem.line for problem in problems] == [2, 3]
    assert "expected a list in" in problems[0].message
    assert "NumPy wrote ..." in problems[1].message
