"""Transfer from a language model to a tagger: the vocabulary and the shared weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import TypeVar

import torch

from tagger.config.base import filled
from tagger.config.tagger import Config, EncoderConfig, WordsConfig
from tagger.config.token_regressor import TokenRegressorConfig
from tagger.corpora.encoding.affixes import AffixFeatures
from tagger.corpora.encoding.vocabulary import UNKNOWN, UNKNOWN_ID, Vocabulary
from tagger.corpora.encoding.word_features import WordFeatures
from tagger.errors import ConfigError, ModelError
from tagger.models.networks.multi_head_network import Network
from tagger.serialization.checkpoint import SavedModel


def merged_vocabulary(base: Sequence[str], counts: Mapping[str, int], min_count: int) -> Vocabulary:
    """Append the words of a treebank to those of a language model, which keep their ids.

    New words rarer than ``min_count`` have no embedding. The base begins with ``<unk>``.
    """
    known = set(base)
    new = sorted((w for w in counts if w not in known and w != UNKNOWN), key=lambda w: (-counts[w], w))
    own = sum(counts[word] >= min_count for word in new)
    return Vocabulary((*base, *new), len(base) + len(new), len(base) + own)


def merged_features(start: WordFeatures, counts: Mapping[str, int], words: WordsConfig) -> WordFeatures:
    """Append the words and affixes of a treebank to the features of a language model."""
    vocabulary = merged_vocabulary(start.vocabulary.words, counts, words.min_count)
    affixes = start.affixes
    if affixes is not None:
        fitted = AffixFeatures.fit(
            counts,
            prefixes=affixes.prefixes,
            suffixes=affixes.suffixes,
            jamo=affixes.jamo,
            jamo_prefixes=affixes.jamo_prefixes,
            min_types=words.affix_min_types,
        )
        known = set(affixes.hashes)
        affixes = replace(affixes, hashes=(*affixes.hashes, *(h for h in fitted.hashes if h not in known)))
    return WordFeatures(vocabulary, affixes, start.characters, start.has_vectors)


def inherit_config(config: Config, start: SavedModel, where: str) -> Config:
    """Return the configuration with the word representation and the stacks of a language model.

    Raises:
        ModelError: the model reads other units than words, or changes words before it reads them.
        ConfigError: the user asked for a setting that the model has otherwise.
    """
    if start.subwords is None or start.subwords.kind != "word" or isinstance(start.config, TokenRegressorConfig):
        kind = "no units at all" if start.subwords is None else f"{start.subwords.kind} units"
        raise ModelError(f"{where}: reads {kind}; a tagger can start from a language model of words")
    head = start.config.head
    if head.lowercase or head.digits:
        raise ModelError(f"{where}: reads words in small letters or without digits; a tagger needs them as they are")
    return replace(
        config,
        words=_inherit_section(config.words, start.config.words, WordsConfig(), "words"),
        encoder=_inherit_section(config.encoder, start.config.encoder, EncoderConfig(), "encoder"),
        streams=filled(config.streams, start.config.streams),
        head=replace(head, bidirectional=config.head.bidirectional and head.bidirectional),
    )


_Section = TypeVar("_Section", WordsConfig, EncoderConfig)


def _inherit_section(given: _Section, start: _Section, default: _Section, table: str) -> _Section:
    """Take a section from the model to start from; refuse other settings of the user."""
    values = {}
    if isinstance(given, WordsConfig) and given.vectors is not None:
        raise ConfigError("'words.vectors' has no place beside a model to start from; leave one of them out")
    for field in fields(given):
        wanted, theirs = getattr(given, field.name), getattr(start, field.name)
        if field.name in ("vectors", "min_count"):
            continue
        if wanted is not None and wanted not in (getattr(default, field.name), theirs):
            raise ConfigError(
                f"'{table}.{field.name}' is {wanted!r}, but the model to start from has {theirs!r}; leave it out"
            )
        values[field.name] = theirs
    return replace(given, **values)


@torch.no_grad()
def copy_weights(start: Network, network: Network) -> list[str]:
    """Copy what a language model shares with a network; tables that have grown keep their new rows.

    Returns:
        Names of the parts that keep their random weights.

    Raises:
        ModelError: a weight of the model fits nowhere.
    """
    own, theirs = network.state_dict(), start.state_dict()
    for name, weights in theirs.items():
        if name not in own:
            continue  # a head or a stack that the new network does without
        if own[name].shape[1:] != weights.shape[1:] or len(own[name]) < len(weights):
            raise ModelError(
                f"'{name}' has shape {tuple(weights.shape)}, expected {tuple(own[name].shape)} or fewer rows"
            )
        own[name][: len(weights)] = weights.to(own[name].dtype)
    fresh = {".".join(name.split(".")[:2]) for name in own if name not in theirs}
    return sorted(fresh)


@torch.no_grad()
def init_new_embeddings(network: Network, before: WordFeatures, after: WordFeatures) -> None:
    """Initialise new words as the unknown word and new affixes as the unknown affix of their kind.

    So before training the network reads every word as the language model would.
    """
    words = network.words.embedding.weight
    words[before.vocabulary.embedded :] = words[UNKNOWN_ID].clone()
    if before.affixes is None or after.affixes is None or network.words.affixes is None:
        return
    table = network.words.affixes.weight
    kinds = [hash_ >> 32 for hash_ in after.affixes.hashes[len(before.affixes.hashes) :]]
    table[before.affixes.num_rows :] = table[torch.tensor(kinds, dtype=torch.int64, device=table.device)]


PRETRAINED = ("words.", "encoder.forward_rnn.", "encoder.backward_rnn.", "lm_heads.")
"""Prefixes of the parameters that a language model may bring."""
