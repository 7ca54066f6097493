"""Every setting of a run, as frozen dataclasses without torch.

The command line, ``--config FILE.toml`` and Python all build the same ``Config``. A setting that is ``None``
is decided from the corpus by ``tagger.defaults.resolve``; the resolved configuration is what a model stores.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from tagger.errors import ConfigError

Cell = Literal["lstm", "gru", "rnn"]
CharacterModel = Literal["affix", "lstm", "cnn", "affix+lstm", "affix+cnn", "none"]
ScheduleName = Literal["cosine", "linear", "constant", "plateau"]
DropoutKind = Literal["locked", "plain"]


@dataclass(frozen=True, slots=True)
class WordsConfig:
    """How a word becomes a vector."""

    embedding_size: int | None = None
    """E of the word embedding."""
    min_count: int | None = None
    """Words seen less often share the embedding of the unknown word."""
    vocabulary_size: int = 200_000
    """At most so many words, the most frequent ones, own an embedding."""
    characters: CharacterModel | None = None
    """Sub-word model: hashed affixes and shape, a character LSTM or CNN, affixes with one of these, or none."""
    prefixes: int = 4
    """Longest prefix among the affix features, in characters."""
    suffixes: int = 5
    """Longest suffix among the affix features, in characters."""
    jamo: int | None = None
    """Longest suffix over decomposed Hangul; 0 switches it off."""
    affix_size: int | None = None
    """E of one affix feature."""
    affix_min_types: int = 2
    """An affix that fewer training words share counts as unknown."""
    character_embedding_size: int = 30
    character_size: int | None = None
    """Size of the vector that the character LSTM or CNN gives a word."""
    output_size: int | None = None
    """D of the finished word vector."""
    vectors: str | None = None
    """File of pre-trained vectors (word2vec, GloVe or fastText text format)."""


@dataclass(frozen=True, slots=True)
class EncoderConfig:
    """The recurrent stacks, one a direction."""

    cell: Cell = "lstm"
    layers: int = 1
    hidden_size: int | None = None
    """H of each layer and direction."""


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """How the weights are found."""

    epochs: int | None = None
    batch_tokens: int | None = None
    """Steps in a batch, padding included."""
    learning_rate: float = 2e-3
    """Peak rate of AdamW (Loshchilov and Hutter 2019)."""
    schedule: ScheduleName = "cosine"
    """After a linear warm-up: cosine (Loshchilov and Hutter 2017) or linear to zero, constant, or halving
    when dev accuracy has not risen for two epochs."""
    warmup: float = 0.1
    """Share of the steps that the warm-up takes."""
    weight_decay: float = 0.01
    beta2: float = 0.99
    """Decay of AdamW's second moments; sparse embeddings want it shorter than the usual 0.999."""
    clip: float = 1.0
    """Largest norm of the gradient of the loss per step (Pascanu et al. 2013)."""
    average: float = 0.999
    """Decay of the running average of the weights; 0 keeps the last weights."""
    dropout: float | None = None
    dropout_kind: DropoutKind = "locked"
    """One mask a sentence (Gal and Ghahramani 2016) or one a step (Srivastava et al. 2014)."""
    word_dropout: float | None = None
    """a: a token of a word seen n times is embedded as the unknown word with probability a / (a + n)
    (Kiperwasser and Goldberg 2016)."""
    label_smoothing: float | None = None
    auxiliary: tuple[str, ...] | None = None
    """Further label columns that extra heads learn along; the heads are dropped from the finished model."""
    auxiliary_weight: float = 0.5
    patience: int = 5
    """Stop after so many epochs without a better dev accuracy; 0 never stops early."""
    max_minutes: float | None = None
    """Time budget; the schedule comes to its end when the time does."""
    seed: int = 1
    precision: Literal["auto", "float32", "bfloat16"] = "float32"
    """Arithmetic of the recurrent layers while training."""


