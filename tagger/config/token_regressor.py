"""Every setting of a model that gives words numbers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar

from tagger.config import base as settings
from tagger.config.base import Settings
from tagger.config.defaults import Facts, resolve
from tagger.config.forecaster import RegressionConfig, check_training
from tagger.config.tagger import Config, EncoderConfig, TrainingConfig, WordsConfig
from tagger.corpora.encoding.affixes import is_hangul


@dataclass(frozen=True, slots=True)
class TokenRegressorConfig(Settings):
    """All settings of a model that gives words numbers."""

    targets: tuple[str, ...] = ()
    """Columns to predict."""
    head: RegressionConfig = field(default_factory=RegressionConfig)
    words: WordsConfig = field(default_factory=WordsConfig)
    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    training: TrainingConfig = field(default_factory=lambda: TrainingConfig(patience=0))

    RANGES: ClassVar = {
        **{name: allowed for name, allowed in Config.RANGES.items() if name.split(".")[0] in ("words", "encoder")},
        **settings.ranges(
            (
                settings.POSITIVE,
                "head.delta training.epochs training.batch_tokens training.learning_rate training.clip "
                "training.max_minutes",
            ),
            (settings.PROBABILITY, "training.dropout training.average training.beta2"),
            (settings.NOT_NEGATIVE, "training.patience training.seed training.weight_decay training.word_dropout"),
        ),
    }

    def check(self, *, where: str) -> None:
        """Check ranges."""
        Settings.check(self, where=where)
        check_training(self.training, where=where)

    def as_tagger(self) -> Config:
        """The settings of a tagger of the same words and encoder."""
        return Config(words=self.words, encoder=self.encoder, training=self.training)

    def resolved(self, tokens: list[list[str]]) -> TokenRegressorConfig:
        """Decide what is left open, as for a tagger of the same training sentences."""
        words = [word for sentence in tokens for word in sentence]
        hangul = sum(map(is_hangul, words)) / max(1, len(words))
        decided = resolve(self.as_tagger(), Facts(len(words), hangul, {}))
        return replace(self, words=decided.words, encoder=decided.encoder, training=decided.training)
