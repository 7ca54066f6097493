"""How the corpus of a model was read travels with the model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tagger.corpora.formats.options import CorpusReading
from tagger.corpora.read_corpus import read_split
from tests.tiny import TOML, run, sentences


def rows(number: int, seed: int) -> str:
    """Columns with a document, a sentence and a counter before the word, as in OntoNotes."""
    return "\n".join(
        "".join(
            f"doc7\t{n}\t{place}\t{word}\t{tag}\t-\n" for place, (word, tag) in enumerate(zip(*made[:2], strict=True))
        )
        for n, made in enumerate(sentences(number, seed))
    )


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("columns")
    (folder / "tiny.toml").write_text(TOML.replace("epochs = 10", "epochs = 1"))
    (folder / "a.conll").write_text(rows(40, 1))
    options = ("--tokens-column", "4", "--column", "5", "--config", folder / "tiny.toml", "--threads", 1)
    trained = run("train", "pos", folder / "a.conll", *options, "--out", folder / "m", "--quiet")
    assert trained.code == 0, trained.err
    return folder / "m"


def test_tag_and_evaluate_read_the_words_of_training(model: Path, tmp_path: Path) -> None:
    about = json.loads((model / "config.json").read_text())["about"]
    assert about["reading"] == {"format": "columns", "tokens_column": "4", "labels_column": None, "width": 6}
    alone = tmp_path / "alone.conll"
    alone.write_text("doc7\t0\t0\tfish\tVERB\t-\n")  # nothing in it tells which column counts and which holds words
    assert run("tag", alone, "--model", model).out.startswith("fish/")
    assert run("tag", alone, "--model", model, "--tokens-column", "1").out.startswith("doc7/")
    assert run("tag", alone, "--model", model, "--tokens-column", "column5").out.startswith("VERB/")
    (tmp_path / "b.conll").write_text(rows(5, 9))
    words = sum(len(made[0]) for made in sentences(5, 9))
    scored = run("evaluate", model, tmp_path / "b.conll", "--json", "-")
    assert json.loads(scored.out)["test"]["tokens"] == words, scored.err


def test_files_of_another_kind_are_read_by_themselves(model: Path, tmp_path: Path) -> None:
    (tmp_path / "two.tsv").write_text("fish\tVERB\ndog\tNOUN\n")
    assert run("tag", tmp_path / "two.tsv", "--model", model).out.split()[0].startswith("fish/")
    (tmp_path / "a.conllu").write_text("1\tfish\t_\t_\t_\t_\t_\t_\t_\t_\n\n")
    assert run("tag", tmp_path / "a.conllu", "--model", model).out.startswith("1\tfish\t")


@pytest.mark.parametrize("about", [{}, [], {"reading": None}, {"reading": "columns"}, {"reading": {"format": 1}}])
def test_models_that_say_nothing_of_it(about: object) -> None:
    assert CorpusReading.of_model(about) is None


def test_columns_named_in_training_are_those_of_its_format_alone(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"w": ["a"], "t": ["X"], "upos": ["Y"], "tokens": ["b"]}\n')
    (tmp_path / "a.csv").write_text("token,upos\nc,Z\n")
    learnt = CorpusReading("jsonl", "w", "t")
    read = read_split(str(tmp_path / "a.jsonl"), learnt=learnt)
    assert (read.tokens(), read.tags()) == ([["a"]], [["X"]])
    read = read_split(str(tmp_path / "a.jsonl"), learnt=learnt, tokens_column="tokens", labels_column="upos")
    assert (read.tokens(), read.tags()) == ([["b"]], [["Y"]])
    read = read_split(str(tmp_path / "a.csv"), learnt=learnt)
    assert (read.tokens(), read.tags()) == ([["c"]], [["Z"]])
