"""Columns of words and labels as CoNLL-2000, CoNLL-2003 and WNUT have them."""

from __future__ import annotations

import pytest

from tagger.corpora.formats.sentence import Problem, RawSentence
from tagger.corpora.read_corpus import read_corpus, read_split
from tagger.errors import CorpusError
from tests.corpora.conftest import Write, parse

CONLL2003 = """\
-DOCSTART- -X- -X- O

Ann NNP B-NP B-PER
lives VBZ B-VP O

# # B-NP O
1 CD I-NP O
"""


def read(text: str, tokens_column: str | None = None) -> tuple[list[RawSentence], list[Problem]]:
    return parse("columns", text, tokens_column=tokens_column)


def test_conll_2003() -> None:
    found, problems = read(CONLL2003)
    assert not problems
    assert [sentence.tokens for sentence in found] == [["Ann", "lives"], ["#", "1"]]
    assert found[0].columns == {"pos": ["NNP", "VBZ"], "chunk": ["B-NP", "B-VP"], "ner": ["B-PER", "O"]}
    assert found[1].lines == [6, 7]


def test_conll_2000() -> None:
    (sentence,), _ = read("Ann NNP B-NP\nran VBD B-VP\n")
    assert sentence.columns == {"pos": ["NNP", "VBD"], "chunk": ["B-NP", "B-VP"]}


def test_a_line_of_nothing_but_a_tab_ends_a_sentence() -> None:
    found, problems = read("It\tO\n\t\n#NFL\tO\n's\tO\n")
    assert not problems
    assert [sentence.tokens for sentence in found] == [["It"], ["#NFL", "'s"]]


def test_comments_and_the_word_that_looks_like_one() -> None:
    found, problems = read("# id = 1\nA\tX\n#\tX\n# a remark\nB\tX\n")
    assert not problems
    assert found[0].tokens == ["A", "#", "B"]


def test_numbers_in_front_are_not_the_words() -> None:
    found, _ = read("1 The DT\n2 dog NN\n\n1 It PRP\n")
    assert [sentence.tokens for sentence in found] == [["The", "dog"], ["It"]]
    assert found[0].columns == {"tag": ["DT", "NN"]}


def test_words_of_a_numbered_column() -> None:
    found, _ = read("DT The\nNN dog\n", tokens_column="2")
    assert found[0].tokens == ["The", "dog"]
    assert found[0].columns == {"tag": ["DT", "NN"]}


def test_a_header_names_the_columns() -> None:
    (sentence,), problems = read("# global.columns = ID FORM UPOS NER\n1\tAnn\tPROPN\tB-PER\n")
    assert not problems
    assert sentence.tokens == ["Ann"]
    assert sentence.columns == {"upos": ["PROPN"], "ner": ["B-PER"]}


def test_words_may_hold_spaces_between_tabs() -> None:
    (sentence,), problems = read("New York\tPROPN\nis\tAUX\n")
    assert not problems
    assert sentence.tokens == ["New York", "is"]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("word", "1 column, expected 2 separated by tabs: 'word'"),
        ("a\tb\tc", "3 columns, expected 2"),
        ("\tX", "column 1 is empty"),
    ],
)
def test_a_malformed_line_is_told(bad: str, message: str) -> None:
    found, problems = read(f"A\tX\nB\tX\n\n{bad}\nC\tX\n\nD\tX\n")
    assert [sentence.tokens for sentence in found] == [["A", "B"], ["D"]]
    assert (problems[0].line, problems[0].sentence) == (4, 4)
    assert message in problems[0].message


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("pos", "NNP"),
        ("ner", "B-PER"),
        ("chunk", "B-NP"),
        ("2", "NNP"),
        ("4", "B-PER"),
        ("-1", "B-PER"),
        (None, "B-PER"),
    ],
)
def test_the_column_is_chosen_by_name_or_number(write: Write, column: str | None, expected: str) -> None:
    corpus = read_corpus(str(write("a.conll", CONLL2003)), column=column)
    assert corpus.train is not None
    assert expected in [tag for split in corpus.splits for tags in split.tags() for tag in tags]
    assert corpus.columns == ("pos", "chunk", "ner")


def test_parts_of_speech_by_another_name_are_told(write: Write) -> None:
    corpus = read_corpus(str(write("a.conll", CONLL2003)))
    assert corpus.column == "pos"
    assert "no column 'upos': read the label column 'pos' (of pos, chunk, ner)" in corpus.notes


def test_the_only_label_column_is_told(write: Write) -> None:
    corpus = read_corpus(str(write("a.conll", "A\tX\nB\tY\n\nC\tX\nA\tX\n")))
    assert corpus.column == "tag"
    assert "no column 'upos': read the only label column, 'tag'" in corpus.notes


def test_a_column_of_words_that_is_not_there_is_refused_rather_than_passed_over(write: Write) -> None:
    plain = str(write("a.conll", "DT\tA\nNN\tdog\n"))
    assert read_split(plain, column=None, tokens_column="2").tokens() == [["A", "dog"]]
    for wanted in ("3", "0", "word", "-3", "column3"):
        with pytest.raises(CorpusError, match=rf"a\.conll: no column '{wanted}' of words; .* numbered from 1 to 2"):
            read_split(plain, column=None, tokens_column=wanted)
    for wanted in ("column2", "-1"):
        assert read_split(plain, column=None, tokens_column=wanted).tokens() == [["A", "dog"]]
    named = str(write("b.conll", "# global.columns = XPOS FORM\nDT\tA\nNN\tdog\n"))
    for known in ("form", "FORM", "2", None):
        assert read_split(named, column=None, tokens_column=known).tokens() == [["A", "dog"]]
    with pytest.raises(CorpusError, match="no column 'word' of words; there are: xpos, form"):
        read_split(named, column=None, tokens_column="word")
