"""Save and load models of any heads, as safetensors and JSON: a model file cannot run code."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tagger.config.base import require_resolved
from tagger.config.language_model import LanguageConfig
from tagger.config.tagger import TAG, Config, WordsConfig
from tagger.config.token_regressor import TokenRegressorConfig
from tagger.corpora.encoding.affixes import AffixFeatures
from tagger.corpora.encoding.characters import Characters
from tagger.corpora.encoding.vocabulary import Vocabulary
from tagger.corpora.encoding.word_features import WordFeatures
from tagger.corpora.series.scaling import Scaling
from tagger.corpora.subwords.base import SubwordTokenizer
from tagger.corpora.tokenization.tokenizer import WordTokenizer
from tagger.errors import ModelError
from tagger.models.networks.multi_head_network import Network
from tagger.runtime.version import __version__
from tagger.serialization import manifest
from tagger.serialization.builder import build_language_model, build_tagger
from tagger.serialization.tag_lexicon import Lexicon
from tagger.serialization.tokenizer import load_tokenizer, save_tokenizer
from tagger.serialization.weights import load_network, placeholder, read_tensors, report_damage

LOGGER = logging.getLogger(__name__)
AFFIX_HASHES = "affixes.hashes"
LEXICON = "lexicon.tags"
TAGGING, LANGUAGE, REGRESSION = "tag", "language", "number"
"""Names of the heads in ``config.json``."""
HINTS = {
    TAGGING: ("tags", "`tagger train pos` trains a tagger, with --init-from this model if you like"),
    LANGUAGE: ("predicts words", "`tagger train lm` trains a language model, `tagger train pos --lm-weight` both"),
    REGRESSION: ("predicts numbers", "`tagger train series` trains one that does"),
}
"""What each head does, and how to get a model with it."""
STEPS: dict[Any, str] = {
    "time": "it forecasts time series: use `tagger forecast`",
    "words": "it predicts a number for every word: use `tagger tag --model`",
}
"""What a regression head reads at each step, as ``config.json`` has it under "over"."""
ModelConfig = Config | LanguageConfig | TokenRegressorConfig
CONFIGS: dict[Any, type[ModelConfig]] = {"pos": Config, "lm": LanguageConfig, "series": TokenRegressorConfig}
"""The type of the configuration by the task."""


@dataclass(frozen=True)
class SavedModel:
    """Contents of a model folder.

    Args:
        config: every resolved setting; its type depends on the first head.
        labels: the K labels of the tagging head, if there is one.
        features: vocabulary and sub-word features.
        model: the weights.
        lexicon: the tags of each training word, with a tagging head.
        tokenizer: rules for raw text.
        about: facts for people and programs: corpus, scores, command, environment.
        subwords: what the language-model head predicts, if there is one.
        scaling: of the targets of the regression head, if there is one.
    """

    config: ModelConfig
    labels: tuple[str, ...]
    features: WordFeatures
    model: Network
    lexicon: Lexicon | None
    tokenizer: WordTokenizer
    about: Mapping[str, Any] = field(default_factory=dict)
    subwords: SubwordTokenizer | None = None
    scaling: Scaling | None = None

    @property
    def heads(self) -> tuple[str, ...]:
        """The names of the heads: "tag", "language" or both; or "number"."""
        present = {
            TAGGING: bool(self.labels),
            LANGUAGE: self.subwords is not None,
            REGRESSION: self.scaling is not None,
        }
        return tuple(head for head, there in present.items() if there)


def save_model(folder: Path, saved: SavedModel) -> None:
    """Write weights, tokenizer and configuration into an existing folder."""
    words = saved.features
    save_tokenizer(
        folder / manifest.TOKENIZER, saved.tokenizer, words.vocabulary, saved.subwords, tags=bool(saved.labels)
    )
    fields: dict[str, Any] = {
        "task": next(task for task, config in CONFIGS.items() if isinstance(saved.config, config)),
        "heads": list(saved.heads),
        "labels": list(saved.labels),
        "units": None if saved.subwords is None else {"kind": saved.subwords.kind, "number": saved.subwords.size},
        "config": saved.config.to_dict(),
        "vocabulary": {"trained": words.vocabulary.trained, "embedded": words.vocabulary.embedded},
        "characters": None if words.characters is None else _characters_dict(words.characters),
        "sentence_rules": saved.tokenizer.rules(),
        "about": dict(saved.about),
    }
    if saved.scaling is not None:
        mean, std = saved.scaling.mean[0].tolist(), saved.scaling.std[0].tolist()
        fields |= {"over": "words", "scaling": {"mean": mean, "spread": std}}
    tensors = dict(saved.model.state_dict())
    if saved.lexicon is not None:
        tensors[LEXICON] = torch.from_numpy(saved.lexicon.table)
    if words.affixes is not None:
        tensors[AFFIX_HASHES] = torch.tensor(words.affixes.hashes, dtype=torch.int64)
    write_folder(folder, tensors, fields)


def write_folder(folder: Path, tensors: Mapping[str, Tensor], fields: Mapping[str, Any]) -> None:
    """Write weights and configuration beside the tokenizer that the folder has.

    Args:
        folder: exists, and has a ``tokenizer.json``.
        tensors: of the network, and what is stored beside them.
        fields: of ``config.json``, besides the versions and the list of files.
    """
    from safetensors.torch import save

    weights = {name: stored(tensor).contiguous() for name, tensor in tensors.items()}
    (folder / manifest.WEIGHTS).write_bytes(save(weights, metadata={"format": "pt"}))
    values = {
        "format_version": manifest.FORMAT_VERSION,
        "library_version": __version__,
        **fields,
        "files": {name: manifest.describe_file(folder / name) for name in (manifest.WEIGHTS, manifest.TOKENIZER)},
    }
    manifest.write_json(folder / manifest.CONFIG, manifest.with_checksum(values))


def stored(tensor: Tensor) -> Tensor:
    """Convert a tensor for storage: floating-point numbers to half precision."""
    return tensor.detach().cpu().half() if tensor.is_floating_point() else tensor.detach().cpu()


@torch.no_grad()
def round_as_stored(model: nn.Module) -> None:
    """Round the weights as storage does, so that scores are those of the saved model."""
    for tensor in model.state_dict().values():
        tensor.copy_(stored(tensor))


def _characters_dict(characters: Characters) -> dict[str, Any]:
    """Describe an alphabet for ``config.json``."""
    return {"alphabet": characters.alphabet, "longest": characters.longest, "jamo": characters.jamo}


def load_model(folder: Path, *heads: str) -> SavedModel:
    """Read a model folder.

    Args:
        folder: as ``save_model`` filled it.
        heads: names of heads; a folder that has none of them is refused. None named: any model of words.

    Raises:
        ModelError: the folder is missing, incomplete, damaged, of a newer format, or lacks the heads.
    """
    values = manifest.read_verified_manifest(folder)
    with report_damage(folder):
        check_heads(folder, values, heads, steps="words")
        saved = _load(folder, values)
    LOGGER.info("loaded %s", folder)
    return saved


def check_heads(folder: Path, values: Mapping[str, Any], wanted: Sequence[str], *, steps: str) -> None:
    """Check that a model has one of the wanted heads, and reads the right steps.

    Args:
        folder: for the message.
        values: of ``config.json``.
        wanted: names of heads; none for any.
        steps: what a regression head reads, see ``STEPS``.

    Raises:
        ModelError: the model is of another kind; the message says what it is for.
    """
    heads = values.get("heads", [TAGGING])
    if wanted and not any(head in heads for head in wanted):
        does, hint = HINTS[wanted[0]]
        raise ModelError(f"{folder}: no head that {does}; its heads: {', '.join(map(str, heads))}; {hint}")
    if REGRESSION in heads and (present := values.get("over")) != steps:
        use = STEPS.get(present) if isinstance(present, str) else None
        raise ModelError(
            f"{folder}: a regression model of another kind; {use or 'this version does not know what its steps are'}"
        )


def _load(folder: Path, values: Mapping[str, Any]) -> SavedModel:
    if values["task"] not in CONFIGS:
        raise ModelError(f"{folder}: holds a model for '{values['task']}', which this version does not know")
    config = CONFIGS[values["task"]].from_dict(values["config"], where=str(folder / manifest.CONFIG))
    require_resolved(config.words, config.encoder)
    labels = tuple(map(str, values["labels"]))
    scaling = None
    if isinstance(config, TokenRegressorConfig):
        scaling = Scaling.from_dict(values["scaling"], len(config.targets))
    path = folder / manifest.WEIGHTS
    tensors = read_tensors(path, values["format_version"])
    vocabulary, tokenizer, subwords = load_tokenizer(folder, values)
    hashes = tensors.get(AFFIX_HASHES)
    vectors = tensors["words.vectors"].float() if "words.vectors" in tensors else None
    features = _load_features(config.words, values, vocabulary, hashes, vectors is not None)
    if isinstance(config, LanguageConfig) and subwords is None:
        raise ModelError(f"{folder / manifest.CONFIG}: damaged: a language model without units")
    build = partial(_build, config, features, labels, vectors, subwords)
    beside = {} if hashes is None else {AFFIX_HASHES: placeholder(torch.int64, hashes.numel())}
    if labels:
        beside[LEXICON] = placeholder(torch.uint8, vocabulary.trained, -(-len(labels) // 8))
    model = load_network(path, tensors, build, layers=config.encoder.layers, beside=beside)
    lexicon = Lexicon(tensors[LEXICON].numpy(), vocabulary, labels) if labels else None
    return SavedModel(config, labels, features, model, lexicon, tokenizer, values.get("about", {}), subwords, scaling)


def _build(
    config: ModelConfig,
    features: WordFeatures,
    labels: tuple[str, ...],
    vectors: Tensor | None,
    subwords: SubwordTokenizer | None,
) -> Network:
    if isinstance(config, LanguageConfig):
        assert subwords is not None
        return build_language_model(config, features, subwords.size)
    if isinstance(config, TokenRegressorConfig):
        return build_tagger(config.as_tagger(), features, {TAG: len(config.targets)}, vectors)
    return build_tagger(config, features, {TAG: len(labels)}, vectors, None if subwords is None else subwords.size)


def _load_features(
    words: WordsConfig, values: Mapping[str, Any], vocabulary: Vocabulary, hashes: Tensor | None, has_vectors: bool
) -> WordFeatures:
    affixes = None
    if hashes is not None:
        known = tuple(hashes.tolist())
        affixes = AffixFeatures(words.prefixes, words.suffixes, words.jamo, known, words.jamo_prefixes)
    characters = None if values["characters"] is None else Characters(**values["characters"])
    return WordFeatures(vocabulary, affixes, characters, has_vectors)
