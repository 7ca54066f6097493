"""Every setting of a token regressor, which gives every word a number."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from tagger.config.base import Settings, setting
from tagger.config.defaults import Facts, resolve
from tagger.config.forecaster import RegressionConfig
from tagger.config.tagger import Config, EncoderConfig, TrainingConfig, WordsConfig
from tagger.corpora.tokenization.rules import is_hangul


@dataclass(frozen=True, slots=True)
class TokenRegressorConfig(Settings):
    """All settings of a token regressor."""

    targets: tuple[str, ...] = setting((), "Columns to predict, separated by commas.")
    head: RegressionConfig = field(default_factory=RegressionConfig)
    words: WordsConfig = field(default_factory=WordsConfig)
    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    training: TrainingConfig = field(default_factory=lambda: TrainingConfig(patience=0))

    def as_tagger(self) -> Config:
        """Settings of a tagger with the same words and encoder."""
        return Config(words=self.words, encoder=self.encoder, training=self.training)

    def resolved(self, tokens: list[list[str]]) -> TokenRegressorConfig:
        """Choose open settings as for a tagger of the same training sentences."""
        words = [word for sentence in tokens for word in sentence]
        hangul = sum(map(is_hangul, words)) / max(1, len(words))
        decided = resolve(self.as_tagger(), Facts(len(words), hangul, {}))
        return replace(self, words=decided.words, encoder=decided.encoder, training=decided.training)
