"""CoNLL-U, read as its specification says."""

from __future__ import annotations

import pytest

from tagger.corpora.formats.conllu import misc_keys, misc_value
from tagger.corpora.formats.sentence import Problem, RawSentence
from tests.corpora.conftest import parse

RANGES = """\
# sent_id = 1
# text = I didn't see it.
1\tI\tI\tPRON\tPRP\tCase=Nom\t4\tnsubj\t_\t_
2-3\tdidn't\t_\t_\t_\t_\t_\t_\t_\t_
2\tdid\tdo\tAUX\tVBD\t_\t4\taux\t_\t_
3\tn't\tnot\tPART\tRB\t_\t4\tadvmod\t_\t_
4\tsee\tsee\tVERB\tVB\t_\t0\troot\t_\tNER=O|SpaceAfter=No
4.1\tghost\tghost\tNOUN\tNN\t_\t_\t_\t_\t_
5\tit\tit\tPRON\tPRP\t_\t4\tobj\t_\tSpaceAfter=No
6\t.\t.\tPUNCT\t.\t_\t4\tpunct\t_\t_
"""


def read(text: str, misc_key: str = "upos") -> tuple[list[RawSentence], list[Problem]]:
    return parse("conllu", text, column=misc_key)


def row(number: int | str, word: str = "a", tag: str = "X") -> str:
    return f"{number}\t{word}\t_\t{tag}\t_\t_\t_\t_\t_\t_"


def test_ranges_and_empty_nodes_are_not_words() -> None:
    (sentence,), problems = read(RANGES)
    assert not problems
    assert sentence.tokens == ["I", "did", "n't", "see", "it", "."]
    assert sentence.columns["upos"] == ["PRON", "AUX", "PART", "VERB", "PRON", "PUNCT"]
    assert sentence.columns["xpos"] == ["PRP", "VBD", "RB", "VB", "PRP", "."]
    assert sentence.columns["feats"][0] == "Case=Nom"
    assert sentence.columns["lemma"][2] == "not"
    assert sentence.columns["deprel"][3] == "root"
    assert sentence.text == "I didn't see it."
    assert (sentence.line, sentence.lines) == (1, [3, 5, 6, 7, 9, 10])


def test_a_key_in_misc_is_a_column() -> None:
    (sentence,), _ = read(RANGES, misc_key="NER")
    assert sentence.columns["NER"] == ["_", "_", "_", "O", "_", "_"]
    assert misc_value("SpaceAfter=No|NER=B-PER", "NER") == "B-PER"
    assert misc_value("NERD=x", "NER") == "_"
    assert misc_keys(["A=1|B=2", "_", "C"]) == {"A", "B"}


def test_the_last_sentence_needs_no_blank_line() -> None:
    found, _ = read(row(1) + "\n\n\n" + row(1, "b"))
    assert [sentence.tokens for sentence in found] == [["a"], ["b"]]


def test_a_sentence_of_more_words_than_the_quick_check_knows() -> None:
    (sentence,), problems = read("\n".join(row(n) for n in range(1, 701)))
    assert not problems
    assert len(sentence.tokens) == 700


@pytest.mark.parametrize(
    ("block", "line", "message"),
    [
        ("1\ta\t_\tX", 1, "4 columns, expected 10"),
        (row(1) + "\textra", 1, "11 columns, expected 10"),
        ("1 a _ X _ _ _ _ _ _", 1, "1 column, expected 10 separated by tabs"),
        (row(1) + "\n" + row(3), 2, "word ID '3', expected 2"),
        (row(1) + "\n" + row(1), 2, "is a blank line missing before it"),
        (row("x"), 1, "word ID 'x', expected 1"),
        (row(1, ""), 1, "column 2 is empty"),
        ("# only\n" + row("1-2"), 1, "a sentence without words"),
    ],
)
def test_a_malformed_sentence_is_left_out_and_its_line_is_told(block: str, line: int, message: str) -> None:
    found, problems = read(block + "\n\n" + row(1, "good"))
    assert [sentence.tokens for sentence in found] == [["good"]]
    assert problems[0].line == line
    assert message in problems[0].message


def test_every_bad_line_of_a_sentence_is_told() -> None:
    _, problems = read("\n".join([row(1), "bad", row(3), "worse", row(5)]))
    assert [(problem.line, problem.sentence) for problem in problems] == [(2, 1), (4, 1)]
