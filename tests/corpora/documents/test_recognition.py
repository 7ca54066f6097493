"""What a document is taken for: nothing that looks like a format is ever tagged as raw text."""

from __future__ import annotations

import pytest

from tagger.corpora.formats.sniffing import sniff_document
from tagger.errors import CorpusError


@pytest.mark.parametrize(
    ("name", "head", "expected"),
    [
        ("-", "id,text\n1,A dog barks\n", "csv"),
        ("a.txt", "sentence_id,token,upos\n7,A,DET\n7,dog,NOUN\n", "csv"),
        ("-", "1,A,DET\n1,dog,NOUN\n2,It,PRON\n", "csv"),
        ("-", 'nr;text\n1;"a; b"\n2;"c ""d"""\n', "csv"),
        ("-", 'text,label\n"It rains, they say.\nAnd more.",x\nHello there,y\n', "csv"),
        ("a.tsv", "token\tupos\nA\tDET\n", "tsv"),
        ("a.tsv", "word\nA\ndog\n", "tsv"),
        ("a.tsv", "A\tDET\ndog\tNOUN\n", "columns"),
        ("-", "[\n  {\n", "jsonl"),
        ("-", '[{"tokens": ["a"]}]', "jsonl"),
        ("a.txt", '{"text": "a"}\n', "jsonl"),
        ("-", "A DET\nold ADJ\ndog NOUN\n\nIt PRON\n", "columns"),
        ("-", "Ada B-PER\nlives O\nin O\nRome B-LOC\n. O\n", "columns"),
        ("-", "Die ART\nKatze NN1\nund KON\ndie ART\nMaus NN1\n", "columns"),
        ("-", "a\tX\nb\tY\tZ\nc\tZ\n", "columns"),
        ("-", "in/IN Rome/NNP ./.\n", "slashed"),
        ("-", "A|DT|O dog|NN|O\nIt|PRP|O\nSo|RB|O\n", "slashed"),
        ("-", "PAR1\0\0", "parquet"),
        # texts
        ("-", "[Verse]\nLa la la\n", "text"),
        ("-", "{aside}\nla\n", "text"),
        ("-", "<3 to all\nBye\n", "text"),
        ("-", "A <b>dog</b> barks\nIt is.\nMore.\n", "text"),
        ("-", "Mary Smith\nJohn Brown\nJim Beam\nAda King\n", "text"),
        ("-", "MARY SMITH\nJOHN BROWN\nJIM BEAM\nADA KING\n", "text"),
        ("-", "A dog, a cat\nIt, too\nThey, also\n", "text"),
        ("-", '"Hello," she said.\n"Bye," he said.\n"So," I said.\n', "text"),
        ("-", "\tA dog barks.\n\tIt rains.\n\tThey sing.\n", "text"),
        ("-", "- one\n- two\n- three\n", "text"),
        ("-", "我喜欢苹果\n他来了\n好吧\n", "text"),
    ],
)
def test_a_document_is_recognised(name: str, head: str, expected: str) -> None:
    assert sniff_document(head.encode(), name) == expected


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ('<?xml version="1.0"?>\n<TEI>\n', "markup"),
        ("{\\rtf1 A dog barks.}\n", "markup"),
        ("<html><body>\n<p>A dog.</p>\n", "markup"),
        ("<p>A dog barks.</p>\n<p>It rains.</p>\n", "markup"),
        ('<doc id="3" title="Dogs">\nDogs\n\nA dog barks at a cat.\n</doc>\n', "markup"),
        ("1\tA dog barks at a cat.\n2\tIt rains here all day.\n", "a table of texts without names"),
    ],
)
def test_markup_and_tables_of_texts_are_named(head: str, message: str) -> None:
    with pytest.raises(CorpusError, match=rf"a\.txt: {message}.*--input"):
        sniff_document(head.encode(), "a.txt")
