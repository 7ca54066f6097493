"""``tagger train series``, ``tagger forecast``, ``tagger cells``: what they take, print and refuse."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.tagger.forecasting.synthetic_series import write_wave
from tests.tiny import run

SMALL = ("--epochs", 2, "--hidden-size", 6, "--window", 12, "--threads", 1)


@pytest.fixture(autouse=True)
def _no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_wave(tmp_path_factory.mktemp("series") / "wave.csv")


@pytest.fixture(scope="module")
def model(table: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder; not to be written to."""
    out = tmp_path_factory.mktemp("models") / "wave"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "matplotlib.figure", None)
        assert run("train", "series", table, "--targets", "load", "--out", out, "--quiet", *SMALL).code == 0
    return out


def test_a_run_tells_in_figures_and_in_words(table: Path, tmp_path: Path) -> None:
    out = tmp_path / "m"
    done = run(
        "train", "series", table, "--targets", "load,wind", "--horizon", 2, "--seeds", 2, "--out", out, *SMALL
    )  # fmt: skip
    assert done.code == 0, done.err
    assert "table wave: 200 rows, date 2020-01-01 to 2020-07-18" in done.err
    assert "  epoch  loss/step loss/series  dev loss   steps/s     time" in done.err
    metrics = json.loads((out / "metrics.json").read_text())
    for target in ("load", "wind"):
        assert f"{target} on test: the network " in done.out
        assert f"{metrics['test'][target]['network']['rmse']:.4g}" in done.out
    assert "load on test: RMSE by lead" in done.out
    assert "± std" in done.out
    assert done.out.splitlines()[-1] == f"next: tagger forecast {out} {table} --steps 14 --picture forecast.png"


def test_forecasts_as_a_table_and_as_json(model: Path, tmp_path: Path) -> None:
    shown = run("forecast", model, "--steps", 3)
    assert shown.code == 0
    assert "80 % interval" in shown.out
    assert [line.split()[0] for line in shown.out.splitlines()[2:]] == ["2020-07-19", "2020-07-20", "2020-07-21"]
    assert f"note: reading {json.loads((model / 'config.json').read_text())['about']['corpus']['source']}" in shown.err
    assert run("forecast", model, "--steps", 3, "--quiet").err == ""
    path = tmp_path / "next.jsonl"
    assert run("forecast", model, "--steps", 3, "--output", "jsonl", "-o", path).code == 0
    records = [json.loads(line) for line in path.read_text().splitlines()]
    assert [record["lead"] for record in records] == [1, 2, 3]
    assert all(low < record["load"] < high for record in records for low, high in [record["load_80"]])


def test_a_picture_is_drawn(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "f.png"
    said = run("forecast", model, "--picture", path)
    assert "no picture was drawn; it needs matplotlib" in said.err
    monkeypatch.undo()
    assert run("forecast", model, "--picture", path).code == 0
    assert path.read_bytes().startswith(b"\x89PNG")
    refused = run("forecast", model, "--picture", tmp_path / "none" / "f.png")
    assert refused.code == 1
    assert "the picture cannot be written" in refused.err.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("{table}",), "no column to predict is named; name one or several: --targets"),
        (("{table}", "--targets", "rain"), "no column 'rain'; there are: date, load, wind"),
        (("{table}", "--targets", "load", "--time", "day"), "no column 'day'"),
        (("{table}", "--targets", "load", "--window", 500), "a window of 500 steps, longer than the series"),
        (("{table}", "--targets", "load", "--horizon", 100), "too few for a horizon of 100"),
        (("none.csv", "--targets", "load"), "no such file"),
        (("{table}", "--targets", "load", "--learning-rate", -1), "expected more than 0"),
        (("{table}", "--targets", "load", "--seeds", 0), "seeds is 0"),
    ],
)
def test_errors_are_one_line(table: Path, tmp_path: Path, arguments: tuple[object, ...], message: str) -> None:
    given = [str(argument).format(table=table) for argument in arguments]
    done = run("train", "series", *given, "--out", tmp_path / "m", "--quiet", "--threads", 1)
    assert done.code == 1
    assert message in done.message
    assert not (tmp_path / "m").exists()


