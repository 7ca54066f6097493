"""The catalogue of corpora known by a short name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tagger.corpora.hub.catalogue import TASKS, Entry, entries, lookup, nearest, read_table
from tagger.corpora.hub.hub_id import HubSpec, parse_hub_spec
from tagger.errors import CorpusError

UD = "universal-dependencies/universal_dependencies"
GOOD = '{ task = "ner", language = "Latin", hub = "acme/x", tokens = "t", labels = "l", licence = "CC0" }'


@pytest.mark.parametrize("name", ["en_ewt", "EN-EWT", " en_ewt ", "UD_English-EWT", "ud_english-ewt"])
def test_finds_a_treebank_however_its_code_is_written(name: str) -> None:
    entry = lookup(name)
    assert entry is not None
    assert (entry.name, entry.language, entry.labels) == ("en_ewt", "English", "upos")
    assert entry.spec == HubSpec(UD, "en_ewt", entry.revision)
    assert entry.size == "16,622 sentences, 254,818 words"


def test_knows_what_the_documentation_names() -> None:
    promised = "en_ewt ko_gsd ko_kaist de_gsd fr_gsd es_ancora fi_tdt tr_imst wikitext-2 wikitext-103 ptb"
    for name in (promised + " conll2000 conll2003 wnut17 klue-ner ontonotes5").split():
        assert lookup(name) is not None, name


def test_does_not_find_what_is_not_there() -> None:
    assert lookup("no_such_corpus") is None
    assert lookup("acme/treebank") is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [("en_ewr", "en_ewt"), ("wikitext2", "wikitext-2"), ("conll-2003", "conll2003"), ("zzzzzz", None)],
)
def test_nearest(name: str, expected: str | None) -> None:
    assert nearest(name) == expected


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.name)
def test_each_line_is_complete(entry: Entry) -> None:
    assert entry.task in TASKS
    assert entry.language
    assert entry.licence
    assert parse_hub_spec(str(entry.spec)) == entry.spec
    assert len(entry.sentences) in (0, 3)
    assert lookup(entry.name) is entry
    assert (entry.text is None) == (entry.task != "lm")


def test_a_line_is_all_it_takes(tmp_path: Path) -> None:
    path = tmp_path / "table.toml"
    path.write_text(f"[tagging.lines]\nnew = {GOOD}\n")
    (entry,) = read_table(path)
    assert entry == Entry("new", "ner", "Latin", "acme/x", "CC0", tokens="t", labels="l")
    assert entry.size == "not stated"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (GOOD.replace("licence", "license"), r"table.toml: catalogue line 'new': .*'license'"),
        (GOOD.replace('hub = "acme/x", ', ""), r"'new': missing 1 required .*'hub'"),
        (GOOD.replace("ner", "parsing"), "'new': task is 'parsing', expected one of pos, chunk, ner, lm"),
        (GOOD.replace('labels = "l", ', ""), "'new': labels not given"),
        (GOOD.replace('task = "ner"', 'task = "lm"'), "'new': text not given"),
        ("{", "the catalogue cannot be read"),
    ],
)
def test_says_which_line_is_wrong(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "table.toml"
    path.write_text(f"[tagging.lines]\nnew = {line}\n")
    with pytest.raises(CorpusError, match=message):
        read_table(path)