@dataclass(frozen=True, slots=True)
class Config:
    """All settings of a tagger."""

    column: str = "upos"
    words: WordsConfig = field(default_factory=WordsConfig)
    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)

    def to_dict(self) -> dict[str, Any]:
        """Nested plain values, as stored in ``config.json``."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], *, where: str = "configuration") -> Config:
        """Build from nested plain values, checking every key, type and range.

        Args:
            values: as ``to_dict`` gives; missing keys keep their defaults.
            where: named in messages, e.g. the file.

        Raises:
            ConfigError: a key is unknown (the nearest valid one is named) or a value has the wrong type or range.
        """
        config = _build(cls, values, where, "")
        check(config, where=where)
        return config

    @classmethod
    def from_toml(cls, path: str | Path) -> Config:
        """Read a TOML file with the tables ``[words]``, ``[encoder]`` and ``[training]``."""
        return cls.from_dict(read_toml(path), where=str(path))

    def with_settings(self, settings: Mapping[str, Any], *, where: str = "settings") -> Config:
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
        return Config.from_dict(nested, where=where)

    def with_seed(self, seed: int) -> Config:
        """A copy with another seed."""
        return replace(self, training=replace(self.training, seed=seed))


def read_toml(path: str | Path) -> dict[str, Any]:
    """Parse a TOML file; a missing or malformed one is a ``ConfigError`` that names the place."""
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
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
        if get_origin(option) is tuple and isinstance(value, list | tuple) and all(isinstance(v, str) for v in value):
            return tuple(value)
        if option is float and (type(value) is float or (type(value) is int and abs(value) < _LARGEST)):
            return float(value)
        if option in (int, str) and type(value) is option:
            return value
    raise ConfigError(f"{where}: '{name}' is {value!r}; expected {_describe(options)}")


def _describe(options: tuple[Any, ...]) -> str:
    names: list[str] = []
    for option in options:
        if get_origin(option) is Literal:
            names.append("one of " + ", ".join(map(repr, get_args(option))))
        elif get_origin(option) is tuple:
            names.append("a list of strings")
        elif option is not NoneType:
            names.append({int: "a whole number", float: "a number", str: "text"}.get(option, str(option)))
    return " or ".join(names)


_LARGEST = 2**63  # what torch takes for a seed, and more than any count
_SIZES = (
    "words.embedding_size", "words.affix_size", "words.character_embedding_size", "words.character_size",
    "words.output_size", "encoder.hidden_size", "encoder.layers",
)  # fmt: skip
_POSITIVE = (
    "words.min_count", "words.vocabulary_size", "words.affix_min_types", "training.epochs", "training.batch_tokens",
    "training.learning_rate", "training.clip", "training.max_minutes",
)  # fmt: skip
_SHARES = (
    "training.dropout", "training.label_smoothing", "training.average", "training.beta2",
)  # fmt: skip
_AFFIXES = ("words.prefixes", "words.suffixes", "words.jamo")
_NOT_NEGATIVE = (
    "training.patience", "training.seed", "training.weight_decay",
    "training.auxiliary_weight", "training.word_dropout",
)  # fmt: skip


def check(config: Config, *, where: str) -> None:
    """Check ranges.

    Raises:
        ConfigError: a value is out of its range.
    """
    rules: tuple[tuple[tuple[str, ...], Callable[[float], bool], str], ...] = (
        (_SIZES, lambda v: 0 < v <= 100_000, "more than 0 and at most 100,000"),
        (_POSITIVE, lambda v: 0 < v < _LARGEST, "more than 0 and finite"),
        (_SHARES, lambda v: 0 <= v < 1, "at least 0 and less than 1"),
        (_AFFIXES, lambda v: 0 <= v <= 64, "at least 0 and at most 64"),
        (_NOT_NEGATIVE, lambda v: 0 <= v < _LARGEST, "at least 0 and less than 2**63"),
        (("training.warmup",), lambda v: 0 <= v <= 1, "between 0 and 1"),
    )
    for names, good, range_ in rules:
        for name in names:
            table, key = name.split(".")
            value = getattr(getattr(config, table), key)
            if value is not None and not good(value):
                raise ConfigError(f"{where}: '{name}' is {value}; expected {range_}")
