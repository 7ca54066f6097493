"""``tagger corpora``: the catalogue, one corpus, conversion."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tagger.cli.commands.corpora import corpora
from tagger.corpora.hub.catalogue import entries
from tagger.errors import CorpusError, OutputError
from tests.tiny import conllu


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(corpora, [str(argument) for argument in arguments])


def test_the_list_names_every_corpus() -> None:
    result = run()
    assert result.exit_code == 0
    for entry in entries():
        assert f"\n{entry.name} " in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 120
    (line,) = [line for line in result.stdout.splitlines() if line.startswith("en_ewt ")]
    assert line.split() == ["en_ewt", "POS", "English", "16,622", "254,818", "CC", "BY-SA", "4.0", "UD"]


def test_one_corpus_of_the_catalogue() -> None:
    lines = run("en_ewt").stdout.splitlines()
    assert "hub        universal-dependencies/universal_dependencies:en_ewt@2.17" in lines
    assert "sentences  train 12,544, dev 2,001, test 2,077" in lines
    assert json.loads(run("wikitext-2", "--json").stdout)["columns"] == {"text": "text"}


def test_one_corpus_on_disk(tiny_corpus: Path) -> None:
    found = json.loads(run(tiny_corpus, "--json").stdout)
    assert found["name"] == tiny_corpus.name
    assert found["files"][0] == f"train: {tiny_corpus / 'xx_tiny-ud-train.conllu'} (conllu)"
    assert "OWNER/NAME" not in run("acme/treebank").stdout
    assert "hub        acme/treebank:xx" in run("acme/treebank:xx").stdout


def test_figures(tmp_path: Path) -> None:
    for part, made in (
        ("train", [(["They", "fish"], ["PRON", "VERB"])] * 3),
        ("test", [(["They", "run", "off", "they"], ["PRON", "VERB", "ADP", "PRON"])]),
        ("dev", [(["fish"], ["NOUN"])]),
    ):
        (tmp_path / f"x-{part}.conllu").write_text(conllu(made), encoding="utf-8")
    result = run(tmp_path, "--stats")
    rows = [line.split() for line in result.stdout.splitlines()]
    assert ["train", "3", "6", "2", "2"] in rows
    assert ["test", "1", "4", "4", "3", "75.00", "%"] in rows
    assert ["PRON", "3", "50.00", "-", "2", "50.00"] in rows
    assert ["NOUN", "-", "1", "100.00", "-"] in rows
    found = json.loads(run(tmp_path, "--stats", "--json", "--column", "xpos").stdout)
    assert (found["column"], found["parts"][1]["unknown_rate"]) == ("xpos", 0.0)
    assert found["parts"][2]["labels"] == {"pron": 2, "verb": 1, "adp": 1}


def test_an_unknown_name() -> None:
    result = run("en_ewd")
    assert isinstance(result.exception, CorpusError)
    assert str(result.exception) == "en_ewd: no such corpus; did you mean en_ewt?"


def test_convert(tmp_path: Path) -> None:
    source = tmp_path / "a.conll"
    source.write_text("Ann\tB-PER\nLee\tI-PER\n\nran\tO\n", encoding="utf-8")
    out = tmp_path / "b.jsonl"
    result = run("convert", source, out, "--scheme", "ioBEs")
    assert (result.exit_code, result.stdout, result.stderr) == (0, f"{out}: 2 sentences\n", "")
    assert json.loads(out.read_text().splitlines()[0])["tag"] == ["B-PER", "E-PER"]
    assert isinstance(run("convert", source, out).exception, OutputError)
    assert run("convert", source, out, "--overwrite").exit_code == 0
    result = run("convert", source, tmp_path / "c", "--to", "parquet")
    assert result.stdout == f"{tmp_path / 'c' / 'a.parquet'}: 2 sentences\n"


def test_convert_says_what_is_lost(tmp_path: Path) -> None:
    source = tmp_path / "a.conllu"
    span = "\t".join(["1-2", "can't", *"_" * 8])
    source.write_text(conllu([(["ca", "n't"], ["AUX", "PART"])]).replace("\n1\t", f"\n{span}\n1\t"))
    result = run("convert", source, tmp_path / "b.conll")
    assert result.stderr == "note: multiword ranges, empty nodes: 1 left out, there is no place for them in columns\n"
    bad = tmp_path / "bad.conllu"
    bad.write_text(source.read_text() + "1\tx\n")
    result = run("convert", bad, tmp_path / "c.conllu", "--skip-invalid")
    assert result.exit_code == 0
    assert f"note: 1 unreadable sentence was left out: {bad}:6: 2 columns" in result.stderr


@pytest.mark.parametrize(
    "arguments", [("convert",), ("convert", "a"), ("convert", "a", "b", "--to", "xml"), ("a", "b")]
)
def test_wrong_usage(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2
