"""What the settings of a language model come to: out of presets, files and options; schedule and precision."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from tagger.config.base import read_toml
from tagger.config.language_model import PRESETS, LanguageConfig
from tagger.errors import ConfigError
from tagger.runtime.device import has_fast_bfloat16
from tagger.training.schedules import Schedule


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


def make_schedule(config: LanguageConfig) -> Schedule:
    """The schedule that the settings ask for."""
    training = config.training
    return Schedule(
        training.schedule,
        warmup=training.warmup,
        plateau_patience=training.plateau_patience,
        plateau_factor=training.plateau_factor,
    )


def uses_bfloat16(precision: str, device: torch.device) -> bool:
    """Whether products are those of bfloat16.

    Raises:
        ConfigError: it was asked for, and this CPU does not compute with it natively.
    """
    native = device.type == "cuda" or has_fast_bfloat16()
    if precision == "bfloat16" and not native:
        raise ConfigError("precision is 'bfloat16', but this CPU does not compute with it natively; use float32")
    return precision != "float32" and native
