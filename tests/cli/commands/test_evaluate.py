"""``tagger evaluate``: the figures are those of the model, whatever is asked for."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tagger import Tagger
from tests.tiny import Result, conllu, run, sentences


def evaluate(*arguments: str | Path) -> Result:
    return run("evaluate", *arguments, "--threads", "1")


@pytest.mark.slow
def test_the_table(tiny_model: Path, tiny_corpus: Path) -> None:
    done = evaluate(tiny_model, tiny_corpus)
    assert (done.code, done.err) == (0, "")
    scores = Tagger.load(tiny_model, threads=1).evaluate(str(tiny_corpus))
    assert f"{100 * scores.accuracy:.2f}" in done.out
    assert "accuracy" in done.out


@pytest.mark.parametrize("split", ["dev", "test", "train"])
def test_json_on_stdout_is_all_there_is(tiny_model: Path, tiny_corpus: Path, split: str) -> None:
    done = evaluate(tiny_model, tiny_corpus, "--split", split, "--json", "-")
    assert (done.code, done.err) == (0, "")
    values = json.loads(done.out)
    made = sentences(*{"train": (60, 1), "dev": (15, 2), "test": (15, 3)}[split])
    tagger = Tagger.load(tiny_model, threads=1)
    pairs = [pair for words, tags in made for pair in zip(tagger.tag(words).tags, tags, strict=True)]
    assert values[split]["correct"] == sum(given == gold for given, gold in pairs)
    assert values[split]["tokens"] == len(pairs)
    assert {"accuracy", "unknown_accuracy", "macro_f1"} <= set(values[split])


def test_json_into_a_file(tiny_model: Path, tiny_corpus: Path, tmp_path: Path) -> None:
    done = evaluate(tiny_model, tiny_corpus, "--json", tmp_path / "scores.json")
    assert done.code == 0
    assert f"{100 * json.loads((tmp_path / 'scores.json').read_text())['test']['accuracy']:.2f}" in done.out
    refused = evaluate(tiny_model, tiny_corpus, "--quiet", "--json", tmp_path / "no" / "scores.json")
    assert (refused.code, refused.out) == (1, "")
    assert "scores.json: cannot write: No such file or directory" in refused.message


def test_quiet(tiny_model: Path, tiny_corpus: Path) -> None:
    assert evaluate(tiny_model, tiny_corpus, "--quiet") == Result(0, "", "")


def test_a_file_is_scored_as_a_whole(tiny_model: Path, tmp_path: Path) -> None:
    made = sentences(30, 8)
    (tmp_path / "one.conllu").write_text(conllu(made))
    values = json.loads(evaluate(tiny_model, tmp_path / "one.conllu", "--json", "-").out)
    assert values["test"]["tokens"] == sum(len(words) for words, _ in made)


def test_labels_that_training_never_had_are_counted_and_told(tiny_model: Path, tmp_path: Path) -> None:
    made = [(["they", "can", "fish"], ["PRON", "AUX", "NEW"]), (["it", "sees"], ["NEW", "VERB"])]
    (tmp_path / "new.conllu").write_text(conllu(made))
    done = evaluate(tiny_model, tmp_path / "new.conllu")
    assert done.code == 0
    assert "NEW" in done.out
    values = json.loads(evaluate(tiny_model, tmp_path / "new.conllu", "--json", "-").out)
    assert values["test"]["unseen_labels"] == {"NEW": 2}
    assert values["test"]["correct"] <= 3


def test_another_column(tiny_model: Path, tiny_corpus: Path, tmp_path: Path) -> None:
    done = evaluate(tiny_model, tiny_corpus, "--column", "xpos")  # the tags of the model are written in capitals
    assert (done.code, done.out) == (1, "")
    assert "column 'xpos' holds other labels than the model gives, which learnt 'upos': 0 of " in done.message
    assert "leave --column out" in done.message
    (tmp_path / "copy.tsv").write_text("they\tx\tPRON\ncan\ty\tAUX\n")
    assert (
        "2 words" in evaluate(tiny_model, tmp_path / "copy.tsv", "--column", "3").out
    )  # another name, the same labels


def test_what_is_refused(tiny_model: Path, tiny_corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.conllu").write_text("")
    cases: list[tuple[list[str | Path], str]] = [
        ([tmp_path / "none", tiny_corpus], "none: no such model folder; `tagger train` makes one"),
        ([tiny_corpus, tiny_corpus], "not a model folder: config.json is missing"),
        ([tiny_model, tmp_path / "none.conllu"], "none.conllu"),
        ([tiny_model, tmp_path / "empty.conllu"], "empty.conllu"),
        ([tiny_model, tiny_corpus, "--split", "validation"], "no validation split; there are: "),
        ([tiny_model, tiny_corpus, "--column", "nonesuch"], "nonesuch"),
    ]
    for arguments, message in cases:
        done = evaluate(*arguments)
        assert (done.code, done.out) == (1, "")
        assert message in done.message


def test_more_threads_than_cores(tiny_model: Path, tiny_corpus: Path) -> None:
    done = run("evaluate", tiny_model, tiny_corpus, "--threads", "9999")
    assert done.code == 1
    assert "threads is 9999; expected 1 to" in done.message


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
@pytest.mark.parametrize("fault", ["missing", "cut"])
def test_damaged_models(tiny_model: Path, tiny_corpus: Path, tmp_path: Path, name: str, fault: str) -> None:
    model = Path(shutil.copytree(tiny_model, tmp_path / "m"))
    data = (model / name).read_bytes()
    (model / name).unlink()
    if fault == "cut":
        (model / name).write_bytes(data[: len(data) // 3])
    done = evaluate(model, tiny_corpus)
    assert (done.code, done.out) == (1, "")
    assert name in done.message
