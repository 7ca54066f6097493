"""Formats are told by content, and by name where the content leaves it open."""

from __future__ import annotations

import gzip

import pytest

from tagger.corpora.formats.sniffing import sniff, sniff_document
from tagger.errors import CorpusError
from tests.corpora.conftest import COMPRESSIONS, Write, compressed

ROW = "1\tA\t_\tDET\t_\t_\t0\troot\t_\t_\n"
TEXTS = {
    "conllu": ROW * 3,
    "columns": "A\tX\nB\tY\n\nC\tX\n",
    "jsonl": '{"tokens": ["A"], "upos": ["X"]}\n',
    "csv": "token,upos\nA,X\n",
    "tsv": "upos\tword\nX\tA\n",
    "slashed": "A/DT dog/NN ran/VBD ./.\n",
}


@pytest.mark.parametrize("name", ["a", "a.txt", "a.dat"])
@pytest.mark.parametrize("form", TEXTS)
def test_by_content(write: Write, form: str, name: str) -> None:
    assert sniff(write(name, TEXTS[form]), name) == form


@pytest.mark.parametrize("suffix", COMPRESSIONS)
@pytest.mark.parametrize("form", TEXTS)
def test_compressed(write: Write, form: str, suffix: str) -> None:
    data = compressed(TEXTS[form].encode(), suffix)
    assert sniff(write(f"a{suffix}", data), f"a{suffix}") == form


def test_a_wrong_name_does_not_mislead(write: Write) -> None:
    assert sniff(write("a.conll", TEXTS["conllu"]), "a.conll") == "conllu"
    assert sniff(write("a.csv", TEXTS["jsonl"]), "a.csv") == "jsonl"
    assert sniff(write("a.json", TEXTS["columns"]), "a.json") == "columns"


def test_the_name_decides_what_the_content_leaves_open(write: Write) -> None:
    assert sniff(write("a.conllu", "1\tA\tDET\n"), "a.conllu") == "conllu"
    assert sniff(write("a.csv", "a,b\nc,d\n"), "a.csv") == "csv"


def test_a_first_word_is_no_header(write: Write) -> None:
    assert sniff(write("a.txt", "word\tNOUN\nis\tAUX\n"), "a.txt") == "columns"
    assert sniff(write("a.tsv", "word\tkind\nis\tAUX\n"), "a.tsv") == "tsv"


def test_spaces_separate_columns_too(write: Write) -> None:
    assert sniff(write("a.txt", "The DT B-NP\ndog NN I-NP\n\nIt PRP B-NP\n"), "a.txt") == "columns"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"\n \n", "the file is empty"),
        (b"\xef\xbb\xbf", "the file is empty"),
        (b"It was a dark night. The wind blew, and nobody spoke.\nThen it stopped.\n", "text without labels"),
        (b"it\nwas\na\nnight\n", "words without labels"),
        (b"PK\x03\x04....", "a ZIP archive, or a file of Excel or Word; unpack it"),
        (gzip.compress(b"PAR1", mtime=0), "a compressed Parquet file; unpack it first"),
        ("a\tb\n".encode("utf-16"), "UTF-16 text, expected UTF-8; convert it"),
    ],
)
def test_what_is_no_corpus_is_told(write: Write, content: bytes, message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        sniff(write("a.txt", content), "a.txt")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("T1\tPER 0 3\tAnn\nT2\tLOC 13 17\tOslo\nR1\tlives Arg1:T1 Arg2:T2\n", "stand-off annotations of brat"),
        ("(S (NP (DT The) (NN dog)) (VP (VBZ barks)))\n" * 3, "bracketed trees"),
        ("( (S (NP-SBJ (DT The) (NN dog)) (VP (VBZ barks))))\n", "bracketed trees"),
    ],
)
@pytest.mark.parametrize("name", ["a.txt", "a.ann"])
def test_formats_that_are_named_rather_than_read(write: Write, name: str, content: str, message: str) -> None:
    refusal = rf"{name}: {message}, expected words; convert them"
    with pytest.raises(CorpusError, match=refusal):
        sniff(write(name, content), name)
    with pytest.raises(CorpusError, match=refusal):
        sniff_document(content.encode(), name)


@pytest.mark.parametrize("text", ["(See (a) above.) It rains.\n", "(I) saw (the) dog.\n", "T1 is a train.\n"])
def test_text_with_brackets_is_text(text: str) -> None:
    assert sniff_document(text.encode(), "a.txt") == "text"


def test_a_table_of_short_texts_is_not_one_of_words() -> None:
    table = "2024-01-01\tThe dog barks.\n2024-01-02\tIt rains here.\n2024-01-03\tNo\n"
    with pytest.raises(CorpusError, match=r"a table of texts without names of its columns"):
        sniff_document(table.encode(), "a.txt")
