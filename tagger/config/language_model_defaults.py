"""Settings of a language model that depend on its unit and on the size of the text.

The figures behind the choices are in ``benchmarks/README.md``; all were chosen on development data.
"""

from __future__ import annotations

from dataclasses import replace

from tagger.config.base import filled
from tagger.config.language_model import LanguageConfig, LanguageTrainingConfig
from tagger.config.tagger import EncoderConfig, HeadConfig, StreamConfig, WordsConfig

RARE = 2
"""Least frequency of a known word: words that occur once teach the model about ``<unk>``."""

MANY = 8_000
"""Vocabulary size from which the softmax is adaptive: with 10,000 words, training takes 45 % of the time."""

OFTEN = 12
"""Epochs from which a small text needs more dropout."""


def resolve(config: LanguageConfig, tokens: int, num_predicted: int) -> LanguageConfig:
    """Choose every open setting.

    Args:
        config: settings of the user.
        tokens: number of tokens of the training text.
        num_predicted: V.
    """
    words = config.head.unit == "word"
    hidden = config.encoder.hidden_size or (200 if words else 256)
    embedding = config.words.embedding_size or (hidden if words else 64)
    passes = config.training.epochs or epochs(tokens)
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
        training=filled(config.training, LanguageTrainingConfig(epochs=passes, learning_rate=_rate(config))),
    )


def resolve_head(head: HeadConfig, num_predicted: int) -> HeadConfig:
    """Choose the softmax. Clusters need tokens in order of frequency, as words are.

    Args:
        head: settings of the user.
        num_predicted: V.
    """
    many = head.unit == "word" and num_predicted >= MANY
    return filled(head, HeadConfig(softmax="adaptive" if many else "full", cutoffs=cutoffs(num_predicted)))


def resolve_streams(streams: StreamConfig, tokens: int, passes: int) -> StreamConfig:
    """Choose how text is read: more dropout for less text and for more epochs.

    Args:
        streams: settings of the user.
        tokens: number of tokens of the training text.
        passes: number of epochs.
    """
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


def _rate(config: LanguageConfig) -> float:
    return 5e-3 if config.training.optimizer == "adamw" else 20.0


def cutoffs(num_predicted: int) -> tuple[int, ...]:
    """Choose where the clusters of an adaptive softmax begin: after a tenth and four tenths of the tokens."""
    return (max(1, num_predicted // 10), max(2, num_predicted * 4 // 10))


def epochs(tokens: int) -> int:
    """Choose more epochs for less text: 6 from 3 million tokens on, 20 for half a million, up to 40."""
    return int(min(40, max(6, round(20 * (500_000 / max(1, tokens)) ** 0.6))))
