"""Runs that learn numbers, over time and over words: cut off anywhere and resumed, they end in the same weights."""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from tagger.errors import TrainingError
from tagger.forecasting.train import train_series
from tagger.training.checkpoint_store import CheckpointStore
from tests.killing import End, Nursery
from tests.number_runs import Command, over_time, over_words, series_command, words_command
from tests.tagger.forecasting.synthetic_series import QUICK, write_wave
from tests.tagger.token_regression.synthetic_values import sentences, write_conllu
from tests.tagger.training import test_resuming as resuming
from tests.tagger.training.test_resuming import Crash, assert_same, until_done

crashes = resuming.crashes
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("no_curves")]


@pytest.fixture(scope="module")
def wave(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_wave(tmp_path_factory.mktemp("wave") / "wave.csv", 90, ("a", "b"))


@pytest.fixture(scope="module")
def numbers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_conllu(tmp_path_factory.mktemp("numbers") / "c.conllu", sentences())


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"data__horizon": 3, "encoder__layers": 2, "encoder__cell": "gru", "training__schedule": "plateau"},
        {"data__dev": 0.0, "training__average": 0.0, "head__loss": "huber"},
        {"seeds": 2},
    ],
    ids=["plain", "layers and plateau", "without dev", "seeds"],
)
def test_over_time(wave: Path, tmp_path: Path, crashes: list[int], settings: dict[str, Any]) -> None:
    over_time(wave, tmp_path / "whole", **settings)
    crashes += [1, 2, 5, 1]
    until_done(over_time, wave, tmp_path / "broken", **settings)
    assert crashes == []
    assert_same(tmp_path / "broken", tmp_path / "whole")
    assert {path.name for path in tmp_path.iterdir()} == {"whole", "broken"}


def test_the_best_epoch_may_lie_before_the_crash(wave: Path, tmp_path: Path, crashes: list[int]) -> None:
    """Weights that were kept of an earlier epoch come back, too."""
    rough: dict[str, Any] = {
        "training__learning_rate": 0.1, "training__schedule": "constant", "training__average": 0.0,
        "training__epochs": 5,
    }  # fmt: skip
    over_time(wave, tmp_path / "whole", **rough)
    assert [entry["best"] for entry in resuming.log(tmp_path / "whole")][-2:] == [False, False]
    crashes += [59]
    with pytest.raises(Crash):
        over_time(wave, tmp_path / "broken", **rough)
    told = CheckpointStore(tmp_path / "broken.partial" / "training" / "1").load()
    assert told is not None
    assert told["epochs_done"] == 4
    over_time(wave, tmp_path / "broken", **rough)
    assert_same(tmp_path / "broken", tmp_path / "whole")


@pytest.mark.parametrize(
    "settings",
    [{}, {"words__characters": "affix+lstm", "training__schedule": "plateau", "encoder__layers": 2}],
    ids=["plain", "characters and plateau"],
)
def test_over_words(numbers: Path, tmp_path: Path, crashes: list[int], settings: dict[str, Any]) -> None:
    over_words(numbers, tmp_path / "whole", **settings)
    crashes += [1, 3, 8, 1]
    until_done(over_words, numbers, tmp_path / "broken", **settings)
    assert crashes == []
    assert_same(tmp_path / "broken", tmp_path / "whole")


