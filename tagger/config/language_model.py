"""Every setting of a language model and its presets, as frozen dataclasses without torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

from tagger.config import base as settings
from tagger.config.base import Settings, read_toml
from tagger.config.tagger import EncoderConfig, HeadConfig, ScheduleName, StreamConfig, WordsConfig, check_cutoffs
from tagger.errors import ConfigError
from tagger.runtime.memory_limit import parse_bytes

OptimizerName = Literal["adamw", "sgd", "asgd"]


@dataclass(frozen=True, slots=True)
class LanguageTrainingConfig:
    """How the weights are found."""

    epochs: int | None = None
    initialisation: Literal["scaled", "uniform"] = "scaled"
    """Weights before training: orthogonal and Glorot matrices, an open forget gate and unigram biases; or everything
    uniform and small, as published recipes of SGD have it."""
    optimizer: OptimizerName = "adamw"
    """AdamW (Loshchilov and Hutter 2019); SGD; or SGD averaged from the first epoch on that does not beat the best
    of more than ``patience_average`` epochs ago (NT-ASGD, Merity et al. 2018)."""
    learning_rate: float | None = None
    """Peak rate, for the loss per step."""
    schedule: ScheduleName = "cosine"
    warmup: float = 0.1
    plateau_factor: float = 0.25
    """What a plateau schedule multiplies the rate by ..."""
    plateau_patience: int = 1
    """... after so many epochs without a better dev loss."""
    weight_decay: float = 0.01
    beta2: float = 0.99
    clip: float = 1.0
    """Largest norm of the gradient of the loss per step (Pascanu et al. 2013)."""
    average: float = 0.999
    """Decay of the running average of the weights; 0 keeps the last weights. NT-ASGD averages in its own way."""
    patience_average: int = 5
    patience: int = 0
    """Stop after so many epochs without a better dev loss; 0 never stops early."""
    max_minutes: float | None = None
    """Time budget; the schedule comes to its end when the time does."""
    max_memory: str | int | None = None
    """Most resident memory of the process, e.g. "2G": batches are divided until they fit."""
    seed: int = 1
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Arithmetic of recurrence and softmax: bfloat16 where the CPU multiplies it natively, if auto."""


@dataclass(frozen=True, slots=True)
class LanguageConfig(Settings):
    """All settings of a language model."""

    head: HeadConfig = field(default_factory=HeadConfig)
    words: WordsConfig = field(default_factory=WordsConfig)
    encoder: EncoderConfig = field(default_factory=lambda: EncoderConfig(layers=2))
    streams: StreamConfig = field(default_factory=StreamConfig)
    training: LanguageTrainingConfig = field(default_factory=LanguageTrainingConfig)

    RANGES: ClassVar = settings.ranges(
        (
            settings.SIZE,
            "words.embedding_size words.affix_size words.character_embedding_size words.character_size "
            "encoder.hidden_size encoder.layers",
        ),
        (settings.SIZE_OR_NONE, "words.output_size encoder.output_size"),
        (
            settings.POSITIVE,
            "head.vocabulary_size head.min_count words.vocabulary_size words.affix_min_types "
            "streams.batch_size streams.bptt training.epochs training.learning_rate training.clip training.max_minutes",
        ),
        (
            settings.PROBABILITY,
            "streams.input_dropout streams.dropout streams.output_dropout streams.embedding_dropout "
            "streams.weight_drop training.average training.beta2",
        ),
        (settings.SHORT, "words.prefixes words.suffixes words.jamo words.jamo_prefixes"),
        (
            settings.NOT_NEGATIVE,
            "streams.activation_penalty streams.temporal_penalty training.patience training.plateau_patience "
            "training.patience_average training.seed training.weight_decay",
        ),
        (settings.SHARE, "training.warmup training.plateau_factor"),
    )

    def check(self, *, where: str) -> None:
        """Check ranges, that the cutoffs rise, and that the limit of memory is a size."""
        Settings.check(self, where=where)
        check_cutoffs(self.head, where)
        if self.training.max_memory is not None:
            parse_bytes(self.training.max_memory, where)


