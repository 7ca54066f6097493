"""``~`` that the shell leaves, as in ``--out=~/m``, is the home folder in every path."""

from __future__ import annotations

from pathlib import Path

import pytest

from tagger import Tagger, train_pos
from tagger.corpora.conversion.convert import convert
from tagger.errors import ModelError
from tagger.forecasting.forecaster import Forecaster
from tagger.token_regression.regressor import TokenRegressor
from tests.tiny import SETTINGS, TOML, conllu, run, sentences


@pytest.fixture
def home(tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder with a model, a corpus and a text; the working folder is another and stays empty."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "m").symlink_to(tiny_model)
    (folder / "a.conllu").write_text(conllu(sentences(12, 1)))
    (folder / "in.txt").write_text("they can fish\n")
    (folder / "c.toml").write_text(TOML)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("HOME", str(folder))
    return folder


def test_tilde_on_the_command_line(home: Path) -> None:
    assert run("tag", "~/in.txt", "--model=~/m", "--output=tsv", "-o", "~/out.tsv", "--threads", "1").code == 0
    assert [line.split("\t")[0] for line in (home / "out.tsv").read_text().split("\n\n")[0].splitlines()] == [
        "they",
        "can",
        "fish",
    ]
    assert run("evaluate", "~/m", "~/a.conllu", "--json=~/s.json", "--quiet", "--threads", "1").code == 0
    assert run("corpora", "convert", "~/a.conllu", "~/a.jsonl").code == 0
    made = run(
        "train", "pos", "--train=~/a.conllu", "--dev=~/a.jsonl", "--config=~/c.toml", "--out=~/n", "--epochs=1",
        "--threads=1", "--quiet",
    )  # fmt: skip
    assert made.code == 0, made.message
    assert run("inspect", "~/m", "--text=they can", "--html=~/g.html").code == 0
    assert run("models", "show", "~/n").code == 0
    assert {"out.tsv", "s.json", "a.jsonl", "n", "g.html"} <= {path.name for path in home.iterdir()}
    assert list(Path().iterdir()) == []


def test_tilde_in_python(home: Path) -> None:
    train_pos("~/a.conllu", out="~/p", settings={**SETTINGS, "training.epochs": 1}, threads=1)
    assert (
        Tagger.load("~/p", threads=1).tag(["they"]).tokens == Tagger.load(Path("~/p"), threads=1).tag(["they"]).tokens
    )
    assert list(convert("~/a.conllu", "~/b.jsonl").files) == [home / "b.jsonl"]
    for kind in (Forecaster, TokenRegressor):  # the folder is found; it holds a tagger
        with pytest.raises(ModelError, match=f"{home}/p.*tag"):
            kind.load("~/p")
    assert list(Path().iterdir()) == []
