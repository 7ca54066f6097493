"""Build networks from a configuration and the facts about a corpus."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from tagger.config.base import require_resolved
from tagger.config.language_model import LanguageConfig
from tagger.config.language_model import cutoffs as default_cutoffs
from tagger.config.tagger import Config, EncoderConfig, HeadConfig, WordsConfig
from tagger.corpora.encoding.word_features import WordFeatures
from tagger.errors import ConfigError
from tagger.models.heads.softmax import AdaptiveSoftmax, FullSoftmax, Softmax
from tagger.models.layers.character_encoders import CharacterCNN, CharacterLSTM
from tagger.models.layers.encoder import Encoder
from tagger.models.layers.word_representation import WordRepresentation
from tagger.models.networks.multi_head_network import Network


def build_tagger(
    config: Config,
    features: WordFeatures,
    heads: Mapping[str, int],
    vectors: Tensor | None = None,
    num_predicted: int | None = None,
) -> Network:
    """Build an untrained tagger.

    Args:
        config: resolved: no model setting is None.
        features: the vocabulary and sub-word features of the training corpus.
        heads: K by head; the first is the tagging head.
        vectors: (V, E) pre-trained vectors of the vocabulary, or None.
        num_predicted: V of language-model heads beside the tagging head, or None for none.
    """
    words = build_words(config.words, features, vectors)
    dropout = config.training.dropout
    locked = config.training.dropout_kind == "locked"
    encoder = _build_encoder(config.encoder, words.output_size, dropout=dropout, locked=locked, backward=True)
    lm_heads = None if num_predicted is None else _build_language_heads(config.head, encoder, words, num_predicted)
    return Network(words=words, encoder=encoder, heads=heads, lm_heads=lm_heads, dropout=dropout, locked=locked)


def build_language_model(config: LanguageConfig, features: WordFeatures, num_predicted: int) -> Network:
    """Build an untrained language model that predicts V tokens, from resolved settings."""
    words = build_words(config.words, features)
    encoder = _build_encoder(
        config.encoder, words.output_size, dropout=0.0, locked=True, backward=config.head.bidirectional
    )
    lm_heads = _build_language_heads(config.head, encoder, words, num_predicted)
    return Network(words=words, encoder=encoder, heads={}, lm_heads=lm_heads, dropout=0.0, locked=True)


def _build_encoder(config: EncoderConfig, input_size: int, *, dropout: float, locked: bool, backward: bool) -> Encoder:
    require_resolved(config)
    return Encoder(
        cell=config.cell,
        input_size=input_size,
        hidden_size=config.hidden_size,
        layers=config.layers,
        output_size=config.output_size,
        dropout=dropout,
        locked=locked,
        backward=backward,
    )


def _build_language_heads(
    config: HeadConfig, encoder: Encoder, words: WordRepresentation, num_predicted: int
) -> dict[str, Softmax]:
    """Build a head for each direction, by the name of its stack."""
    directions = ("forward_rnn", "backward_rnn") if config.bidirectional else ("forward_rnn",)
    sizes = {
        "input_size": encoder.forward_rnn.output_size,
        "size": words.embedding.embedding_dim,
        "num_predicted": num_predicted,
    }
    if config.softmax == "full":
        return {name: FullSoftmax(**sizes, tied=config.tied) for name in directions}
    asked = default_cutoffs(num_predicted) if config.cutoffs is None else config.cutoffs
    cutoffs = [bound for bound in asked if bound < num_predicted]
    if not cutoffs:
        raise ConfigError(
            f"the adaptive softmax ends its head at {list(asked)}, beyond the {num_predicted:,} units there "
            "are; use --softmax full"
        )
    return {name: AdaptiveSoftmax(**sizes, cutoffs=cutoffs, tied=config.tied) for name in directions}


def build_words(config: WordsConfig, features: WordFeatures, vectors: Tensor | None = None) -> WordRepresentation:
    """Build the word representation alone; arguments as ``build_tagger``."""
    require_resolved(config)
    affixes = features.affixes
    if vectors is None and features.has_vectors:  # of a checkpoint: loading the weights sets the size of the table
        vectors = torch.zeros(len(features.vocabulary), 0)
    return WordRepresentation(
        num_words=features.vocabulary.embedded,
        embedding_size=config.embedding_size,
        num_affixes=0 if affixes is None else affixes.num_rows,
        affixes_per_word=0 if affixes is None else affixes.size,
        affix_size=config.affix_size,
        characters=_build_characters(config, features),
        vectors=vectors,
        output_size=config.output_size,
    )


def _build_characters(config: WordsConfig, features: WordFeatures) -> nn.Module | None:
    if features.characters is None:
        return None
    kind = CharacterLSTM if "lstm" in config.characters else CharacterCNN
    return kind(
        num_characters=len(features.characters),
        embedding_size=config.character_embedding_size,
        output_size=config.character_size,
    )