_TEXTBOOK: dict[str, Any] = {
    "head.softmax": "full",
    "words.characters": "none",
    "words.output_size": 0,
    "streams.bptt": 35,
    "streams.batch_size": 20,
    "streams.jitter": False,
    "streams.dropout_kind": "plain",
    "streams.embedding_dropout": 0.0,
    "streams.weight_drop": 0.0,
    "streams.activation_penalty": 0.0,
    "streams.temporal_penalty": 0.0,
    "training.initialisation": "uniform",
    "training.optimizer": "sgd",
    "training.learning_rate": 20.0,
    "training.schedule": "plateau",
    "training.warmup": 0.0,
    "training.clip": 0.25,
    "training.weight_decay": 0.0,
    "training.average": 0.0,
}


def _sized(embedding: int, hidden: int, layers: int, dropout: float, **others: Any) -> dict[str, Any]:
    return {
        **_TEXTBOOK,
        "words.embedding_size": embedding,
        "encoder.hidden_size": hidden,
        "encoder.layers": layers,
        "streams.input_dropout": dropout,
        "streams.dropout": dropout,
        "streams.output_dropout": dropout,
        **others,
    }


PRESETS: Mapping[str, Mapping[str, Any]] = {
    "small": _sized(200, 200, 2, 0.2, **{"training.epochs": 40}),
    "medium": _sized(
        650,
        650,
        2,
        0.5,
        **{
            "training.epochs": 40,
            "streams.dropout_kind": "locked",
            "streams.jitter": True,
            "streams.embedding_dropout": 0.1,
            "streams.weight_drop": 0.5,
            "streams.activation_penalty": 2.0,
            "streams.temporal_penalty": 1.0,
            "training.weight_decay": 1.2e-6,
        },
    ),
    "awd": {
        **_sized(400, 1150, 3, 0.25),
        "encoder.output_size": 400,
        "streams.bptt": 70,
        "streams.batch_size": 80,
        "streams.jitter": True,
        "streams.dropout_kind": "locked",
        "streams.input_dropout": 0.65,
        "streams.dropout": 0.2,
        "streams.output_dropout": 0.4,
        "streams.embedding_dropout": 0.1,
        "streams.weight_drop": 0.5,
        "streams.activation_penalty": 2.0,
        "streams.temporal_penalty": 1.0,
        "training.optimizer": "asgd",
        "training.learning_rate": 30.0,
        "training.schedule": "constant",
        "training.weight_decay": 1.2e-6,
        "training.epochs": 750,
    },
}
"""Published settings.

``small``: the word language model among PyTorch's examples, tied, two layers of 200. ``medium``: its 650 units and
dropout 0.5 (README of 2017; Zaremba et al. 2014) with the regularisers of Merity et al. 2018. ``awd``: AWD-LSTM for
WikiText-2 (Merity et al. 2018 and the README of their code)."""


def make_config(
    config: LanguageConfig | str | Path | None, preset: str | None, settings: Mapping[str, Any], where: str = "settings"
) -> LanguageConfig:
    """A configuration out of a preset, a file over it, and settings over both.

    Raises:
        ConfigError: no such preset, or a setting that is not valid.
    """
    if preset is not None and preset not in PRESETS:
        raise ConfigError(f"no preset {preset!r}; there are: {', '.join(PRESETS)}")
    chosen, told = LanguageConfig(), {} if config is None else _told(config)
    if preset is not None:
        chosen = chosen.with_settings(PRESETS[preset], where=f"preset {preset}")
    return chosen.with_settings(told).with_settings(settings, where=where)


def _told(config: LanguageConfig | str | Path) -> dict[str, Any]:
    """Dotted settings that a file names; of a configuration, which names all, those that are no defaults."""
    if isinstance(config, LanguageConfig):
        plain, tables = LanguageConfig().to_dict(), config.to_dict()
    else:
        LanguageConfig.from_toml(config)  # for its messages, which name the file
        plain, tables = {}, read_toml(config)
    return {
        f"{table}.{key}": value
        for table, values in tables.items()
        for key, value in values.items()
        if table not in plain or value != plain[table][key]
    }
