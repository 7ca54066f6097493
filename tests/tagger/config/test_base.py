"""Settings of any kind: every type that an annotation may name, every range, every message."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

from tagger.config import base as settings
from tagger.config.base import Settings, alternatives, declaration, find_field, setting
from tagger.config.forecaster import ForecasterConfig
from tagger.config.language_model import LanguageConfig
from tagger.config.tagger import Config
from tagger.config.token_regressor import TokenRegressorConfig
from tagger.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Table:
    """One of each kind."""

    switch: bool = False
    number: int = setting(3, "How many.", settings.SIZE)
    share: float = setting(0.5, "How much.", settings.SHARE)
    name: str = "a"
    either: Literal["x", "y"] = "x"
    sizes: tuple[int, ...] = (1, 2)
    names: tuple[str, ...] | None = None
    maybe: float | None = setting(None, "Perhaps.", settings.SHARE)
    open: int = setting(None, "Chosen later.", settings.SIZE)


@dataclass(frozen=True, slots=True)
class Example(Settings):
    """A table, and a plain value beside it."""

    title: str = "t"
    table: Table = field(default_factory=Table)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("switch", True, True),
        ("switch", False, False),
        ("number", 7, 7),
        ("share", 1, 1.0),
        ("share", 0.25, 0.25),
        ("name", "", ""),
        ("either", "y", "y"),
        ("sizes", [5, 6, 7], (5, 6, 7)),
        ("sizes", (5,), (5,)),
        ("sizes", [], ()),
        ("names", ["a", "b"], ("a", "b")),
        ("names", None, None),
        ("maybe", None, None),
        ("maybe", 0, 0.0),
        ("open", None, None),
        ("open", 4, 4),
    ],
)
def test_values_that_fit(key: str, value: Any, expected: Any) -> None:
    found = getattr(Example.from_dict({"table": {key: value}}).table, key)
    assert found == expected
    assert type(found) is type(expected)
    assert Example().with_settings({f"table.{key}": value}) == Example.from_dict({"table": {key: value}})


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("switch", 1, "1; expected true or false"),
        ("switch", 0, "0; expected true or false"),
        ("switch", "true", "'true'; expected true or false"),
        ("switch", None, "None; expected true or false"),
        ("number", True, "True; expected a whole number"),
        ("number", 2.0, "2.0; expected a whole number"),
        ("share", True, "True; expected a number"),
        ("share", 2**70, f"{2**70}; expected a number"),
        ("share", "0.5", "'0.5'; expected a number"),
        ("name", 1, "1; expected text"),
        ("either", "z", "'z'; expected one of 'x', 'y'"),
        ("either", ["x"], "['x']; expected one of 'x', 'y'"),
        ("sizes", 3, "3; expected a list of whole numbers"),
        ("sizes", [1, 2.0], "[1, 2.0]; expected a list of whole numbers"),
        ("sizes", [1, True], "[1, True]; expected a list of whole numbers"),
        ("sizes", ["1"], "['1']; expected a list of whole numbers"),
        ("sizes", None, "None; expected a list of whole numbers"),
        ("names", [1], "[1]; expected a list of strings"),
        ("names", "ab", "'ab'; expected a list of strings"),
        ("maybe", "no", "'no'; expected a number"),
        ("open", 1.0, "1.0; expected a whole number"),
    ],
)
def test_values_of_another_kind(key: str, value: Any, expected: str) -> None:
    with pytest.raises(ConfigError) as error:
        Example.from_dict({"table": {key: value}}, where="x.toml")
    assert str(error.value) == f"x.toml: 'table.{key}' is {expected}"


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("number", 0, "0; expected more than 0 and at most 100,000"),
        ("number", 100_001, "100001; expected more than 0 and at most 100,000"),
        ("share", 1.5, "1.5; expected between 0 and 1"),
        ("share", math.nan, "nan; expected between 0 and 1"),
        ("maybe", -0.5, "-0.5; expected between 0 and 1"),
        ("maybe", math.inf, "inf; expected between 0 and 1"),
    ],
)
def test_values_out_of_range(key: str, value: Any, expected: str) -> None:
    with pytest.raises(ConfigError) as error:
        Example().with_settings({f"table.{key}": value})
    assert str(error.value) == f"settings: 'table.{key}' is {expected}"


@pytest.mark.parametrize(
    ("allowed", "good", "bad"),
    [
        (settings.SIZE, [1, 100_000], [0, -1, 100_001, math.nan]),
        (settings.SIZE_OR_NONE, [0, 100_000], [-1, 100_001, math.nan]),
        (settings.POSITIVE, [1e-30, 2**62], [0, -1, 2**63, math.inf, math.nan]),
        (settings.PROBABILITY, [0, 0.999], [1, -0.1, math.nan]),
        (settings.SHORT, [0, 64], [-1, 65, math.nan]),
        (settings.NOT_NEGATIVE, [0, 2**62], [-1e-9, 2**63, math.inf, math.nan]),
        (settings.SHARE, [0, 1], [-1e-9, 1.1, math.nan]),
    ],
)
def test_ranges(allowed: settings.Range, good: list[float], bad: list[float]) -> None:
    assert all(allowed.accepts(value) for value in good)
    assert not any(allowed.accepts(value) for value in bad)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"tabel": {}}, "unknown setting 'tabel'; did you mean 'table'?"),
        ({"table": {"swich": True}}, "unknown setting 'table.swich'; did you mean 'table.switch'?"),
        ({"table": {"qqqq": True}}, "unknown setting 'table.qqqq'; known: table.either, table.maybe"),
        ({"table": 3}, "'table' is a table of settings, not 3"),
        ({"title": {"a": 1}}, "'title' is {'a': 1}; expected text"),
    ],
)
def test_names_that_there_are_not(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        Example.from_dict(values, where="run.toml")
    assert str(error.value).startswith(f"run.toml: {message}")


@pytest.mark.parametrize("name", ["tabel.switch", "title.a.b", "table.switch.on"])
def test_dotted_names_that_there_are_not(name: str) -> None:
    with pytest.raises(ConfigError):
        Example().with_settings({name: True})


def test_all_ways_make_the_same(tmp_path: Path) -> None:
    (tmp_path / "e.toml").write_text('title = "u"\n[table]\nswitch = true\nsizes = [4, 5]\nnames = ["n"]\nmaybe = 1\n')
    changes = {"title": "u", "table.switch": True, "table.sizes": [4, 5], "table.names": ["n"], "table.maybe": 1}
    one = Example.from_toml(tmp_path / "e.toml")
    assert one == Example().with_settings(changes)
    assert one == Example("u", Table(switch=True, sizes=(4, 5), names=("n",), maybe=1.0))
    assert Example.from_dict(json.loads(json.dumps(one.to_dict()))) == one
    assert Example().with_settings({}) == Example()


@pytest.mark.parametrize("text", ["[table\n", "title = 'é'\n".encode("latin-1"), None])
def test_files_that_cannot_be_read(text: str | bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "e.toml"
    if text is not None:
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(ConfigError, match=r"e\.toml: n") as error:
        Example.from_toml(path)
    assert "\n" not in str(error.value)


KINDS = [Config, LanguageConfig, ForecasterConfig, TokenRegressorConfig]


@pytest.mark.parametrize("kind", KINDS)
def test_every_setting_has_a_help_and_every_number_a_range(kind: type[Settings]) -> None:
    """A number without a range could be negative."""
    for table, values in kind().to_dict().items():
        for key in values if isinstance(values, dict) else ():
            name = f"{table}.{key}"
            field, hint, _ = find_field(kind(), name)
            assert declaration(field).help.endswith("."), name
            if {int, float} & set(alternatives(hint)):
                with pytest.raises(ConfigError, match=f"'{name}' is "):
                    kind().with_settings({name: -1})


@pytest.mark.parametrize("kind", [Config, LanguageConfig])
@pytest.mark.parametrize("value", [[9, 3], [0, 3], [3, 3], []])
def test_cutoffs_rise_wherever_they_are_given(kind: type[Settings], value: list[int]) -> None:
    with pytest.raises(ConfigError, match=r"'head\.cutoffs' is .*; expected rising whole numbers from 1"):
        kind().with_settings({"head.cutoffs": value})
