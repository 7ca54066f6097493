"""Settings as nested frozen dataclasses; each is declared once: type, default, range, help and name of its option."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import Field, asdict, dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from tagger.corpora.files.paths import user_path
from tagger.errors import ConfigError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_Built = TypeVar("_Built")
_Section = TypeVar("_Section", bound="DataclassInstance")

RENAMED: Mapping[str, str] = {
    "training.init_rate": "training.pretrained_lr_scale",
    "training.frozen_epochs": "training.freeze_epochs",
}
"""Settings that files of former versions hold under another name."""


class RenamedSetting(FutureWarning):
    """Warns that a file names a setting as former versions did."""


LARGEST = 2**63  # torch takes no larger seed, and no count is larger


@dataclass(frozen=True, slots=True)
class Range:
    """The values that a setting takes; ``text`` describes them in messages, after "expected"."""

    accepts: Callable[[Any], bool]
    text: str


SIZE = Range(lambda v: 0 < v <= 100_000, "more than 0 and at most 100,000")
SIZE_OR_NONE = Range(lambda v: 0 <= v <= 100_000, "at least 0 and at most 100,000")
POSITIVE = Range(lambda v: 0 < v < LARGEST, "more than 0 and finite")
PROBABILITY = Range(lambda v: 0 <= v < 1, "at least 0 and less than 1")
SHORT = Range(lambda v: 0 <= v <= 64, "at least 0 and at most 64")
NOT_NEGATIVE = Range(lambda v: 0 <= v < LARGEST, "at least 0 and less than 2**63")
SHARE = Range(lambda v: 0 <= v <= 1, "between 0 and 1")
POSITIVE_SHARE = Range(lambda v: 0 < v <= 1, "more than 0 and at most 1")
COUNT = Range(lambda v: 1 <= v < LARGEST, "at least 1")
RISING = Range(lambda v: bool(v) and v[0] >= 1 and list(v) == sorted(set(v)), "rising whole numbers from 1")


@dataclass(frozen=True, slots=True)
class Declaration:
    """The facts about a setting beside its name, type and default.

    Args:
        help: one sentence for ``--help`` and for readers of the code.
        range: the values that it takes; None for all of its type.
        option: its name on the command line, where that is not ``--`` and its own name.
        metavar: stands for its value in ``--help``.
        default_text: describes the default of an open setting in ``--help``.
    """

    help: str
    range: Range | None = None
    option: str | None = None
    metavar: str | None = None
    default_text: str | None = None


def setting(default: Any, help: str, range: Range | None = None, **more: Any) -> Any:
    """Declare a setting as a field of a dataclass.

    A setting whose default is None but whose type is not is open: ``resolve`` chooses its value from the data, and
    from then on it has its type.

    The other arguments are those of ``Declaration``.
    """
    return field(default=default, metadata={"declaration": Declaration(help, range, **more)})


def declaration(field: Field[Any]) -> Declaration:
    """Look up what ``setting`` declared; a plain field has no help and no range."""
    declared: Declaration = field.metadata.get("declaration", Declaration(""))
    return declared


def find_field(config: Any, name: str) -> tuple[Field[Any], Any, Any]:
    """Look up field, type and value of a setting by its dotted name."""
    *tables, key = name.split(".")
    for table in tables:
        config = getattr(config, table)
    field = next(one for one in fields(config) if one.name == key)
    return field, get_type_hints(type(config))[key], getattr(config, key)


def check_ranges(section: Any, where: str, prefix: str = "") -> None:
    """Check every value of a (nested) dataclass against its range.

    Raises:
        ConfigError: a value is out of its range.
    """
    for one in fields(section):
        value = getattr(section, one.name)
        allowed = declaration(one).range
        if is_dataclass(value):
            check_ranges(value, where, f"{prefix}{one.name}.")
        elif value is not None and allowed is not None and not allowed.accepts(value):
            shown = list(value) if isinstance(value, tuple) else value
            raise ConfigError(f"{where}: '{prefix}{one.name}' is {shown!r}; expected {allowed.text}")


def require_resolved(*sections: Any) -> None:
    """Check that no setting of some tables is open.

    Raises:
        ValueError: a setting is None although its type is not.
    """
    for section in sections:
        for name, hint in get_type_hints(type(section)).items():
            if getattr(section, name) is None and NoneType not in get_args(hint):
                raise ValueError(f"'{name}' is open: not resolved; call tagger.config.defaults.resolve first")


class Settings:
    """Base of all configurations. Subclasses are frozen dataclasses of plain values and of such dataclasses."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """Return nested plain values, as stored in ``config.json``."""
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
        """Read a TOML file with a table for each section, such as ``[encoder]``."""
        return cls.from_dict(read_toml(path), where=str(path))

    def with_settings(self, settings: Mapping[str, Any], *, where: str = "settings") -> Self:
        """Copy with dotted settings such as ``{"encoder.layers": 2}`` changed."""
        nested = self.to_dict()
        for dotted, value in settings.items():
            target = nested
            *tables, key = RENAMED.get(dotted, dotted).split(".")
            for table in tables:
                if not isinstance(target.get(table), dict):
                    target[table] = {}  # from_dict refuses the table and names the nearest
                target = target[table]
            target[key] = value
        return self.from_dict(nested, where=where)

    def with_seed(self, seed: int) -> Self:
        """Copy with another seed."""
        return self.with_settings({"training.seed": seed})

    def check(self, *, where: str) -> None:
        """Check what types cannot express.

        Raises:
            ConfigError: a value is out of its range.
        """
        check_ranges(self, where)


def read_toml(path: str | Path) -> dict[str, Any]:
    """Parse a TOML file of settings; former names become the present ones, with a warning.

    Raises:
        ConfigError: the file is missing or malformed.
    """
    import tomllib

    try:
        values = tomllib.loads(user_path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such configuration file") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: not a readable TOML file: {error}") from error
    for old, new in RENAMED.items():
        table, _, key = old.partition(".")
        if isinstance(values.get(table), dict) and key in values[table]:
            _refuse_both(new.partition(".")[2] in values[table], str(path), new)
            warnings.warn(f"{path}: the setting '{old}' is now called '{new}'", RenamedSetting, stacklevel=2)
            values[table][new.partition(".")[2]] = values[table].pop(key)
    return values


def _build(kind: type[_Built], values: Mapping[str, Any], where: str, prefix: str) -> _Built:
    """Build a (nested) dataclass from plain values."""
    hints = get_type_hints(kind)
    defaults = {f.name: f.default for f in fields(kind)}  # type: ignore[arg-type]
    built: dict[str, Any] = {}
    for key, value in values.items():
        key = RENAMED.get(prefix + key, prefix + key).removeprefix(prefix)
        if key not in defaults:
            raise ConfigError(f"{where}: unknown setting '{prefix}{key}'; {_suggest(key, set(defaults), prefix)}")
        hint = hints[key]
        _refuse_both(key in built, where, prefix + key)
        if is_dataclass(hint):
            if not isinstance(value, Mapping):
                raise ConfigError(f"{where}: '{prefix}{key}' is a table of settings, not {value!r}")
            built[key] = _build(cast(type[Any], hint), value, where, f"{prefix}{key}.")
        elif value is None and defaults[key] is None:
            built[key] = None
        else:
            built[key] = _convert(value, hint, where, prefix + key)
    return kind(**built)


def _refuse_both(both: bool, where: str, name: str) -> None:
    """Refuse a setting that has a value under its name and another under its former name."""
    if both:
        former = next(old for old, new in RENAMED.items() if new == name)
        raise ConfigError(f"{where}: '{former}' is the former name of '{name}'; give one of them")


def _suggest(key: str, names: set[str], prefix: str) -> str:
    import difflib

    if near := difflib.get_close_matches(key, names, n=1, cutoff=0.5):
        return f"did you mean '{prefix}{near[0]}'?"
    return "known: " + ", ".join(prefix + name for name in sorted(names))


def alternatives(hint: Any) -> tuple[Any, ...]:
    """List the types that an annotation allows, None left out."""
    united = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    return tuple(one for one in united if one is not NoneType)


def _convert(value: Any, hint: Any, where: str, name: str) -> Any:
    """Check a plain value against its annotation; ints pass for floats and lists for tuples."""
    for option in alternatives(hint):
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
    raise ConfigError(f"{where}: '{name}' is {value!r}; expected {_describe(alternatives(hint))}")


def _describe(options: tuple[Any, ...]) -> str:
    plain = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}
    names: list[str] = []
    for option in options:
        if get_origin(option) is Literal:
            names.append("one of " + ", ".join(map(repr, get_args(option))))
        elif get_origin(option) is tuple:
            names.append("a list of " + {int: "whole numbers", str: "strings"}[get_args(option)[0]])
        else:
            names.append(plain[option])
    return " or ".join(names)


def filled(section: _Section, defaults: _Section) -> _Section:
    """Copy one table of settings, with the values of another where it has None."""
    missing = [one.name for one in fields(section) if getattr(section, one.name) is None]
    return replace(section, **{name: getattr(defaults, name) for name in missing})
