"""Real processes: killed, told to stop, out of room, two in one folder. The full counts are in benchmarks/faults.py."""

from __future__ import annotations

import os
import random
import shutil
import signal
from pathlib import Path

import pytest

from tagger.training.checkpoint_store import CheckpointStore
from tests.killing import Nursery
from tests.tiny import TOML, run

FILES = {"config.json", "log.jsonl", "metrics.json", "model.safetensors", "README.md", "tokenizer.json"}
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")]


@pytest.fixture
def command(tiny_corpus: Path, tmp_path: Path) -> list[str | Path]:
    (tmp_path / "settings.toml").write_text(TOML)
    return ["train", "pos", tiny_corpus, "--config", tmp_path / "settings.toml", "--threads", "1", "--quiet"]


@pytest.fixture(scope="module")
def expected(tiny_corpus: Path, tmp_path_factory: pytest.TempPathFactory, nursery: Nursery) -> bytes:
    """The weights of an unbroken run."""
    folder = tmp_path_factory.mktemp("unbroken")
    (folder / "settings.toml").write_text(TOML)
    options: list[str | Path] = [
        "--config",
        folder / "settings.toml",
        "--threads",
        "1",
        "--quiet",
        "--out",
        folder / "m",
    ]
    assert nursery.run(["train", "pos", tiny_corpus, *options]).code == 0
    return (folder / "m" / "model.safetensors").read_bytes()


def weights(out: Path) -> bytes:
    return (out / "model.safetensors").read_bytes()


def test_killed_at_random_instants(
    nursery: Nursery, command: list[str | Path], tmp_path: Path, expected: bytes
) -> None:
    chance = random.Random(5)
    state = tmp_path / "m.partial" / "training" / "1" / "000001"
    killed = 0
    for _ in range(4):
        end = nursery.run(
            [*command, "--out", tmp_path / "m", "--resume", "auto"], after=chance.uniform(0, 0.3), until=state,
            hook="save_always",
        )  # fmt: skip
        assert end.code in (-signal.SIGKILL, 0), end.err
        killed += end.code != 0
    assert killed
    assert nursery.run([*command, "--out", tmp_path / "m", "--resume", "auto"]).code == 0
    assert weights(tmp_path / "m") == expected
    assert {path.name for path in tmp_path.iterdir()} == {"m", "settings.toml"}
    (tmp_path / "m.partial.lock").touch()  # as if it had been killed in the last moment
    again = nursery.run([*command, "--out", tmp_path / "m", "--resume"])
    assert not (tmp_path / "m.partial.lock").exists()
    assert (again.code, again.message) == (0, f"{tmp_path / 'm'}: the run is finished, nothing is left to resume")


@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM])
def test_told_to_stop(
    nursery: Nursery, command: list[str | Path], tmp_path: Path, expected: bytes, which: signal.Signals
) -> None:
    out = tmp_path / "m"
    command = [*command, "--checkpoint-minutes", "1e-9"]
    state = tmp_path / "m.partial" / "training" / "1" / "000001"
    # On a slow disk a state takes a while, so that the signal meets the run in training.
    end = nursery.run([*command, "--out", out], after=0, with_=which, until=state, hook="slow_disk", value=0.005)
    assert end.code == 128 + which
    assert end.message.startswith("tagger: stopped ")
    assert end.message.endswith("; all is saved, the same command with --resume goes on from there")
    assert not out.exists()
    refused = nursery.run([*command, "--out", out])
    assert refused.code == 1
    assert "an unfinished run is there" in refused.message
    assert nursery.run([*command, "--out", out, "--resume"]).code == 0
    assert weights(out) == expected


def test_killed_while_a_state_is_written(nursery: Nursery, command: list[str | Path], tmp_path: Path) -> None:
    states = tmp_path / "m.partial" / "training" / "1"
    chance = random.Random(3)
    until = states / "000001"
    for _ in range(5):
        end = nursery.run(
            [*command, "--out", tmp_path / "m", "--resume", "auto", "--checkpoint-minutes", "1e-9"],
            after=chance.uniform(0, 0.2), until=until, hook="slow_disk", value=0.01,
        )  # fmt: skip
        assert end.code == -signal.SIGKILL
        store = CheckpointStore(states)
        assert store.load() is not None
        assert store.damaged == []
        assert len(store.numbers()) <= 3  # the third is on its way out
        until = states / "next"


