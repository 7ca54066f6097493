"""Settings as nested frozen dataclasses: built from plain values, every key, type and range checked."""

from __future__ import annotations

import difflib
import tomllib
import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields, is_dataclass, replace
from pathlib import Path
from types import NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Literal,
    Self,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from tagger.errors import ConfigError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

RENAMED: Mapping[str, str] = {
    "training.init_rate": "training.pretrained_lr_scale",
    "training.frozen_epochs": "training.freeze_epochs",
}
"""Settings that files of former versions hold under another name."""


class RenamedSetting(FutureWarning):
    """A file names a setting as former versions did."""


LARGEST = 2**63  # what torch takes for a seed, and more than any count


class Range:
    """What a number may be.

    Args:
        good: tells.
        text: says.
    """

    def __init__(self, good: Callable[[float], bool], text: str) -> None:
        self.good = good
        self.text = text


SIZE = Range(lambda v: 0 < v <= 100_000, "more than 0 and at most 100,000")
SIZE_OR_NONE = Range(lambda v: 0 <= v <= 100_000, "at least 0 and at most 100,000")
POSITIVE = Range(lambda v: 0 < v < LARGEST, "more than 0 and finite")
PROBABILITY = Range(lambda v: 0 <= v < 1, "at least 0 and less than 1")
SHORT = Range(lambda v: 0 <= v <= 64, "at least 0 and at most 64")
NOT_NEGATIVE = Range(lambda v: 0 <= v < LARGEST, "at least 0 and less than 2**63")
SHARE = Range(lambda v: 0 <= v <= 1, "between 0 and 1")


class Settings:
    """What all configurations can do. Subclasses are frozen dataclasses of plain values and of such dataclasses."""

    __slots__ = ()
    RANGES: ClassVar[Mapping[str, Range]] = {}
    """The range of each number, by its dotted name."""

    def to_dict(self) -> dict[str, Any]:
        """Nested plain values, as stored in ``config.json``."""
        return asdict(self)  # type: ignore[call-overload, no-any-return]

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], *, where: str = "configuration") -> Self:
        """Build from nested plain values, checking every key, type and range.

        Args:
            values: as ``to_dict`` gives; missing keys keep their defaults.
            where: named in messages, e.g. the file.

        Raises:
            ConfigError: a key is unknown (the nearest valid one is named) or a value has the wrong type or range.
        """
        config = _build(cls, values, where, "")
        config.check(where=where)
        return config

    @classmethod
    def from_toml(cls, path: str | Path) -> Self:
        """Read a TOML file with a table for each section, such as ``[words]``, ``[encoder]`` and ``[training]``."""
        return cls.from_dict(read_toml(path), where=str(path))

    def with_settings(self, settings: Mapping[str, Any], *, where: str = "settings") -> Self:
        """A copy with dotted settings such as ``{"encoder.layers": 2}`` changed."""
        nested = self.to_dict()
        for dotted, value in settings.items():
            target = nested
            *tables, key = dotted.split(".")
            for table in tables:
                if not isinstance(target.get(table), dict):
                    target[table] = {}  # no such table: from_dict says so, and names the nearest
                target = target[table]
            target[key] = value
        return self.from_dict(nested, where=where)

    def with_seed(self, seed: int) -> Self:
        """A copy with another seed."""
        return self.with_settings({"training.seed": seed})

    def check(self, *, where: str) -> None:
        """Check ranges.

        Raises:
            ConfigError: a value is out of its range.
        """
        for name, allowed in self.RANGES.items():
            value: Any = self
            for key in name.split("."):
                value = getattr(value, key)
            if value is not None and not allowed.good(value):
                raise ConfigError(f"{where}: '{name}' is {value}; expected {allowed.text}")


def ranges(*groups: tuple[Range, str]) -> dict[str, Range]:
    """A table of ranges from names separated by blanks."""
    return {name: allowed for allowed, names in groups for name in names.split()}


def read_toml(path: str | Path) -> dict[str, Any]:
    """Parse a TOML file of settings; former names become the present ones, with a warning.

    Raises:
        ConfigError: the file is missing or malformed.
    """
    try:
        values = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        for old, new in RENAMED.items():
            table, _, key = old.partition(".")
            if isinstance(values.get(table), dict) and key in values[table]:
                warnings.warn(f"{path}: the setting '{old}' is now called '{new}'", RenamedSetting, stacklevel=2)
                values[table][new.partition(".")[2]] = values[table].pop(key)
        return values
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such configuration file") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: not a readable TOML file: {error}") from error


_Built = TypeVar("_Built")


def _build(kind: type[_Built], values: Mapping[str, Any], where: str, prefix: str) -> _Built:
    """Build a (nested) dataclass from plain values."""
    hints = get_type_hints(kind)
    names = {f.name for f in fields(kind)}  # type: ignore[arg-type]
    built: dict[str, Any] = {}
    for key, value in values.items():
        key = RENAMED.get(prefix + key, prefix + key).removeprefix(prefix)
        if key not in names:
            raise ConfigError(f"{where}: unknown setting '{prefix}{key}'; {_suggest(key, names, prefix)}")
        hint = hints[key]
        if is_dataclass(hint):
            if not isinstance(value, Mapping):
                raise ConfigError(f"{where}: '{prefix}{key}' is a table of settings, not {value!r}")
            built[key] = _build(cast(type[Any], hint), value, where, f"{prefix}{key}.")
        else:
            built[key] = _convert(value, hint, where, prefix + key)
    return kind(**built)


def _suggest(key: str, names: set[str], prefix: str) -> str:
    near = difflib.get_close_matches(key, names, n=1, cutoff=0.5)
    if near:
        return f"did you mean '{prefix}{near[0]}'?"
    return "known: " + ", ".join(prefix + name for name in sorted(names))


def _convert(value: Any, hint: Any, where: str, name: str) -> Any:
    """Check a plain value against its annotation; ints pass for floats and lists for tuples."""
    options = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    for option in options:
        if option is NoneType and value is None:
            return None
        if get_origin(option) is Literal and value in get_args(option):
            return value
        if get_origin(option) is tuple and isinstance(value, list | tuple):
            if all(type(v) is get_args(option)[0] for v in value):
                return tuple(value)
            continue
        if option is float and (type(value) is float or (type(value) is int and abs(value) < LARGEST)):
            return float(value)
        if option in (int, str, bool) and type(value) is option:
            return value
    raise ConfigError(f"{where}: '{name}' is {value!r}; expected {_describe(options)}")


def _describe(options: tuple[Any, ...]) -> str:
    names: list[str] = []
    for option in options:
        if get_origin(option) is Literal:
            names.append("one of " + ", ".join(map(repr, get_args(option))))
        elif get_origin(option) is tuple:
            names.append("a list of " + {int: "whole numbers", str: "strings"}[get_args(option)[0]])
        elif option is not NoneType:
            names.append(
                {int: "a whole number", float: "a number", str: "text", bool: "true or false"}.get(option, str(option))
            )
    return " or ".join(names)


_Section = TypeVar("_Section", bound="DataclassInstance")


def filled(section: _Section, defaults: _Section) -> _Section:
    """One table of settings, with the values of another where it has None."""
    missing = [field.name for field in fields(section) if getattr(section, field.name) is None]
    return replace(section, **{name: getattr(defaults, name) for name in missing})
