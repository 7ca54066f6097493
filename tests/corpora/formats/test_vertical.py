"""Vertical text of CWB and Sketch Engine: words in columns, structure tags on lines of their own."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tagger.corpora.read_corpus import read_split
from tests.corpora.conftest import Write
from tests.corpora.document_samples import tag_files

VERTICAL = """\
<doc id="a" title="x > y">
<p>
<s>
The\tDET
<hi rend='it'>
cat\tNOUN
</hi>
<g/>
.\tPUNCT
</s>
</p>
<p>
</p>
<s n="2">
<\tSYM
New York\tPROPN
</s>
</doc>
"""
WORDS = [["The", "cat", "."], ["<", "New York"]]
TAGS = [["DET", "NOUN", "PUNCT"], ["SYM", "PROPN"]]


@pytest.mark.parametrize("name", ["a.vert", "a.txt", "a.tsv", "a.vrt.gz"])
def test_vertical_text_is_recognised_and_read(name: str, write: Write) -> None:
    data = VERTICAL.encode()
    path = write(name, gzip.compress(data) if name.endswith(".gz") else data)
    split = read_split(str(path), column="2")
    assert (split.tokens(), split.tags()) == (WORDS, TAGS)


def test_tags_of_structure_stay_where_they_are(tmp_path: Path) -> None:
    path = tmp_path / "a.vert"
    path.write_text(VERTICAL)
    lines = VERTICAL.split("\n")
    expected = [f"{line}\tL{len(line.split(chr(9))[0])}" if "\t" in line else line for line in lines]
    assert tag_files([path])[0].decode() == "\n".join(expected)
    path.write_text("<doc>\n<s>\nNo\n</s>\n<s>\n<3\n</s>\n</doc>")
    assert tag_files([path])[0].decode() == "<doc>\n<s>\nNo\tL2\n</s>\n<s>\n<3\tL2\n</s>\n</doc>\n"


def test_without_tags_of_sentences_paragraphs_and_blank_lines_end_them(write: Write) -> None:
    path = write("a.vert", "<doc>\n<p>\nThe\tX\ncat\tY\n</p>\n<p>\nNo\tX\n\nOh\tY\n</p>\n</doc>\n")
    assert read_split(str(path), column="tag").tokens() == [["The", "cat"], ["No"], ["Oh"]]


def test_long_texts_are_cut_into_sentences_in_bounded_memory(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tagger.corpora.files.lines.CHUNK_BYTES", 7)
    monkeypatch.setattr("tagger.corpora.files.lines.MAX_BLOCK_BYTES", 200)
    path = write("a.vert", "<doc>\n" + "<s>\nThe\tX\ncat\tY\n</s>\n" * 40 + "</doc>\n")
    assert read_split(str(path), column="tag").tokens() == [["The", "cat"]] * 40
