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
        (None, "NNP"),
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
    assert "no column 'upos': read 'pos' (of pos, chunk, ner); --column names another" in corpus.notes


def test_the_only_label_column_is_told(write: Write) -> None:
    corpus = read_corpus(str(write("a.conll", "A\tX\nB\tY\n\nC\tX\nA\tX\n")))
    assert corpus.column == "tag"
    assert "no column 'upos': read 'tag'; --column names another" in corpus.notes


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


ONTONOTES = """\
#begin document (wb/a2e/00/a2e_0001); part 000
wb/a2e/00/a2e_0001  0  0  Rain   NN   (TOP(S(NP*)  rain  -  1  -  *        *   -
wb/a2e/00/a2e_0001  0  1  fell   VBD  (VP*         -     -  -  -  *        *   -
wb/a2e/00/a2e_0001  0  2  here   RB   *))          -     -  -  -  (GPE)    *   -

wb/a2e/00/a2e_0001  0  0  Then   RB   (TOP(S*      -     -  -  -  (DATE*   -
wb/a2e/00/a2e_0001  0  1  snow   NN   *))          -     -  -  -  *)       -

#end document
"""
LABEL_STUDIO = "-DOCSTART- -X- O\nMia -X- _ B-PER\nsang -X- _ O\n\nOslo -X- _ B-LOC\nslept -X- _ O\n"
GERMEVAL = (
    "#\thttp://x.org/1 [2009-10-17]\n1\tIn\tO\tO\n2\tOslo\tB-LOC\tO\n\n#\thttp://x.org/2\n1\tIgel\tB-OTH\tB-LOCderiv\n"
)
CUPT = (
    "# global.columns = ID FORM LEMMA UPOS PARSEME:MWE\n# source = a\n1-2\tdu\t_\t_\t_\n1\tde\tde\tADP\t*\n"
    "2\tle\tle\tDET\t1:LVC\n2.1\tx\t_\t_\t_\n3\tlit\tlit\tNOUN\t1\n"
)


@pytest.mark.parametrize(
    ("text", "names", "words", "column", "labels"),
    [
        (ONTONOTES, "pos column6 column7 column8 column9 column10 column11", "Rain fell here", "pos", "NN VBD RB"),
        (LABEL_STUDIO, "column2 column3 ner", "Mia sang", "ner", "B-PER O"),
        (GERMEVAL, "ner column4", "In Oslo", "ner", "O B-LOC"),
        (CUPT, "lemma upos parseme:mwe", "de le lit", "parseme:mwe", "* 1:LVC 1"),
        ("O\twhat\nB-SONG\tjazz\nI-SONG\tnow\n", "tag", "what jazz now", "tag", "O B-SONG I-SONG"),
        ("A\ta\tDET\tDT\nson\tson\tNOUN\tNN\n", "lemma upos pos", "A son", "pos", "DT NN"),
        ("De Art O\ntekst N O\nAnn N B-PER\n", "pos ner", "De tekst Ann", "pos", "Art N N"),
        ("Der der ART B-NC O\nHund Hund NN I-NC O\n", "lemma pos chunk ner", "Der Hund", "chunk", "B-NC I-NC"),
        ("a\tDET\t\nb\tNOUN\tp. 3\nc\tDET\t\n", "upos column3", "a b c", "column3", "_ p. 3 _"),
        ("a\tDET\t\nb\tNOUN\t\n", "tag", "a b", "tag", "DET NOUN"),
        ("a\tX\nb\t-100\nc\t\n", "tag", "a b c", "tag", "X _ _"),
        ("Il PRON\n10\u00a0000 NUM\na\u3000b NOUN\n", "tag", "Il 10\u00a0000 a\u3000b", "tag", "PRON NUM NOUN"),
    ],
)  # fmt: skip
def test_columns_are_called_after_what_they_hold(text: str, names: str, words: str, column: str, labels: str) -> None:
    found, problems = read(text)
    assert not problems
    assert list(found[0].columns) == names.split()
    assert " ".join(found[0].tokens) == words
    assert " ".join(found[0].columns[column]) == labels


@pytest.mark.parametrize(
    "index",
    [
        ["1", "2", "3"],
        ["1.", "2.", "3."],
        ["s7-09", "s7-10", "s7-11"],
        ["0", "5", "9"],
        ["d1\t4", "d1\t5", "d1\t6"],
        ["d1", "d1", "d1"],
        ["", "", ""],
    ],
)
def test_columns_that_number_words_or_name_documents_are_not_the_words(index: list[str]) -> None:
    words = [["It", "ran", "."], ["No", "dog", "sat"]]
    blocks = [
        "".join(f"{place}\t{word}\tX\tL{word}\n" for place, word in zip(index, row, strict=True)) for row in words
    ]
    found, _ = read("\n".join(blocks))
    assert [sentence.tokens for sentence in found] == words
    number = index[0].count("\t") + 4
    assert found[0].numbers == {"column" + str(number - 1): number - 1, "column" + str(number): number}


