"""Every setting of a tagger, as frozen dataclasses without torch.

The command line, ``--config FILE.toml`` and Python all build the same ``Config``. A setting that is ``None``
is chosen from the corpus by ``tagger.config.defaults.resolve``; a model stores the resolved configuration.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from tagger.config.base import (
    NOT_NEGATIVE,
    POSITIVE,
    PROBABILITY,
    RISING,
    SHARE,
    SHORT,
    SIZE,
    SIZE_OR_NONE,
    Range,
    Settings,
    setting,
)
from tagger.errors import ConfigError

Cell = Literal["lstm", "gru", "rnn"]
CharacterModel = Literal["affix", "lstm", "cnn", "affix+lstm", "affix+cnn", "none"]
ScheduleName = Literal["cosine", "linear", "constant", "plateau"]
DropoutKind = Literal["locked", "plain"]
UnitKind = Literal["word", "bpe", "char"]
Precision = Literal["auto", "float32", "bfloat16"]

TAG = "tag"
"""Name of the head that predicts the tags."""


def _is_memory_size(value: str | int) -> bool:
    from tagger.runtime.memory_limit import parse_bytes

    try:
        parse_bytes(value)
    except ConfigError:
        return False
    return True


MEMORY_SIZE = Range(_is_memory_size, "a size such as 500M, 2G or 1.5GiB")


@dataclass(frozen=True, slots=True)
class WordsConfig:
    """Representation of a word as a vector."""

    embedding_size: int = setting(None, "Size E of the word embedding.", SIZE)
    min_count: int = setting(
        None, "Words seen less often share the embedding of the unknown word.", POSITIVE, default_text="1 or 2"
    )
    vocabulary_size: int = setting(200_000, "Number of words, the most frequent ones, with an embedding.", POSITIVE)
    characters: CharacterModel = setting(
        None, "Sub-word model: hashed affixes and shape, a character LSTM or CNN, both, or none."
    )
    prefixes: int = setting(4, "Longest prefix among the affix features, in characters.", SHORT)
    suffixes: int = setting(5, "Longest suffix among the affix features, in characters.", SHORT)
    jamo: int = setting(
        None, "Longest suffix over decomposed Hangul; 0 for none.", SHORT, default_text="6 for Hangul text"
    )
    jamo_prefixes: int = setting(0, "Longest prefix over decomposed Hangul; 0 for none.", SHORT)
    affix_size: int = setting(None, "Size of the embedding of one affix feature.", SIZE)
    affix_min_types: int = setting(2, "Affixes that fewer training words share count as unknown.", POSITIVE)
    character_embedding_size: int = setting(30, "Size of the embedding of a character.", SIZE)
    character_size: int = setting(None, "Size of the word vector of the character LSTM or CNN.", SIZE)
    output_size: int = setting(
        None, "Size D of the finished word vector; 0 joins the parts without a projection.", SIZE_OR_NONE
    )
    vectors: str | None = setting(
        None, "File of pre-trained word vectors (word2vec, GloVe or fastText text format).", metavar="FILE"
    )


@dataclass(frozen=True, slots=True)
class EncoderConfig:
    """Recurrent layers of each direction."""

    cell: Cell = setting("lstm", "Recurrent cell.")
    layers: int = setting(1, "Layers of each direction.", SIZE)
    hidden_size: int = setting(None, "Units H of each layer and direction.", SIZE)
    output_size: int = setting(0, "H of the last layer where it differs; 0 where it does not.", SIZE_OR_NONE)


@dataclass(frozen=True, slots=True)
class HeadConfig:
    """Prediction of a language model."""

    unit: UnitKind = setting("word", "Unit of the text.")
    vocabulary_size: int = setting(
        None, "Number V of units, the most frequent ones; others are <unk>.", POSITIVE,
        default_text="30000 words, 8000 pieces",
    )  # fmt: skip
    min_count: int = setting(
        None, "Units seen less often are <unk>.", POSITIVE, default_text="2 for words, 1 if --tokenised"
    )
    lowercase: bool = setting(False, "Read capitals as small letters.")
    digits: bool = setting(False, "Read every digit as 0.")
    tied: bool = setting(
        True, "Give the softmax weights of its own instead of the word embeddings (Press and Wolf 2017).",
        option="--untied",
    )  # fmt: skip
    softmax: Literal["full", "adaptive"] = setting(
        None, "Score every unit at each step, or rare ones in clusters.", default_text="adaptive from 8,000 words on"
    )
    cutoffs: tuple[int, ...] = setting(
        None, "Where the head and the clusters of the adaptive softmax end (Grave et al. 2017).", RISING
    )
    bidirectional: bool = setting(False, "Train a backward stack too; a tagger can start from both.")


@dataclass(frozen=True, slots=True)
class StreamConfig:
    """Reading of text in training, and dropout."""

    batch_size: int = setting(None, "Number B of streams that are read side by side.", POSITIVE)
    bptt: int = setting(35, "Steps of a BPTT chunk, beyond which no gradient flows back.", POSITIVE)
    jitter: bool = setting(True, "Vary the length of chunks (Merity et al. 2018, section 4.1).")
    input_dropout: float = setting(None, "Dropout of the word vectors.", PROBABILITY)
    dropout: float = setting(None, "Dropout between layers.", PROBABILITY)
    output_dropout: float = setting(None, "Dropout of the states that the head reads.", PROBABILITY)
    dropout_kind: DropoutKind = setting(
        "locked", "One mask a chunk (Gal and Ghahramani 2016) or one a step (Srivastava et al. 2014)."
    )
    embedding_dropout: float = setting(
        None, "Dropout of whole words, wherever they stand in a batch (Gal and Ghahramani 2016).", PROBABILITY
    )
    weight_drop: float = setting(None, "Dropout of recurrent weights (Merity et al. 2018).", PROBABILITY)
    activation_penalty: float = setting(
        None, "Factor alpha of the mean square of the states (Merity et al. 2017).", NOT_NEGATIVE
    )
    temporal_penalty: float = setting(
        None, "Factor beta of the mean square of their change between steps (Merity et al. 2017).", NOT_NEGATIVE
    )


@dataclass(frozen=True, slots=True)
class OptimizationConfig:
    """Settings that the training of every model shares."""

    epochs: int = setting(None, "Passes over the training data.", POSITIVE, default_text="by its size")
    learning_rate: float = setting(2e-3, "Peak learning rate.", POSITIVE)
    schedule: ScheduleName = setting(
        "cosine",
        "Learning rate after a linear warm-up: cosine (Loshchilov and Hutter 2017) or linear to zero, constant, or "
        "reduced when the dev score stops improving.",
    )
    warmup: float = setting(0.1, "Share of the steps that the warm-up takes.", SHARE)
    weight_decay: float = setting(0.01, "Weight decay.", NOT_NEGATIVE)
    beta2: float = setting(
        0.99, "Decay of AdamW's second moments; sparse embeddings want it below the usual 0.999.", PROBABILITY
    )
    clip: float = setting(1.0, "Largest norm of the gradient of the loss per step (Pascanu et al. 2013).", POSITIVE)
    average: float = setting(
        0.999, "Decay of the running average of the weights; 0 keeps the last weights.", PROBABILITY
    )
    patience: int = setting(
        0, "Epochs without a better dev score after which training stops; 0 never stops early.", NOT_NEGATIVE
    )
    max_minutes: float | None = setting(None, "Time budget; the schedule ends with it.", POSITIVE)
    max_memory: str | int | None = setting(
        None, "Most memory that the process takes, e.g. 2G: batches are split until they fit.", MEMORY_SIZE,
        metavar="SIZE",
    )  # fmt: skip
    seed: int = setting(1, "Random seed.", NOT_NEGATIVE)
    precision: Precision = setting("float32", "Arithmetic of the recurrent layers.")


@dataclass(frozen=True, slots=True)
class TrainingConfig(OptimizationConfig):
    """Training of a tagger, a forecaster or a token regressor.

    ``precision`` is that of sentences (auto is float32, which learns better); text beside them is read in bfloat16
    wherever the processor computes with it natively.
    """

    batch_tokens: int = setting(None, "Words (time steps) in a batch, padding included.", POSITIVE)
    dropout: float = setting(None, "Dropout of word vectors and states.", PROBABILITY)
    dropout_kind: DropoutKind = setting(
        "locked", "One mask a sentence (Gal and Ghahramani 2016) or one a step (Srivastava et al. 2014)."
    )
    word_dropout: float = setting(
        None,
        "Read a word seen n times as unknown with probability a / (a + n), for this a (Kiperwasser and Goldberg 2016).",
        NOT_NEGATIVE,
    )
    label_smoothing: float = setting(None, "Share of the probability spread over all labels.", PROBABILITY)
    auxiliary: tuple[str, ...] = setting(
        None, "Label columns, separated by commas, that further heads learn in training only."
    )
    auxiliary_weight: float = setting(0.5, "Weight of the loss of these heads.", NOT_NEGATIVE)
    patience: int = setting(
        5, "Epochs without a better dev score after which training stops; 0 never stops early.", NOT_NEGATIVE
    )
    init_from: str | None = setting(
        None, "Language model to start from: its word representation and stacks.", metavar="MODEL"
    )
    pretrained_lr_scale: float = setting(
        1.0, "Factor of the learning rate for pretrained weights (Howard and Ruder 2018).", NOT_NEGATIVE
    )
    freeze_epochs: int = setting(
        0, "Epochs before pretrained weights begin to learn (Howard and Ruder 2018).", NOT_NEGATIVE
    )
    lm_weight: float = setting(
        0.0, "Weight of the loss of a language-model head trained along; 0 for none.", NOT_NEGATIVE
    )


@dataclass(frozen=True, slots=True)
class Config(Settings):
    """All settings of a tagger.

    ``head`` and ``streams`` describe the language model that is trained along, if any, and how it reads text.
    """

    column: str | None = setting(
        None,
        "Label column: its name (upos, xpos, ner) or number in the file.",
        default_text="upos, or the only one",
    )
    words: WordsConfig = field(default_factory=WordsConfig)
    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    head: HeadConfig = field(default_factory=lambda: HeadConfig(bidirectional=True))
    streams: StreamConfig = field(default_factory=StreamConfig)
