"""A model that gives words numbers to a folder and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tagger.config.tagger import TAG
from tagger.config.token_regressor import TokenRegressorConfig
from tagger.corpora.encoding.vocabulary import UNKNOWN, Vocabulary
from tagger.corpora.encoding.word_features import WordFeatures
from tagger.corpora.series.scaling import Scaling
from tagger.corpora.tokenization.tokenizer import WordTokenizer
from tagger.forecasting.checkpoint import is_over, read_folder, write_folder
from tagger.models.networks.multi_head_network import Network
from tagger.serialization import manifest as files
from tagger.serialization.builder import build_tagger
from tagger.serialization.checkpoint import AFFIX_HASHES, affixes_beside, characters_dict, load_features
from tagger.serialization.tokenizer import load_tokenizer
from tagger.serialization.weights_file import damage_told, load_network, read_tensors


@dataclass(frozen=True)
class SavedTokenRegressor:
    """All that the folder of such a model holds.

    Args:
        config: every resolved setting.
        features: vocabulary and sub-word features.
        network: the weights.
        tokenizer: rules for raw text.
        mean: (K,) of the targets in the training data.
        spread: (K,) their standard deviations.
        about: facts for people and programs.
    """

    config: TokenRegressorConfig
    features: WordFeatures
    network: Network
    tokenizer: WordTokenizer
    mean: np.ndarray
    spread: np.ndarray
    about: Mapping[str, Any] = field(default_factory=dict)


def save_word_numbers(folder: Path, saved: SavedTokenRegressor) -> None:
    """Write weights, tokenizer and configuration into an existing folder."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel

    features = saved.features
    tensors = dict(saved.network.state_dict())
    if features.affixes is not None:
        tensors[AFFIX_HASHES] = torch.tensor(features.affixes.hashes, dtype=torch.int64)
    tokenizer = Tokenizer(WordLevel(vocab=features.vocabulary.ids, unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = saved.tokenizer.pre_tokenizer()
    fields = {
        "config": saved.config.to_dict(),
        "vocabulary": {"trained": features.vocabulary.trained, "embedded": features.vocabulary.embedded},
        "characters": None if features.characters is None else characters_dict(features.characters),
        "sentence_rules": saved.tokenizer.rules(),
        "scaling": {"mean": saved.mean.tolist(), "spread": saved.spread.tolist()},
        "about": dict(saved.about),
    }
    write_folder(folder, "words", tensors, tokenizer, fields)


def gives_numbers(folder: Path) -> bool:
    """Whether a folder holds a model that gives words numbers; damaged ones are for others to report."""
    return is_over(folder, "words")


def load_word_numbers(folder: Path) -> SavedTokenRegressor:
    """Read a model folder.

    Raises:
        ModelError: the folder is missing, incomplete, damaged or holds a model of another kind.
    """
    values = read_folder(folder, "words")
    with damage_told(folder):
        return _load(folder, values)


def _load(folder: Path, values: Mapping[str, Any]) -> SavedTokenRegressor:
    config = TokenRegressorConfig.from_dict(values["config"], where=str(folder / files.CONFIG))
    mean, spread = _scaling(values["scaling"], len(config.targets))
    path = folder / files.WEIGHTS
    header, tensors = read_tensors(path)
    vocabulary, tokenizer = _words(folder, values)
    hashes, vectors = tensors.get(AFFIX_HASHES), tensors.get("words.vectors")
    features = load_features(config.as_tagger(), values, vocabulary, hashes, vectors is not None)
    heads = {TAG: len(config.targets)}
    build = partial(build_tagger, config.as_tagger(), features, heads, None if vectors is None else vectors.float())
    beside = affixes_beside(hashes)
    network = load_network(path, header, tensors, build, layers=config.encoder.layers, beside=beside)
    return SavedTokenRegressor(config, features, network, tokenizer, mean, spread, values.get("about", {}))


def _words(folder: Path, values: Mapping[str, Any]) -> tuple[Vocabulary, WordTokenizer]:
    """The vocabulary, and rules for raw text.

    Raises:
        ModelError: there are no rules.
        ValueError: the sizes of the vocabulary do not fit.
    """
    vocabulary, tokenizer, _ = load_tokenizer(folder, values)
    if not 1 <= vocabulary.embedded <= vocabulary.trained <= len(vocabulary):
        raise ValueError("the sizes of the vocabulary do not fit together")
    return vocabulary, tokenizer


def _scaling(values: Mapping[str, Any], targets: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and spread of each target.

    Raises:
        ValueError: they are none of so many targets.
    """
    scaling = Scaling.from_dict(values, targets)
    return scaling.mean[0], scaling.std[0]
