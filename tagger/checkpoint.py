"""A tagger to a model folder and back. Safetensors and JSON only: a model file cannot run code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

import tagger
from tagger import model_folder as files
from tagger.building import build_tagger
from tagger.config import Config
from tagger.corpora.affixes import AffixFeatures
from tagger.corpora.characters import Characters
from tagger.corpora.tokenization import WordTokenizer
from tagger.corpora.vocabulary import UNKNOWN, Vocabulary
from tagger.corpora.word_features import WordFeatures
from tagger.errors import ConfigError, ModelError
from tagger.lexicon import Lexicon
from tagger.models.sequence_tagger import SequenceTagger
from tagger.preparation import TAG

AFFIX_HASHES = "affixes.hashes"
LEXICON = "lexicon.tags"


@dataclass(frozen=True)
class SavedTagger:
    """All that a model folder holds of a tagger.

    Args:
        config: every resolved setting.
        labels: the K labels.
        features: vocabulary and sub-word features.
        model: the weights, with the tagging head alone.
        lexicon: the tags of each training word.
        tokenizer: rules for raw text.
        about: facts for people and programs: corpus, scores, command, environment.
    """

    config: Config
    labels: tuple[str, ...]
    features: WordFeatures
    model: SequenceTagger
    lexicon: Lexicon
    tokenizer: WordTokenizer
    about: Mapping[str, Any] = field(default_factory=dict)


def save_tagger(folder: Path, saved: SavedTagger) -> None:
    """Write weights, tokenizer and configuration into an existing folder."""
    _save_weights(folder / files.WEIGHTS, saved)
    _save_tokenizer(folder / files.TOKENIZER, saved)
    words = saved.features
    values = {
        "format_version": files.FORMAT_VERSION,
        "library_version": tagger.__version__,
        "task": "pos",
        "labels": list(saved.labels),
        "config": saved.config.to_dict(),
        "vocabulary": {"trained": words.vocabulary.trained, "embedded": words.vocabulary.embedded},
        "characters": None if words.characters is None else _characters_dict(words.characters),
        "sentence_rules": saved.tokenizer.rules(),
        "about": dict(saved.about),
        "files": {name: files.describe_file(folder / name) for name in (files.WEIGHTS, files.TOKENIZER)},
    }
    files.write_json(folder / files.CONFIG, files.seal(values))


def stored(tensor: Tensor) -> Tensor:
    """A tensor as it is stored: floating-point numbers in half precision."""
    return tensor.detach().cpu().half() if tensor.is_floating_point() else tensor.detach().cpu()


def round_as_stored(model: SequenceTagger) -> None:
    """Round the weights to what is stored, so that scores are those of the saved model."""
    with torch.no_grad():
        for tensor in model.state_dict().values():
            tensor.copy_(stored(tensor))


def _save_weights(path: Path, saved: SavedTagger) -> None:
    from safetensors.torch import save

    tensors = {name: stored(tensor).contiguous() for name, tensor in saved.model.state_dict().items()}
    tensors[LEXICON] = torch.from_numpy(saved.lexicon.table)
    if saved.features.affixes is not None:
        tensors[AFFIX_HASHES] = torch.tensor(saved.features.affixes.hashes, dtype=torch.int64)
    path.write_bytes(save(tensors, metadata={"format": "pt"}))


def _save_tokenizer(path: Path, saved: SavedTagger) -> None:
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel

    tokenizer = Tokenizer(WordLevel(vocab=saved.features.vocabulary.ids, unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = saved.tokenizer.pre_tokenizer()
    path.write_text(tokenizer.to_str(pretty=False), encoding="utf-8")  # save() hides a full disk in a bare Exception


def _characters_dict(characters: Characters) -> dict[str, Any]:
    return {"alphabet": characters.alphabet, "longest": characters.longest, "jamo": characters.jamo}


def load_tagger(folder: Path) -> SavedTagger:
    """Read a model folder.

    Raises:
        ModelError: the folder is missing, incomplete, damaged, of a newer format, or holds no tagger.
    """
    values = files.read_config(folder)
    try:
        return _load(folder, values)
    except ModelError:
        raise
    except (ConfigError, KeyError, TypeError, ValueError, RuntimeError, AttributeError, IndexError) as error:
        raise ModelError(f"{folder}: damaged or not a tagger: {_one_line(error)}") from error


def _load(folder: Path, values: Mapping[str, Any]) -> SavedTagger:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if values["task"] != "pos":
        raise ModelError(f"{folder}: holds a model for '{values['task']}', not a tagger")
    config = Config.from_dict(values["config"], where=str(folder / files.CONFIG))
    labels = tuple(map(str, values["labels"]))
    try:
        tensors = load_file(folder / files.WEIGHTS)
    except SafetensorError as error:
        raise ModelError(f"{folder / files.WEIGHTS}: damaged: {_one_line(error)}") from error
    vocabulary, tokenizer = _load_tokenizer(folder, values)
    features = _load_features(config, values, vocabulary, tensors.pop(AFFIX_HASHES, None), "words.vectors" in tensors)
    lexicon = Lexicon(tensors.pop(LEXICON).numpy(), vocabulary, labels)
    model = build_tagger(config, features, {TAG: len(labels)}, _vectors(tensors))
    model.load_state_dict({name: t.float() if t.is_floating_point() else t for name, t in tensors.items()})
    model.eval().requires_grad_(False)
    return SavedTagger(config, labels, features, model, lexicon, tokenizer, values.get("about", {}))


def _vectors(tensors: Mapping[str, Tensor]) -> Tensor | None:
    vectors = tensors.get("words.vectors")
    return None if vectors is None else vectors.float()


def _load_tokenizer(folder: Path, values: Mapping[str, Any]) -> tuple[Vocabulary, WordTokenizer]:
    from tokenizers import Tokenizer

    path = folder / files.TOKENIZER
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises bare Exception
        raise ModelError(f"{path}: damaged: {_one_line(error)}") from error
    ids = json.loads(path.read_text(encoding="utf-8"))["model"]["vocab"]
    words = tuple(sorted(ids, key=ids.__getitem__))
    numbers = values["vocabulary"]
    vocabulary = Vocabulary(words, int(numbers["trained"]), int(numbers["embedded"]))
    return vocabulary, WordTokenizer.from_pre_tokenizer(tokenizer.pre_tokenizer, values["sentence_rules"])


def _load_features(
    config: Config,
    values: Mapping[str, Any],
    vocabulary: Vocabulary,
    hashes: Tensor | None,
    has_vectors: bool,
) -> WordFeatures:
    words = config.words
    affixes = None
    if hashes is not None:
        affixes = AffixFeatures(words.prefixes, words.suffixes, words.jamo or 0, tuple(hashes.tolist()))
    characters = None if values["characters"] is None else Characters(**values["characters"])
    return WordFeatures(vocabulary, affixes, characters, has_vectors)


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]


def seen_tags(lexicon: Mapping[str, frozenset[str]], features: WordFeatures, labels: tuple[str, ...]) -> Lexicon:
    """The lexicon of a training corpus in the form that is stored."""
    from tagger.lexicon import pack

    table: np.ndarray = pack(lexicon, features.vocabulary, labels)
    return Lexicon(table, features.vocabulary, labels)
