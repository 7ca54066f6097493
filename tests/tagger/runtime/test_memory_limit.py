"""``--max-memory``: sizes, and real processes whose peak their parent measures."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from tagger.config.language_model import LanguageConfig
from tagger.config.tagger import Config
from tagger.errors import ConfigError
from tagger.runtime.memory_limit import memory_limit, parse_bytes
from tests.killing import End, Nursery
from tests.tiny import TOML, conllu, run, sentences

pytestmark = pytest.mark.slow

Command = list[str | Path]
OFTEN = 3_000
"""Sentences whose one batch takes some hundred megabytes."""


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ("2G", 2_000_000_000), ("500M", 500_000_000), ("1.5GiB", 1_610_612_736), ("12345", 12_345), ("1 gb", 10**9),
        ("64KiB", 65_536), (700_000_000, 700_000_000),
    ],
)  # fmt: skip
def test_sizes(size: str | int, expected: int) -> None:
    assert parse_bytes(size) == expected


@pytest.mark.parametrize("size", ["", "0", "-1G", "2X", "G", "1,5G", "1e9", "2 G B", "inf", 0])
@pytest.mark.parametrize("kind", [Config, LanguageConfig])
def test_what_is_no_size(size: str | int, kind: type[Config] | type[LanguageConfig]) -> None:
    with pytest.raises(ConfigError, match=r"'training\.max_memory' is .*; expected a size such as 500M, 2G or 1\.5GiB"):
        kind().with_settings({"training.max_memory": size})


def test_the_option_names_the_setting() -> None:
    for task in ("pos", "lm"):
        result = run("train", task, "--max-memory", "much", "--quiet")
        assert result.code == 1
        assert "command line: 'training.max_memory' is 'much'; expected a size" in result.message


@pytest.fixture
def command(tmp_path: Path, request: pytest.FixtureRequest) -> Command:
    """One epoch; the size of a batch is its last argument."""
    text = tmp_path / "train.conllu"
    text.write_text(conllu(sentences(OFTEN, 7)), encoding="utf-8")
    (tmp_path / "settings.toml").write_text(TOML)
    train: Command = ["train", request.param, "--train", text, "--epochs", "1", "--threads", "1", "--quiet"]
    if request.param == "pos":
        return [*train, "--config", tmp_path / "settings.toml", "--hidden-size", "150", "--batch-tokens"]
    return [*train, "--hidden-size", "300", "--embedding-size", "100", "--bptt", "30", "--batch-size"]


@pytest.mark.skipif(sys.platform != "linux" or not hasattr(os, "fork"), reason="where the kernel keeps the limit")
@pytest.mark.parametrize(("command", "share"), [("pos", 2 / 3), ("lm", 1 / 4)], indirect=["command"])
def test_the_peak_stays_below_the_limit(nursery: Nursery, command: Command, share: float, tmp_path: Path) -> None:
    """A limit that is this share of the way from what one sentence takes to what a batch would take."""

    def trained(name: str, batch: int, *options: str) -> End:
        end = nursery.run([*command, str(batch), "--out", tmp_path / name, *options])
        assert end.code == 0, end.err
        return end

    few, many = (20, 500) if "lm" in command else (500, 100_000)
    base, whole = trained("base", few).peak, trained("whole", many).peak
    limit = base + int(share * (whole - base))
    assert whole - base > 100_000_000, "the batch is too small to tell anything"
    end = trained("limited", many, "--max-memory", str(limit))
    assert end.peak < limit < whole
    entry = json.loads((tmp_path / "limited" / "log.jsonl").read_text())
    assert entry["num_micro_batches"] > 1
    assert json.loads((tmp_path / "whole" / "log.jsonl").read_text())["num_micro_batches"] == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("command", ["pos", "pos --lm-weight 0.5", "lm"])
def test_a_limit_that_is_not_met_changes_nothing(
    nursery: Nursery, command: str, tiny_corpus: Path, tmp_path: Path
) -> None:
    (tmp_path / "settings.toml").write_text(TOML)
    own: Command = ["--config", tmp_path / "settings.toml"] if "pos" in command else ["--hidden-size", "12"]
    told: Command = ["train", *command.split(), tiny_corpus, *own, "--epochs", "2", "--threads", "2", "--quiet"]
    assert nursery.run([*told, "--out", tmp_path / "free"]).code == 0
    assert nursery.run([*told, "--out", tmp_path / "limited", "--max-memory", "100G"]).code == 0
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("free", "limited")]
    assert weights[0] == weights[1]


@pytest.mark.skipif(sys.platform != "linux" or not hasattr(os, "fork"), reason="where the kernel keeps the limit")
@pytest.mark.parametrize("command", ["pos"], indirect=True)
def test_a_limit_that_nothing_fits_into(nursery: Nursery, command: Command, tmp_path: Path) -> None:
    end = nursery.run([*command, "500", "--out", tmp_path / "m", "--max-memory", "90M"])
    assert end.code == 1
    assert end.message.startswith("tagger: error: --max-memory is 90M, but the program and the data take ")
    assert ": give at least " in end.message
    assert "Traceback" not in end.err


@pytest.mark.skipif(sys.platform != "linux" or not hasattr(os, "fork"), reason="where the kernel keeps the limit")
@pytest.mark.parametrize("command", ["lm"], indirect=True)
def test_a_limit_that_a_single_row_does_not_fit_into(nursery: Nursery, command: Command, tmp_path: Path) -> None:
    """The program fits, the network does not."""
    large: Command = ["--hidden-size", "4000", "--embedding-size", "2000"]
    end = nursery.run([*command, "20", *large, "--out", tmp_path / "m", "--max-memory", "600M"])
    assert end.code == 1
    assert end.message.startswith("tagger: error: --max-memory is 600M, too little even for batches of a single row: ")
    assert "give more, or a smaller --hidden-size" in end.message
    assert "Traceback" not in end.err


def test_a_system_without_such_limits_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    read_text = Path.read_text

    def missing(path: Path, **options: str) -> str:
        if path.is_relative_to("/proc"):
            raise FileNotFoundError
        return read_text(path, **options)

    monkeypatch.setattr(Path, "read_text", missing)
    with pytest.raises(ConfigError, match=r"training\.max_memory: only Linux can limit"), memory_limit("2G"):
        pass
