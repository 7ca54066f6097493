"""Settings: every way to give them builds the same object, and every mistake is named."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from typing import Any

import pytest

from tagger.config.base import RenamedSetting
from tagger.config.tagger import Config, EncoderConfig, TrainingConfig, WordsConfig
from tagger.errors import ConfigError
from tests.tiny import SETTINGS, TOML


def test_settings_survive_json() -> None:
    config = Config().with_settings({**SETTINGS, "training.auxiliary": ["xpos", "feats"], "words.vectors": "v.txt"})
    assert Config.from_dict(json.loads(json.dumps(config.to_dict()))) == config
    assert config.training.auxiliary == ("xpos", "feats")


def test_toml_dotted_settings_and_python_agree(tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text('column = "xpos"\n' + TOML)
    from_toml = Config.from_toml(tmp_path / "run.toml")
    assert from_toml == Config().with_settings({"column": "xpos", **SETTINGS})
    assert from_toml.encoder == EncoderConfig(hidden_size=12)


def test_a_configuration_cannot_be_changed() -> None:
    for config in (Config(), WordsConfig(), EncoderConfig(), TrainingConfig()):
        with pytest.raises(FrozenInstanceError):
            setattr(config, fields(config)[0].name, 1)


def test_with_seed_changes_the_seed_alone() -> None:
    config = Config().with_settings(SETTINGS)
    assert config.with_seed(77) == config.with_settings({"training.seed": 77})
    assert config.with_seed(77) != config


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"colum": "upos"}, r"^run\.toml: unknown setting 'colum'; did you mean 'column'\?$"),
        (
            {"encoder": {"hidden_sise": 3}},
            r"unknown setting 'encoder\.hidden_sise'; did you mean 'encoder\.hidden_size'\?",
        ),
        ({"trainning": {}}, r"unknown setting 'trainning'; did you mean 'training'\?"),
        ({"training": {"epoch": 3}}, r"unknown setting 'training\.epoch'; did you mean 'training\.epochs'\?"),
        (
            {"encoder": {"qqq": 3}},
            r"'encoder\.qqq'; known: encoder\.cell, encoder\.hidden_size, encoder\.layers, encoder\.output_size$",
        ),
    ],
)
def test_unknown_settings_name_the_nearest(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Config.from_dict(values, where="run.toml")


@pytest.mark.parametrize(
    ("dotted", "value", "expected"),
    [
        ("encoder.layers", "two", "'encoder.layers' is 'two'; expected a whole number"),
        ("encoder.layers", 2.0, "'encoder.layers' is 2.0; expected a whole number"),
        ("encoder.layers", True, "'encoder.layers' is True; expected a whole number"),
        ("encoder.layers", None, "'encoder.layers' is None; expected a whole number"),
        ("encoder.cell", "lstn", "'encoder.cell' is 'lstn'; expected one of 'lstm', 'gru', 'rnn'"),
        ("encoder.cell", ["lstm"], r"'encoder.cell' is \['lstm'\]; expected one of"),
        ("encoder", 3, "'encoder' is a table of settings, not 3"),
        ("column", 4, "'column' is 4; expected text"),
        ("training.dropout", False, "'training.dropout' is False; expected a number"),
        ("training.learning_rate", "fast", "'training.learning_rate' is 'fast'; expected a number"),
        ("training.auxiliary", "xpos", "'training.auxiliary' is 'xpos'; expected a list of strings"),
        ("training.auxiliary", [1], r"'training.auxiliary' is \[1\]; expected a list of strings"),
        ("words.vectors", 1, "'words.vectors' is 1; expected text"),
    ],
)
def test_wrong_types(dotted: str, value: Any, expected: str) -> None:
    with pytest.raises(ConfigError, match=f"^settings: {expected}"):
        Config().with_settings({dotted: value})


POSITIVE = ["words.embedding_size", "words.min_count", "encoder.layers", "encoder.hidden_size", "training.epochs"]
POSITIVE += ["training.batch_tokens", "training.learning_rate", "training.clip", "training.max_minutes"]


@pytest.mark.parametrize("dotted", POSITIVE)
@pytest.mark.parametrize("value", [0, -1])
def test_sizes_are_more_than_nothing(dotted: str, value: int) -> None:
    with pytest.raises(ConfigError, match=f"'{dotted}' is {value}.*; expected more than 0"):
        Config().with_settings({dotted: value})


@pytest.mark.parametrize("dotted", ["training.dropout", "training.label_smoothing", "training.average"])
@pytest.mark.parametrize("value", [-0.1, 1.0, 40, float("nan")])
def test_shares_lie_below_one(dotted: str, value: float) -> None:
    with pytest.raises(ConfigError, match=f"'{dotted}' is .*; expected at least 0 and less than 1"):
        Config().with_settings({dotted: value})


@pytest.mark.parametrize(
    "dotted", ["training.seed", "training.patience", "words.jamo", "words.jamo_prefixes", "words.prefixes"]
)
def test_counts_are_not_negative(dotted: str) -> None:
    with pytest.raises(ConfigError, match=f"'{dotted}' is -1; expected at least 0"):
        Config().with_settings({dotted: -1})
    assert Config().with_settings({dotted: 0}) != Config().with_settings({dotted: 2})


def test_the_warm_up_may_take_the_whole_run() -> None:
    assert Config().with_settings({"training.warmup": 1}).training.warmup == 1.0
    with pytest.raises(ConfigError, match=r"'training\.warmup' is 1\.5; expected between 0 and 1"):
        Config().with_settings({"training.warmup": 1.5})


@pytest.mark.parametrize(
    ("dotted", "value"),
    [
        ("training.learning_rate", 10**400),
        ("training.learning_rate", float("inf")),
        ("training.seed", 2**64),
        ("encoder.hidden_size", 10**9),
        ("encoder.layers", 10**9),
        ("words.prefixes", 10**9),
    ],
    ids=lambda value: str(value)[:12],
)
def test_numbers_that_no_machine_takes(dotted: str, value: float) -> None:
    with pytest.raises(ConfigError, match=f"'{dotted}' is .*; expected "):
        Config().with_settings({dotted: value})


@pytest.mark.parametrize("dotted", ["encodr.layers", "encoder.layers.deep", "nothing.at.all"])
def test_dotted_settings_that_lead_nowhere(dotted: str) -> None:
    with pytest.raises(ConfigError, match=r"^settings: (unknown setting|'encoder\.layers' is)"):
        Config().with_settings({dotted: 1})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[encoder\nlayers = 1", r"run\.toml: not a readable TOML file: .*line 1"),
        (b"layers = \xff", r"run\.toml: not a readable TOML file: "),
        (b"[encoder]\nlayer = 1", r"run\.toml: unknown setting 'encoder\.layer'; did you mean 'encoder\.layers'\?"),
    ],
)
def test_toml_files_that_cannot_be_used(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "run.toml").write_bytes(content)
    with pytest.raises(ConfigError, match=message) as caught:
        Config.from_toml(tmp_path / "run.toml")
    assert "\n" not in str(caught.value)


def test_toml_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: no such configuration file"):
        Config.from_toml(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match=r"not a readable TOML file: .*directory"):
        Config.from_toml(tmp_path)


def test_a_former_name_beside_the_new_one_is_refused(tmp_path: Path) -> None:
    both = {"init_rate": 0.5, "pretrained_lr_scale": 0.3}
    message = r"'training\.init_rate' is the former name of 'training\.pretrained_lr_scale'; give one of them"
    with pytest.raises(ConfigError, match=message):
        Config.from_dict({"training": both})
    (tmp_path / "run.toml").write_text("[training]\n" + "".join(f"{name} = {value}\n" for name, value in both.items()))
    with pytest.raises(ConfigError, match=r"run\.toml: " + message):
        Config.from_toml(tmp_path / "run.toml")
    changed = Config().with_settings({"training.init_rate": 0.5})
    assert changed.training.pretrained_lr_scale == 0.5


def test_former_names_of_settings_load(tmp_path: Path) -> None:
    old = Config.from_dict({"training": {"init_rate": 0.5, "frozen_epochs": 2}})
    assert (old.training.pretrained_lr_scale, old.training.freeze_epochs) == (0.5, 2)
    (tmp_path / "run.toml").write_text("[training]\ninit_rate = 0.5\nfreeze_epochs = 2\n")
    with pytest.warns(
        RenamedSetting, match=r"run\.toml: the setting 'training\.init_rate' is now called 'training\.pre"
    ):
        assert Config.from_toml(tmp_path / "run.toml") == old
