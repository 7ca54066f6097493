"""CSV and TSV with one word a row."""

from __future__ import annotations

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