@pytest.mark.parametrize("write", [0, 1, 4, 9, 14, 20])
def test_no_room_at_some_write(
    nursery: Nursery, command: list[str | Path], tmp_path: Path, expected: bytes, write: int
) -> None:
    out = tmp_path / "m"
    nursery.meets_a_full_disk(command, out, write)
    assert weights(out) == expected


def test_files_that_may_not_grow(nursery: Nursery, command: list[str | Path], tmp_path: Path) -> None:
    end = nursery.run([*command, "--out", tmp_path / "m"], hook="small_files", value=10_000)
    assert end.code == 1
    assert "cannot write the state of the run: File too large; about 1 MB are needed" in end.message
    assert end.message.endswith("there is none before it. Fix that, and the same command with --resume goes on")


def test_a_folder_that_may_not_be_written(command: list[str | Path], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    result = run(*command, "--out", tmp_path / "file" / "m")
    assert result.code == 1
    assert "cannot" in result.message


def test_several_runs_into_one_folder(nursery: Nursery, command: list[str | Path], tmp_path: Path) -> None:
    ends = nursery.run_at_once([*command, "--out", tmp_path / "m"], 4)
    assert sorted(end.code for end in ends) == [0, 1, 1, 1]
    refusals = [end.message for end in ends if end.code]
    assert all("another run is writing" in message or "already holds a model" in message for message in refusals)
    assert {path.name for path in tmp_path.iterdir()} == {"m", "settings.toml"}


def test_killed_between_any_two_changes_of_the_disk_at_the_end(
    nursery: Nursery, command: list[str | Path], tmp_path: Path, expected: bytes
) -> None:
    """From the first file of the model to the last thing that is cleared away: the same command always ends the run."""
    command = [*command, "--resume", "auto"]
    assert nursery.run([*command, "--out", tmp_path / "first"], hook="die_at").code == 137
    trained = tmp_path / "first.partial"
    for change in range(100):
        folder = tmp_path / str(change)
        shutil.copytree(trained, folder / "m.partial")
        end = nursery.run([*command, "--out", folder / "m"], hook="die_at", value=change)
        again = nursery.run([*command, "--out", folder / "m"], hook="die_at", value=1_000)
        assert again.code == 0, (change, again.err)
        assert weights(folder / "m") == expected, change
        assert [path.name for path in folder.iterdir()] == ["m"], change
        assert {path.name for path in (folder / "m").iterdir()} == FILES, change
        if end.code == 0:
            break
        assert end.code == 137
    assert 15 < change < 60, change


def test_killed_between_any_two_changes_of_the_disk_while_a_model_is_replaced(
    nursery: Nursery, command: list[str | Path], tmp_path: Path, expected: bytes
) -> None:
    """An earlier model is there until the new one is: at no instant is there none, or neither can be had."""
    command = [*command, "--resume", "auto", "--overwrite"]
    assert nursery.run([*command, "--out", tmp_path / "first"], hook="die_at").code == 137
    trained = tmp_path / "first.partial"
    assert nursery.run([*command, "--epochs", "1", "--out", tmp_path / "old"]).code == 0
    for change in (6, 7, 8, 9, 15, 22):  # the renames, and two of what is cleared away
        folder = tmp_path / str(change)
        shutil.copytree(trained, folder / "m.partial")
        shutil.copytree(tmp_path / "old", folder / "m")
        assert nursery.run([*command, "--out", folder / "m"], hook="die_at", value=change).code == 137
        present = [folder / name for name in ("m", "m.old") if (folder / name).is_dir()]
        assert weights(present[0]) in (expected, weights(tmp_path / "old"))
        assert nursery.run([*command, "--out", folder / "m"], hook="die_at", value=1_000).code == 0
        assert weights(folder / "m") == expected, change
        assert [path.name for path in folder.iterdir()] == ["m"], change
