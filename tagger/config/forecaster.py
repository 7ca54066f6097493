"""Every setting of a model of time series, as frozen dataclasses without torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from tagger.config import base as settings
from tagger.config.base import Settings
from tagger.config.tagger import EncoderConfig, TrainingConfig
from tagger.errors import ConfigError
from tagger.models.heads.regression import LossKind
from tagger.runtime.memory_limit import parse_bytes


@dataclass(frozen=True, slots=True)
class ForecasterDataConfig:
    """What is read and predicted."""

    time: str | None = None
    """Column of times; None for one called time, date ..."""
    targets: tuple[str, ...] = ()
    """Columns to predict; they are inputs, too."""
    features: tuple[str, ...] = ()
    """Further columns to read."""
    group: str | None = None
    """Column that tells series apart."""
    horizon: int = 1
    """All values from one to so many steps ahead are predicted at every step."""
    window: int | None = None
    """T: steps read at a time. A forecast sees between half of them and all."""
    calendar: bool = True
    """Whether the day of the week and of the year (and the hour, where rows are closer) are inputs, as sine and
    cosine; where the time column holds dates."""
    season: int | None = None
    """Steps of a season, for the seasonal naive forecast; None to choose by the distance of rows, on dev."""
    dev: float = 0.15
    """Share of the rows between train and test."""
    test: float = 0.15
    """Share of the rows at the end."""


@dataclass(frozen=True, slots=True)
class RegressionConfig:
    """What is minimised."""

    loss: LossKind = "squared"
    delta: float = 1.0
    """Of the Huber loss, in standard deviations of the target."""
    embedding_size: int | None = None
    """E: what the linear layer in place of the embedding makes of the inputs; H if None."""


@dataclass(frozen=True, slots=True)
class ForecasterConfig(Settings):
    """All settings of a model of time series."""

    data: ForecasterDataConfig = field(default_factory=ForecasterDataConfig)
    head: RegressionConfig = field(default_factory=RegressionConfig)
    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    training: TrainingConfig = field(default_factory=lambda: TrainingConfig(patience=0, learning_rate=3e-3))
    """Batches have ``batch_tokens`` steps."""

    RANGES: ClassVar = settings.ranges(
        (settings.SIZE, "data.horizon data.window encoder.hidden_size encoder.layers head.embedding_size"),
        (settings.SIZE_OR_NONE, "encoder.output_size"),
        (
            settings.POSITIVE,
            "data.season head.delta training.epochs training.batch_tokens "
            "training.learning_rate training.clip training.max_minutes",
        ),
        (settings.PROBABILITY, "data.dev data.test training.dropout training.average training.beta2"),
        (settings.NOT_NEGATIVE, "training.patience training.seed training.weight_decay"),
        (settings.SHARE, "training.warmup"),
    )

    def check(self, *, where: str) -> None:
        """Check ranges, and that the columns differ and something is left for train."""
        Settings.check(self, where=where)
        check_training(self.training, where=where)
        data = self.data
        named = [*data.targets, *data.features]
        double = next((name for name in named if named.count(name) > 1), None)
        if double is not None:
            raise ConfigError(f"{where}: column '{double}' is named twice among targets and features")
        if data.dev + data.test >= 0.95:
            raise ConfigError(
                f"{where}: 'data.dev' and 'data.test' are {data.dev:g} and {data.test:g} of the rows; expected them to "
                "leave some for train"
            )

    @property
    def inputs(self) -> tuple[str, ...]:
        """Columns that are read: targets, then features."""
        return (*self.data.targets, *self.data.features)


def check_training(training: TrainingConfig, *, where: str) -> None:
    """Check what no range can tell.

    Raises:
        ConfigError: the limit of memory is no size.
    """
    if training.max_memory is not None:
        parse_bytes(training.max_memory, where)


def resolve(config: ForecasterConfig, rows: int, longest: int) -> ForecasterConfig:
    """Decide what is left open from the size of the training part.

    Args:
        config: as given.
        rows: N of the training part, all series together.
        longest: rows of its longest series.
    """
    small = rows < 20_000
    window = config.data.window or max(8, min(64, longest // 2))
    size = config.encoder.hidden_size or (32 if small else 64)
    training = config.training
    decided: dict[str, object] = {
        "data.window": window,
        "encoder.hidden_size": size,
        "head.embedding_size": config.head.embedding_size or size,
        "training.batch_tokens": training.batch_tokens or (8 * window if small else 64 * window),
        "training.epochs": training.epochs or (20 if small else 5),
        "training.dropout": (0.4 if small else 0.1) if training.dropout is None else training.dropout,
        "training.average": min(training.average, 0.99) if small else training.average,
    }
    return config.with_settings(decided)
