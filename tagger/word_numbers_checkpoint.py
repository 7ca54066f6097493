"""A model that gives words numbers to a folder and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

import tagger
from tagger import model_folder as files
from tagger.building import build_tagger
from tagger.checkpoint import AFFIX_HASHES, affixes_beside, characters_dict, load_features, load_tokenizer, stored
from tagger.corpora.tokenization import WordTokenizer
from tagger.corpora.vocabulary import UNKNOWN
from tagger.corpora.word_features import WordFeatures
from tagger.errors import ModelError
from tagger.models.network import Network
from tagger.preparation import TAG
from tagger.series_checkpoint import HEAD, TASK, check_kind
from tagger.weights_file import damage_told, load_network, read_tensors
from tagger.word_numbers_config import WordNumbersConfig

OVER = "words"


@dataclass(frozen=True)
class SavedWordNumbers:
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

    config: WordNumbersConfig
    features: WordFeatures
    network: Network
    tokenizer: WordTokenizer
    mean: np.ndarray
    spread: np.ndarray
    about: Mapping[str, Any] = field(default_factory=dict)


def save_word_numbers(folder: Path, saved: SavedWordNumbers) -> None:
    """Write weights, tokenizer and configuration into an existing folder."""
    from safetensors.torch import save
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel

    features = saved.features
    tensors = {name: stored(tensor).contiguous() for name, tensor in saved.network.state_dict().items()}
    if features.affixes is not None:
        tensors[AFFIX_HASHES] = torch.tensor(features.affixes.hashes, dtype=torch.int64)
    (folder / files.WEIGHTS).write_bytes(save(tensors, metadata={"format": "pt"}))
    tokenizer = Tokenizer(WordLevel(vocab=features.vocabulary.ids, unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = saved.tokenizer.pre_tokenizer()
    (folder / files.TOKENIZER).write_text(tokenizer.to_str(pretty=False), encoding="utf-8")
    values = {
        "format_version": files.FORMAT_VERSION,
        "library_version": tagger.__version__,
        "task": TASK,
        "heads": [HEAD],
        "over": OVER,
        "labels": [],
        "units": None,
        "config": saved.config.to_dict(),
        "vocabulary": {"trained": features.vocabulary.trained, "embedded": features.vocabulary.embedded},
        "characters": None if features.characters is None else characters_dict(features.characters),
        "sentence_rules": saved.tokenizer.rules(),
        "scaling": {"mean": saved.mean.tolist(), "spread": saved.spread.tolist()},
        "about": dict(saved.about),
        "files": {name: files.describe_file(folder / name) for name in (files.WEIGHTS, files.TOKENIZER)},
    }
    files.write_json(folder / files.CONFIG, files.seal(values))


def gives_numbers(folder: Path) -> bool:
    """Whether a folder holds a model that gives words numbers; damaged ones are for others to report."""
    try:
        values = files.read_config(folder)
    except ModelError:
        return False
    return values.get("task") == TASK and values.get("over") == OVER


def load_word_numbers(folder: Path) -> SavedWordNumbers:
    """Read a model folder.

    Raises:
        ModelError: the folder is missing, incomplete, damaged or holds a model of another kind.
    """
    values = files.read_config(folder)
    check_kind(folder, values, OVER)
    with damage_told(folder):
        return _load(folder, values)


def _load(folder: Path, values: Mapping[str, Any]) -> SavedWordNumbers:
    config = WordNumbersConfig.from_dict(values["config"], where=str(folder / files.CONFIG))
    path = folder / files.WEIGHTS
    header, tensors = read_tensors(path)
    vocabulary, tokenizer, _ = load_tokenizer(folder, values)
    hashes, vectors = tensors.get(AFFIX_HASHES), tensors.get("words.vectors")
    features = load_features(config.as_tagger(), values, vocabulary, hashes, vectors is not None)
    heads = {TAG: len(config.targets)}
    build = partial(build_tagger, config.as_tagger(), features, heads, None if vectors is None else vectors.float())
    beside = affixes_beside(hashes)
    network = load_network(path, header, tensors, build, layers=config.encoder.layers, beside=beside)
    scaling = values["scaling"]
    mean, spread = np.array(scaling["mean"], float), np.array(scaling["spread"], float)
    return SavedWordNumbers(config, features, network, tokenizer, mean, spread, values.get("about", {}))
