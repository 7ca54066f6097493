"""Every setting of a language model and its presets, as frozen dataclasses without torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from tagger.config.base import NOT_NEGATIVE, POSITIVE, SHARE, Settings, filled, read_toml, setting
from tagger.config.tagger import EncoderConfig, HeadConfig, OptimizationConfig, Precision, StreamConfig, WordsConfig
from tagger.errors import ConfigError

OptimizerName = Literal["adamw", "sgd", "asgd"]


@dataclass(frozen=True, slots=True)
class LanguageTrainingConfig(OptimizationConfig):
    """Training of a language model. NT-ASGD averages weights in its own way."""

    initialisation: Literal["scaled", "uniform"] = setting(
        "scaled",
        "Weights before training: orthogonal and Glorot matrices with open forget gates and unigram biases, or "
        "everything uniform and small, as in published recipes of SGD.",
    )
    optimizer: OptimizerName = setting(
        "adamw",
        "AdamW (Loshchilov and Hutter 2019), SGD, or SGD averaged once dev stops improving (NT-ASGD, Merity et al. "
        "2018).",
    )
    learning_rate: float = setting(None, "Peak learning rate, for the loss per step.", POSITIVE)
    plateau_factor: float = setting(0.25, "Factor by which a plateau schedule reduces the learning rate.", SHARE)
    plateau_patience: int = setting(1, "Epochs without a better dev loss before it does.", NOT_NEGATIVE)
    patience_average: int = setting(5, "Epochs without a better dev loss before NT-ASGD averages.", NOT_NEGATIVE)
    precision: Precision = setting(
        "auto", "Arithmetic of recurrence and softmax; auto is bfloat16 where the CPU multiplies it natively."
    )


@dataclass(frozen=True, slots=True)
class LanguageConfig(Settings):
    """All settings of a language model."""

    head: HeadConfig = field(default_factory=HeadConfig)
    words: WordsConfig = field(default_factory=WordsConfig)
    encoder: EncoderConfig = field(default_factory=lambda: EncoderConfig(layers=2))
    streams: StreamConfig = field(default_factory=StreamConfig)
    training: LanguageTrainingConfig = field(default_factory=LanguageTrainingConfig)


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


_REGULARISED: dict[str, Any] = {
    "streams.dropout_kind": "locked",
    "streams.jitter": True,
    "streams.embedding_dropout": 0.1,
    "streams.weight_drop": 0.5,
    "streams.activation_penalty": 2.0,
    "streams.temporal_penalty": 1.0,
    "training.weight_decay": 1.2e-6,
}


def _sized(embedding: int, hidden: int, layers: int) -> dict[str, Any]:
    return {"words.embedding_size": embedding, "encoder.hidden_size": hidden, "encoder.layers": layers}


def _dropout(inputs: float, layers: float, outputs: float) -> dict[str, Any]:
    return {"streams.input_dropout": inputs, "streams.dropout": layers, "streams.output_dropout": outputs}


PRESETS: Mapping[str, Mapping[str, Any]] = {
    "small": {**_TEXTBOOK, **_sized(200, 200, 2), **_dropout(0.2, 0.2, 0.2), "training.epochs": 40},
    "medium": {**_TEXTBOOK, **_REGULARISED, **_sized(650, 650, 2), **_dropout(0.5, 0.5, 0.5), "training.epochs": 40},
    "awd": {
        **_TEXTBOOK,
        **_REGULARISED,
        **_sized(400, 1150, 3),
        **_dropout(0.65, 0.2, 0.4),
        "encoder.output_size": 400,
        "streams.bptt": 70,
        "streams.batch_size": 80,
        "training.optimizer": "asgd",
        "training.learning_rate": 30.0,
        "training.schedule": "constant",
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
    """Build a configuration from a preset, a file over it, and settings over both.

    Raises:
        ConfigError: no such preset, or a setting that is not valid.
    """
    if preset is not None and preset not in PRESETS:
        raise ConfigError(f"no preset {preset!r}; there are: {', '.join(PRESETS)}")
    chosen = LanguageConfig()
    if preset is not None:
        chosen = chosen.with_settings(PRESETS[preset], where=f"preset {preset}")
    if isinstance(config, LanguageConfig):
        chosen = chosen.with_settings(_changed(config))
    elif config is not None:
        LanguageConfig.from_dict(tables := read_toml(config), where=str(config))  # refuses tables that are none
        chosen = chosen.with_settings(_dotted(tables), where=str(config))
    return chosen.with_settings(settings, where=where)


def _changed(config: LanguageConfig) -> dict[str, Any]:
    """Collect the dotted settings that differ from the defaults."""
    defaults = _dotted(LanguageConfig().to_dict())
    return {name: value for name, value in _dotted(config.to_dict()).items() if value != defaults[name]}


def _dotted(tables: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {f"{table}.{key}": value for table, values in tables.items() for key, value in values.items()}


# The figures behind these choices are in benchmarks/README.md; all were chosen on development data.
RARE = 2
"""Least frequency of a known word: words that occur once teach the model about ``<unk>``."""

MANY = 8_000
"""Vocabulary size from which the softmax is adaptive: with 10,000 words, training takes 45 % of the time."""

OFTEN = 12
"""Epochs from which a small text needs more dropout."""


def resolve(config: LanguageConfig, tokens: int, num_predicted: int) -> LanguageConfig:
    """Choose every open setting by the number of tokens of the training text, and V."""
    words = config.head.unit == "word"
    hidden = config.encoder.hidden_size or (200 if words else 256)
    embedding = config.words.embedding_size or (hidden if words else 64)
    passes = config.training.epochs or epochs(tokens)
    rate = 5e-3 if config.training.optimizer == "adamw" else 20.0
    return replace(
        config,
        head=resolve_head(
            filled(config.head, HeadConfig(vocabulary_size=num_predicted, min_count=RARE if words else 1)),
            num_predicted,
        ),
        words=filled(
            config.words,
            WordsConfig(
                embedding_size=embedding,
                min_count=1,
                characters="none",
                affix_size=40,
                character_size=100,
                jamo=0,
                output_size=0,
            ),
        ),
        encoder=filled(config.encoder, EncoderConfig(hidden_size=hidden)),
        streams=resolve_streams(config.streams, tokens, passes),
        training=filled(config.training, LanguageTrainingConfig(epochs=passes, learning_rate=rate)),
    )


def resolve_head(head: HeadConfig, num_predicted: int) -> HeadConfig:
    """Choose the softmax for V tokens; clusters need an order of frequency, as words have."""
    many = head.unit == "word" and num_predicted >= MANY
    return filled(head, HeadConfig(softmax="adaptive" if many else "full", cutoffs=cutoffs(num_predicted)))


def resolve_streams(streams: StreamConfig, tokens: int, passes: int) -> StreamConfig:
    """Choose how text is read: more dropout for fewer tokens and for more epochs (passes)."""
    small = tokens < 2_000_000
    often = small and passes >= OFTEN
    plain = StreamConfig(
        batch_size=int(min(32, max(2, tokens // 2000))),
        input_dropout=0.3 if small else 0.2,
        dropout=0.2,
        output_dropout=0.4 if often else 0.3 if small else 0.2,
        embedding_dropout=0.1 if often else 0.05,
        weight_drop=0.2 if often else 0.1 if small else 0.0,
        activation_penalty=0.0,
        temporal_penalty=0.0,
    )
    return filled(streams, plain)


def cutoffs(num_predicted: int) -> tuple[int, ...]:
    """Choose where clusters of an adaptive softmax begin: at 10 and 40 % of the tokens."""
    return (max(1, num_predicted // 10), max(2, num_predicted * 4 // 10))


def epochs(tokens: int) -> int:
    """Choose more epochs for less text: 6 from 3 million tokens on, up to 40."""
    return int(min(40, max(6, round(20 * (500_000 / max(1, tokens)) ** 0.6))))