def test_models_of_other_kinds(model: Path, tiny_model: Path, table: Path, tmp_path: Path) -> None:
    assert "no head that predicts numbers; its heads: tag" in run("forecast", tiny_model, table).message
    assert "no such model folder" in run("forecast", tmp_path / "none", table).message
    assert "no head that tags; its heads: number" in run("tag", "--model", model, "--text", "A dog.").message
    assert "expected 1 to 100,000" in run("forecast", model, table, "--steps", 0).message


def test_over_words_or_over_time(table: Path, tmp_path: Path) -> None:
    from tagger.cli.train_commands.series import steps_are_words

    def over(source: object, **values: object) -> bool:
        fields = {"tokens_column": None, "format_": None, "time_format": None, **values}
        return steps_are_words({"steps": "auto", "source": source and str(source), **fields})

    words = tmp_path / "w.csv"
    words.write_text("word,rt\nthe,200\n")
    lists = tmp_path / "w.jsonl"
    lists.write_text('{"words": ["a"], "rt": [1]}\n')
    assert not over(None)
    assert not over(table)
    assert over(words)
    assert over(lists)
    assert not over(words, data__time="word")
    assert over(table, steps="words")
    assert over(tmp_path)


def test_a_corpus_of_numbers_is_learnt(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    path.write_text('{"words": ["the", "dog"], "rt": [200, 230.5]}\n{"words": ["a", "fox"], "rt": [190, 260]}\n' * 20)
    out = tmp_path / "m"
    done = run("train", "series", path, "--targets", "rt", "--out", out, "--epochs", 1, "--threads", 1)
    assert done.code == 0, done.err
    assert "rt on test" in done.out
    refused = run("train", "series", path, "--targets", "rt", "--steps", "words", "--horizon", 2, "--out", out)
    assert refused.code == 2
    assert "--horizon is for time series" in refused.err


def test_the_former_name_of_steps(table: Path, tmp_path: Path) -> None:
    done = run(
        "train", "series", table, "--targets", "load", "--over", "words", "--horizon", 2, "--out", tmp_path / "m"
    )
    assert done.code == 2
    assert "note: --over is now called --steps" in done.err
    assert "--horizon is for time series" in done.err


def test_cells_on_the_copy_task(tmp_path: Path) -> None:
    done = run("cells", "--task", "copy", "--lengths", "1,2", "--updates", 25, "--hidden-size", 8)
    assert done.code == 0, done.err
    for cell in ("RNN", "LSTM", "GRU"):
        assert f"\n{cell} " in done.out
    assert "untrained LSTM, cell state" in done.out
    assert "N = 2" in done.out
    assert "expected numbers from 1 to 10,000" in run("cells", "--task", "copy", "--lengths", "5,x", "--quiet").message
    assert "--updates is 0" in run("cells", "--task", "copy", "--updates", 0, "--quiet").message
    assert run("cells", tmp_path, "--task", "copy").code == 2


def test_cells_on_a_corpus(tiny_corpus: Path) -> None:
    done = run("cells", tiny_corpus, "--epochs", 1, "--hidden-size", 5, "--threads", 1)
    assert done.code == 0, done.err
    assert done.err.count("training ") == 5
    rows = [line.split() for line in done.out.splitlines() if line.startswith(("RNN", "LSTM", "GRU"))]
    assert [row[0] for row in rows] == ["RNN", "LSTM", "GRU"] * 2
    assert [row[1] for row in rows[:3]] == ["1", "4", "3"]
    assert "trained GRU, hidden state" in done.out


def test_a_model_of_numbers_is_verified(model: Path) -> None:
    told = run("models", "show", model, "--verify")
    assert (told.code, "heads number" in told.out) == (0, True)
