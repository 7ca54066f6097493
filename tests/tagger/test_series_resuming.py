"""Runs that learn numbers, over time and over words: killed at random instants, resumed, to the same weights."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.killing import End, Nursery

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
Command = list[str | Path]


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery() as made:
        yield made


@pytest.fixture(scope="module", params=["time", "words"])
def command(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Command:
    """What trains for a second."""
    rng = random.Random(4)
    folder = tmp_path_factory.mktemp(request.param)
    options: Command = ["--hidden-size", "8", "--epochs", "6", "--dropout", "0.3", "--threads", "1", "--quiet"]
    if request.param == "time":
        rows = [f"2024-{1 + day // 28:02}-{1 + day % 28:02},{day % 7 + rng.random():.3f}" for day in range(336)]
        (folder / "data.csv").write_text("\n".join(["date,level", *rows]) + "\n")
        return ["train", "series", folder / "data.csv", "--targets", "level", *options, "--batch-tokens", "64"]
    words = ["the", "dog", "sees", "a", "cat"]
    sentences = [
        "".join(f"{n}\t{word}\t_\t_\t_\t_\t_\t_\t_\tRT={300 + 20 * len(word) + rng.random():.2f}\n"
                for n, word in enumerate(rng.sample(words, 4), 1))
        for _ in range(200)
    ]  # fmt: skip
    (folder / "data.conllu").write_text("\n".join(sentences) + "\n")
    return ["train", "series", folder / "data.conllu", "--targets", "RT", *options, "--batch-tokens", "40"]


@pytest.fixture(scope="module")
def unbroken(command: Command, nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, float]:
    """Weights of a run that nothing happened to, and its seconds."""
    out = tmp_path_factory.mktemp("unbroken") / "m"
    end = nursery.run([*command, "--out", out])
    assert end.code == 0, end.err
    return (out / "model.safetensors").read_bytes(), end.seconds


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
    epochs = [line.split('"epoch": ')[1].split(",")[0] for line in (out / "log.jsonl").read_text().splitlines()]
    assert epochs == ["1", "2", "3", "4", "5", "6"]
    again = go_on(None)
    assert (again.code, again.message) == (0, f"{out}: the run is finished, nothing is left to resume")


def test_another_run_is_not_gone_on_with(command: Command, nursery: Nursery, tmp_path: Path) -> None:
    out = tmp_path / "m"
    state = tmp_path / "m.partial" / "training" / "1" / "000001"
    stopped = nursery.run([*command, "--out", out], after=0, with_=signal.SIGINT, until=state, hook="save_always")
    assert stopped.code == 130, stopped.err
    assert "same command with --resume goes on" in stopped.message
    refused = nursery.run([*command, "--out", out, "--resume", "--hidden-size", "9"])
    assert refused.code == 1
    assert "cannot resume: " in refused.message
    assert "encoder.hidden_size was 8 and is 9. Give the data and the settings" in refused.message
    data = next(Path(part) for part in command if str(part).endswith((".csv", ".conllu")))
    before = data.read_text()
    try:
        data.write_text(before.replace("3", "4", 1) if data.suffix == ".conllu" else before.replace(",0.", ",9.", 1))
        changed = nursery.run([*command, "--out", out, "--resume"])
    finally:
        data.write_text(before)
    assert changed.code == 1
    assert "changed. Give the data and the settings" in changed.message
    assert nursery.run([*command, "--out", out, "--resume"]).code == 0
    assert "interrupted and resumed once" in (out / "README.md").read_text() + (out / "config.json").read_text()
