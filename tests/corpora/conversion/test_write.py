"""What is written is read back the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from tagger.corpora.conversion.convert import convert
from tagger.corpora.conversion.write import WRITABLE
from tagger.corpora.read_corpus import read_split
from tagger.errors import OutputError
from tests.corpora.conftest import COMPRESSIONS, TAGS, WORDS, Write


@pytest.mark.parametrize("compression", ["", *COMPRESSIONS])
@pytest.mark.parametrize("form", WRITABLE)
def test_a_round_trip(write: Write, tmp_path: Path, small: str, form: str, compression: str) -> None:
    if form == "parquet" and compression:
        return
    source, out = write("a.conllu", small), tmp_path / f"out{WRITABLE[form]}{compression}"
    convert(str(source), out)
    before, after = read_split(str(source)), read_split(str(out))
    assert (after.tokens(), after.tags()) == (WORDS, TAGS)
    for column in ("xpos", "lemma", "deprel"):
        assert after.column(column) == before.column(column)
    if form != "columns":
        assert after.texts() == before.texts()
    assert not list(tmp_path.glob(".*"))


def test_nothing_is_replaced_unasked(write: Write, tmp_path: Path, small: str) -> None:
    source, out = write("a.conllu", small), write("b.jsonl", "mine")
    with pytest.raises(OutputError, match=r"b\.jsonl: there already; choose another name or --overwrite"):
        convert(str(source), out)
    convert(str(source), out, overwrite=True)
    assert read_split(str(out)).tokens() == WORDS


@pytest.mark.parametrize("form", ["conllu", "columns"])
def test_a_word_that_the_format_cannot_hold(write: Write, tmp_path: Path, form: str) -> None:
    source = write("a.jsonl", '{"tokens": ["a"], "tag": ["X"]}\n{"tokens": ["b\\tc"], "tag": ["X"]}\n')
    with pytest.raises(OutputError, match=r"sentence 2: 'b\\tc' holds a tab or a line end; write JSON lines instead"):
        convert(str(source), tmp_path / "out" / "a", form)
    assert list((tmp_path / "out" / "a").iterdir()) == []


def test_an_unknown_format(write: Write, small: str, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written as 'xml'; choose from conllu, columns, jsonl, parquet"):
        convert(str(write("a.conllu", small)), tmp_path / "a", "xml")


def test_a_place_that_cannot_be_written_to(write: Write, tmp_path: Path) -> None:
    source, file = write("a.conll", "a\tX\n"), write("file", "")
    with pytest.raises(OutputError, match=r"cannot be written: (Not a directory|File exists)"):
        convert(str(source), file, "jsonl", overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.conll", "file"]
