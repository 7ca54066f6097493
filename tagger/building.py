"""Configuration and the facts of a corpus in, modules out: the only place that knows both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import torch
from torch import Tensor, nn

from tagger.config import Config, WordsConfig
from tagger.corpora.word_features import WordFeatures
from tagger.models.character_encoders import CharacterCNN, CharacterLSTM
from tagger.models.encoder import Encoder
from tagger.models.sequence_tagger import SequenceTagger
from tagger.models.word_representation import WordRepresentation


def build_tagger(
    config: Config, features: WordFeatures, heads: Mapping[str, int], vectors: Tensor | None = None
) -> SequenceTagger:
    """Build an untrained tagger.

    Args:
        config: resolved: no model setting is None.
        features: the vocabulary and sub-word features of the training corpus.
        heads: K by head; the first is the tagging head.
        vectors: (V, E) pre-trained vectors of the vocabulary, or None.
    """
    words = build_words(config.words, features, vectors)
    dropout = _decided(config.training.dropout)
    locked = config.training.dropout_kind == "locked"
    encoder = Encoder(
        cell=config.encoder.cell,
        input_size=words.output_size,
        hidden_size=_decided(config.encoder.hidden_size),
        layers=config.encoder.layers,
        dropout=dropout,
        locked=locked,
    )
    return SequenceTagger(words=words, encoder=encoder, heads=heads, dropout=dropout, locked=locked)


def build_words(config: WordsConfig, features: WordFeatures, vectors: Tensor | None = None) -> WordRepresentation:
    """Build the word representation alone; arguments as ``build_tagger``."""
    affixes = features.affixes
    return WordRepresentation(
        num_words=features.vocabulary.embedded,
        embedding_size=_decided(config.embedding_size),
        num_affixes=0 if affixes is None else affixes.num_rows,
        affixes_per_word=0 if affixes is None else affixes.size,
        affix_size=config.affix_size or 0,
        characters=_build_characters(config, features),
        vectors=vectors if vectors is not None else _no_vectors(features),
        output_size=_decided(config.output_size),
    )


def _build_characters(config: WordsConfig, features: WordFeatures) -> nn.Module | None:
    if features.characters is None:
        return None
    kind = CharacterLSTM if "lstm" in (config.characters or "") else CharacterCNN
    return kind(
        num_characters=len(features.characters),
        embedding_size=config.character_embedding_size,
        output_size=_decided(config.character_size),
    )


def _no_vectors(features: WordFeatures) -> Tensor | None:
    """A place for vectors that a checkpoint brings along; their size is set when the weights are loaded."""
    return torch.zeros(len(features.vocabulary), 0) if features.has_vectors else None


_Number = TypeVar("_Number", int, float)


def _decided(value: _Number | None) -> _Number:
    if value is None:
        raise ValueError("the configuration is not resolved; call tagger.defaults.resolve first")
    return value