def test_what_changed_is_named(
    wave: Path, numbers: Path, tmp_path: Path, crashes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Values of train, values of dev and words are told apart; those of test may be others."""
    crashes += [2, 2]
    for train, source, out in ((over_time, wave, "time"), (over_words, numbers, "words")):
        with pytest.raises(Crash):
            train(source, tmp_path / out)
    lines = wave.read_text(encoding="utf-8").splitlines()
    for place, what in ((20, "training"), (70, "development")):
        changed = tmp_path / f"{what}.csv"
        changed.write_text("\n".join([*lines[:place], lines[place].replace(",", ",1", 1), *lines[place + 1 :]]) + "\n")
        with pytest.raises(TrainingError, match=rf"cannot resume: the {what} data changed\. Give the data"):
            over_time(changed, tmp_path / "time")
    with pytest.raises(TrainingError, match=r"cannot resume: head\.loss was squared and is absolute\. Give"):
        over_time(wave, tmp_path / "time", head__loss="absolute")
    with pytest.raises(TrainingError, match=r"cannot resume: training\.word_dropout was 0\.3 and is 0\.1\. Give"):
        over_words(numbers, tmp_path / "words", training__word_dropout=0.1)
    other = tmp_path / "other.csv"
    other.write_text("\n".join([*lines[:-1], lines[-1].replace(",", ",1", 1)]) + "\n")
    over_time(other, tmp_path / "time", training__epochs=3)
    told = (tmp_path / "time" / "README.md").read_text(encoding="utf-8")
    assert "- interrupted and resumed once, the last time in epoch 1, after step 2" in told
    assert "- training.epochs was 4 and is 3" in told


def test_the_card_tells_of_interruptions_the_machine_and_the_command(
    numbers: Path, tmp_path: Path, crashes: list[int]
) -> None:
    crashes += [2]
    until_done(over_words, numbers, tmp_path / "m")
    card = (tmp_path / "m" / "README.md").read_text(encoding="utf-8")
    about = json.loads((tmp_path / "m" / "config.json").read_text(encoding="utf-8"))["about"]
    assert "- interrupted and resumed once, the last time in epoch 1, after step 2" in card
    assert about["notes"][-1].startswith("interrupted and resumed once")
    assert f"```sh\n{about['command']}\n```" in card
    assert {"cpu", "cores", "threads", "torch", "cpu capability"} <= set(about["environment"])
    assert all(f"| {value} |" in card for name, value in about["environment"].items() if name in ("threads", "cores"))
    assert "| Sentences | train 72, dev 9, test 9 |" in card
    assert "| encoder.hidden\\_size | 8 |" in card or "| encoder.hidden_size | 8 |" in card


def test_the_easy_way_resumes_too(wave: Path, tmp_path: Path, crashes: list[int]) -> None:
    options: dict[str, Any] = {"targets": ["load"], "group": "site", "settings": QUICK, "threads": 1}
    with pytest.raises(TrainingError, match="no unfinished run to resume"):
        train_series(str(wave), out=tmp_path / "m", resume="yes", **options)
    whole = train_series(str(wave), **options)
    crashes += [1]
    with pytest.raises(Crash):
        train_series(str(wave), out=tmp_path / "m", **options)
    found = train_series(str(wave), out=tmp_path / "m", resume="yes", **options)
    for name, tensor in found.saved.network.state_dict().items():
        assert tensor.equal(whole.saved.network.state_dict()[name]), name


@pytest.fixture(scope="module", params=[series_command, words_command], ids=["time", "words"])
def command(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Command:
    """What trains for a second."""
    made: Command = request.param(tmp_path_factory.mktemp("data"))
    return made


@pytest.fixture(scope="module")
def unbroken(command: Command, nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, float]:
    """Weights of a run that nothing happened to, and its seconds."""
    out = tmp_path_factory.mktemp("unbroken") / "m"
    end = nursery.run([*command, "--out", out])
    assert end.code == 0, end.err
    return (out / "model.safetensors").read_bytes(), end.seconds


@needs_fork
def test_killed_at_random_instants(
    command: Command, nursery: Nursery, unbroken: tuple[bytes, float], tmp_path: Path
) -> None:
    expected, seconds = unbroken
    chance = random.Random(2)
    out = tmp_path / "m"

    def go_on(after: float | None) -> End:
        state = tmp_path / "m.partial" / "training" / "1" / "000001"
        options: Command = ["--out", out, "--resume", "auto"]
        return nursery.run([*command, *options], after=after, until=state if after else None, hook="save_always")

    killed = 0
    for _ in range(3):
        end = go_on(chance.uniform(0.01, 0.5 * seconds))
        assert end.code in (-signal.SIGKILL, 0), end.err
        killed += end.code != 0
    assert killed
    assert go_on(None).code == 0
    assert (out / "model.safetensors").read_bytes() == expected
    assert [path.name for path in tmp_path.iterdir()] == ["m"]
    epochs = [json.loads(line)["epoch"] for line in (out / "log.jsonl").read_text().splitlines()]
    assert epochs == [1, 2, 3, 4, 5, 6]
    again = go_on(None)
    assert (again.code, again.message) == (0, f"{out}: the run is finished, nothing is left to resume")


@pytest.mark.skipif(sys.platform != "linux" or not hasattr(os, "fork"), reason="where the kernel keeps the limit")
def test_the_peak_of_memory_stays_below_a_limit(nursery: Nursery, tmp_path: Path) -> None:
    corpus = write_conllu(tmp_path / "c.conllu", sentences(1_600))
    command: Command = ["train", "series", corpus, "--targets", "rt", "--hidden-size", "300", "--epochs", "1"]

    def trained(name: str, batch: str, *options: str) -> int:
        own: Command = [*command, "--threads", "1", "--quiet", "--batch-tokens", batch, "--out", tmp_path / name]
        end = nursery.run([*own, *options])
        assert end.code == 0, end.err
        return end.peak

    base, whole = trained("base", "2000"), trained("whole", "20000")
    limit = base + (whole - base) * 2 // 3
    assert whole - base > 100_000_000, "the batch is too small to tell anything"
    assert trained("limited", "20000", "--max-memory", str(limit)) < limit < whole
    assert resuming.log(tmp_path / "whole")[0]["num_micro_batches"] == 1
    assert resuming.log(tmp_path / "limited")[0]["num_micro_batches"] > 1