def test_the_same_line_again_and_again_numbers_no_words() -> None:
    assert read("Oh X Y Z\n" * 5)[0][0].tokens == ["Oh"] * 5
    assert read("".join(f"{number} Oh X\n" for number in range(1, 6)))[0][0].tokens == ["Oh"] * 5


@pytest.mark.parametrize("wanted", ["3", "column3", "-2", "ner"])
def test_numbers_of_columns_are_those_of_the_file(write: Write, wanted: str) -> None:
    path = str(write("a.tsv", GERMEVAL))
    split = read_split(path, column=wanted)
    assert (split.label, split.tags()) == ("ner", [["O", "B-LOC"], ["B-OTH"]])
    for words in ("2", "column2", "-3"):
        assert read_split(path, column=wanted, tokens_column=words).tokens() == split.tokens()
    for wrong in ("1", "2", "column2", "5", "0", "-4"):
        with pytest.raises(CorpusError, match=f"no column '{wrong}'; columns with labels: ner, column4"):
            read_split(path, column=wrong)


def test_a_column_of_a_header_may_be_asked_for_in_capitals_and_by_number(write: Write) -> None:
    path = str(write("a.cupt", CUPT))
    for wanted in ("PARSEME:MWE", "5"):
        assert read_split(path, column=wanted).tags() == [["*", "1:LVC", "1"]]
    assert read_split(path, column="upos").tokens() == [["de", "le", "lit"]]
    other = str(write("b.conllup", "# newdoc\n# global.columns = ID TOKEN UPOS\n1\tNo\tINTJ\n"))
    assert read_split(other, column="upos").tokens() == [["No"]]


def test_marks_that_are_no_words_and_words_that_look_like_marks() -> None:
    found, problems = read("###MEDLINE:95\n\n#end\tX\n##\tX\n# \tX\n\n# a = b\nno\tX\n##remark\n")
    assert not problems
    assert [sentence.tokens for sentence in found] == [["#end", "##", "# "], ["no"]]
    _, problems = read("no\tX\nyes\tX\n\n#tag\nyes\tX\n")
    assert [problem.line for problem in problems] == [4]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("#FORMAT=WebAnno TSV 3.2\n\n#Text=It\n1-1\t0-2\tIt\t_\t\n", "WebAnno TSV, .* export CoNLL"),
        ("1\tIt\n2\tran\n", "the first of 2 columns numbers the words, expected words and labels"),
        ("# global.columns = FORM A\nIt\tX\n\n# global.columns = A FORM\nX\tIt\n", r"a\.tsv:4: .* names other columns"),
        ("It\tX\rran\tY\r", r"a\.tsv:1: a carriage return at character 5 of the line"),
        ("It\tX\n\nran\tY\rin\tZ\n", r"a\.tsv:3: a carriage return at character 6 of the line"),
    ],
)  # fmt: skip
def test_what_is_no_table_of_words_and_labels_is_named(write: Write, text: str, message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        read_split(str(write("a.tsv", text)), column=None)


def test_doubled_carriage_returns_end_a_line(write: Write) -> None:
    split = read_split(str(write("a.tsv", "It\tX\r\r\nran\tY\r\r\n\r\r\nNo\tX\r\r\n")), column="tag")
    assert split.tags() == [["X", "Y"], ["X"]]


def test_files_of_a_split_whose_columns_have_names_and_numbers(write: Write) -> None:
    write("c/train-00000-of-00002.tsv", "The\tDET\tB-NP\nran\tVERB\tB-VP\n")
    write("c/train-00001-of-00002.tsv", "no\tINTJ\tB-NP\n\nno\tINTJ\tB-NP\n")
    split = read_corpus(str(write("c/dev.tsv", "Oh\tINTJ\tB-NP\nran\tVERB\tB-VP\n").parent), column="upos").train
    assert split is not None
    assert split.tags() == [["DET", "VERB"], ["INTJ"], ["INTJ"]]


def test_text_that_is_not_divided_into_words_is_noted(write: Write) -> None:
    undivided = read_split(str(write("a.tsv", "我喜欢红苹果。\tB-车\n\n没有人受伤。\tO\n\n" * 5)), column="tag")
    assert any(note.startswith("every sentence has one word only") for note in undivided.notes)
    divided = read_split(str(write("b.tsv", "我\tO\n\n没有\tO\n人\tB-车\n\n" * 5)), column="tag")
    assert not any("one word" in note for note in divided.notes)
