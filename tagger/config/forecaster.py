"""Every setting of a forecaster, as frozen dataclasses without torch."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from tagger.config.base import POSITIVE, PROBABILITY, SIZE, Settings, filled, setting
from tagger.config.tagger import EncoderConfig, TrainingConfig
from tagger.errors import ConfigError


@dataclass(frozen=True, slots=True)
class ForecasterDataConfig:
    """Columns that are read and predicted, and how far."""

    time: str | None = setting(None, "Column of times.", default_text="time, date, timestamp ...")
    targets: tuple[str, ...] = setting((), "Columns to predict, separated by commas; they are inputs, too.")
    features: tuple[str, ...] = setting((), "Further input columns, separated by commas.")
    group: str | None = setting(None, "Column that tells series apart.")
    horizon: int = setting(1, "Steps ahead that are predicted at every step.", SIZE)
    window: int = setting(
        None, "Steps T read at a time. A forecast sees between half of them and all.", SIZE,
        default_text="64, or half of a short series",
    )  # fmt: skip
    calendar: bool = setting(
        True, "Read the hour, the day of the week and of the year, where times are dates.",
        option="--calendar/--no-calendar",
    )  # fmt: skip
    season: int | None = setting(
        None, "Steps of a season, for the seasonal naive forecast.", POSITIVE, default_text="chosen on dev"
    )
    dev: float = setting(0.15, "Share of the rows between train and test.", PROBABILITY, option="--dev-share")
    test: float = setting(0.15, "Share of the rows at the end.", PROBABILITY, option="--test-share")


@dataclass(frozen=True, slots=True)
class RegressionConfig:
    """Loss and input layer of a regression."""

    loss: Literal["squared", "absolute", "huber"] = setting("squared", "Loss of a predicted number.")
    delta: float = setting(1.0, "Threshold of the Huber loss, in standard deviations of the target.", POSITIVE)
    embedding_size: int = setting(
        None, "Size E of the linear layer that stands in for the embedding.", SIZE, default_text="H"
    )


@dataclass(frozen=True, slots=True)
class ForecasterConfig(Settings):
    """All settings of a forecaster. Batches have ``batch_tokens`` steps."""

    data: ForecasterDataConfig = field(default_factory=ForecasterDataConfig)
    head: RegressionConfig = field(default_factory=RegressionConfig)
    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    training: TrainingConfig = field(default_factory=lambda: TrainingConfig(patience=0, learning_rate=3e-3))

    def check(self, *, where: str) -> None:
        """Check ranges, that the columns differ, and that some rows are left for training."""
        Settings.check(self, where=where)
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
        """Input columns: targets, then features."""
        return (*self.data.targets, *self.data.features)


def resolve(config: ForecasterConfig, rows: int, longest: int) -> ForecasterConfig:
    """Choose open settings by the rows of the training split and of its longest series."""
    small = rows < 20_000
    window = config.data.window or max(8, min(64, longest // 2))
    size = config.encoder.hidden_size or (32 if small else 64)
    average = min(config.training.average, 0.99) if small else config.training.average
    training = TrainingConfig(
        batch_tokens=8 * window if small else 64 * window, epochs=20 if small else 5, dropout=0.4 if small else 0.1
    )
    return replace(
        config,
        data=replace(config.data, window=window),
        encoder=replace(config.encoder, hidden_size=size),
        head=filled(config.head, RegressionConfig(embedding_size=size)),
        training=replace(filled(config.training, training), average=average),
    )
