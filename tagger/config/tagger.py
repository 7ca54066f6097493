"""Every setting of a run, as frozen dataclasses without torch.

The command line, ``--config FILE.toml`` and Python all build the same ``Config``. A setting that is ``None``
is decided from the corpus by ``tagger.config.defaults.resolve``; the resolved configuration is what a model stores.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from tagger.config import base as settings
from tagger.config.base import Settings
from tagger.errors import ConfigError
from tagger.runtime.memory_limit import parse_bytes

Cell = Literal["lstm", "gru", "rnn"]
CharacterModel = Literal["affix", "lstm", "cnn", "affix+lstm", "affix+cnn", "none"]
ScheduleName = Literal["cosine", "linear", "constant", "plateau"]
DropoutKind = Literal["locked", "plain"]
UnitKind = Literal["word", "bpe", "char"]

TAG = "tag"
"""Name of the head that predicts the tags."""


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
    jamo_prefixes: int = 0
    """Longest prefix over decomposed Hangul; 0 switches it off."""
    affix_size: int | None = None
    """E of one affix feature."""
    affix_min_types: int = 2
    """An affix that fewer training words share counts as unknown."""
    character_embedding_size: int = 30
    character_size: int | None = None
    """Size of the vector that the character LSTM or CNN gives a word."""
    output_size: int | None = None
    """D of the finished word vector; 0 for the joined parts as they are, neither projected nor squashed."""
    vectors: str | None = None
    """File of pre-trained vectors (word2vec, GloVe or fastText text format)."""


@dataclass(frozen=True, slots=True)
class EncoderConfig:
    """The recurrent stacks, one a direction."""

    cell: Cell = "lstm"
    layers: int = 1
    hidden_size: int | None = None
    """H of each layer and direction."""
    output_size: int = 0
    """H of the last layer of each direction, where it differs; 0 where it does not."""


@dataclass(frozen=True, slots=True)
class HeadConfig:
    """What is predicted, and how."""

    unit: UnitKind = "word"
    vocabulary_size: int | None = None
    """V: so many units, the most frequent ones, can be predicted; all others are ``<unk>``."""
    min_count: int | None = None
    """Units seen less often are ``<unk>``."""
    lowercase: bool = False
    digits: bool = False
    """Whether every digit is read as 0."""
    tied: bool = True
    """Whether the rows of the softmax are the word embeddings (Press and Wolf 2017; Inan et al. 2017)."""
    softmax: Literal["full", "adaptive"] | None = None
    """Every unit scored at every step, or rare ones in clusters, which is done for many words if None."""
    cutoffs: tuple[int, ...] | None = None
    """Where the head and the clusters of the adaptive softmax end (Grave et al. 2017)."""
    bidirectional: bool = False
    """Whether a backward stack learns to predict the previous unit; a tagger wants it."""


@dataclass(frozen=True, slots=True)
class StreamConfig:
    """How text is read in training, and what is dropped."""

    batch_size: int | None = None
    """B: streams read side by side."""
    bptt: int = 35
    """Steps of a stretch, beyond which no gradient goes back."""
    jitter: bool = True
    """Whether the length of a stretch varies (Merity et al. 2018, section 4.1)."""
    input_dropout: float | None = None
    """Of the word vectors."""
    dropout: float | None = None
    """Between layers."""
    output_dropout: float | None = None
    """Of the states that the head reads."""
    dropout_kind: DropoutKind = "locked"
    """One mask a stretch (Gal and Ghahramani 2016) or one a step (Srivastava et al. 2014)."""
    embedding_dropout: float | None = None
    """Probability of dropping a word, wherever it stands in a batch (Gal and Ghahramani 2016)."""
    weight_drop: float | None = None
    """Probability of dropping a recurrent weight for a stretch (Merity et al. 2018)."""
    activation_penalty: float | None = None
    """alpha: times the mean square of the states (Merity et al. 2017)."""
    temporal_penalty: float | None = None
    """beta: times the mean square of their change from step to step (Merity et al. 2017)."""


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
    max_memory: str | int | None = None
    """Most resident memory of the process, e.g. "2G": batches are divided until they fit."""
    seed: int = 1
    precision: Literal["auto", "float32", "bfloat16"] = "float32"
    """Arithmetic of the recurrent layers while training on sentences (auto: float32, which learns better); text beside
    them is read in bfloat16 wherever the processor computes with it natively."""
    init_from: str | None = None
    """Language model whose word representation and stacks training starts from."""
    pretrained_lr_scale: float = 1.0
    """Factor of the learning rate for what comes from it (discriminative rates, Howard and Ruder 2018)."""
    freeze_epochs: int = 0
    """Epochs before what comes from it begins to learn (gradual unfreezing, Howard and Ruder 2018)."""
    lm_weight: float = 0.0
    """Weight of the loss of a language-model head that is trained along; 0 for none."""


@dataclass(frozen=True, slots=True)
class Config(Settings):
    """All settings of a tagger."""

    column: str = "upos"
    words: WordsConfig = field(default_factory=WordsConfig)
    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    head: HeadConfig = field(default_factory=lambda: HeadConfig(bidirectional=True))
    """Of the language model that is trained along, if any ..."""
    streams: StreamConfig = field(default_factory=StreamConfig)
    """... and how it reads."""

    RANGES: ClassVar = settings.ranges(
        (
            settings.SIZE,
            "words.embedding_size words.affix_size words.character_embedding_size words.character_size "
            "encoder.hidden_size encoder.layers",
        ),
        (settings.SIZE_OR_NONE, "words.output_size encoder.output_size"),
        (
            settings.POSITIVE,
            "words.min_count words.vocabulary_size words.affix_min_types training.epochs training.batch_tokens "
            "training.learning_rate training.clip training.max_minutes head.vocabulary_size head.min_count "
            "streams.batch_size streams.bptt",
        ),
        (
            settings.PROBABILITY,
            "training.dropout training.label_smoothing training.average training.beta2 streams.input_dropout "
            "streams.dropout streams.output_dropout streams.embedding_dropout streams.weight_drop",
        ),
        (settings.SHORT, "words.prefixes words.suffixes words.jamo words.jamo_prefixes"),
        (
            settings.NOT_NEGATIVE,
            "training.patience training.seed training.weight_decay training.auxiliary_weight training.word_dropout "
            "training.lm_weight training.pretrained_lr_scale training.freeze_epochs streams.activation_penalty "
            "streams.temporal_penalty",
        ),
        (settings.SHARE, "training.warmup"),
    )

    def check(self, *, where: str) -> None:
        """Check ranges, that the cutoffs rise, and that the limit of memory is a size."""
        Settings.check(self, where=where)
        check_cutoffs(self.head, where)
        if self.training.max_memory is not None:
            parse_bytes(self.training.max_memory, where)


def check_cutoffs(head: HeadConfig, where: str) -> None:
    """Refuse cutoffs of an adaptive softmax that do not rise.

    Raises:
        ConfigError: they do not.
    """
    cutoffs = head.cutoffs
    if cutoffs is not None and (not cutoffs or cutoffs[0] < 1 or list(cutoffs) != sorted(set(cutoffs))):
        raise ConfigError(f"{where}: 'head.cutoffs' is {list(cutoffs)}; expected rising whole numbers from 1")
