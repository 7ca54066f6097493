"""Train your own sequence tagger and language model, and use them.

>>> from tagger import LanguageModel, Tagger, train_lm, train_pos
>>> Tagger.load("en").tag("They can fish.")
They/PRON can/AUX fish/VERB ./PUNCT
>>> tagger = train_pos("my-treebank/", out="runs/pos")
>>> model = train_lm("novels/", out="runs/lm")
>>> model.generate("The river", max_tokens=30, seed=1)[0].text

Everything loads when first used: ``import tagger`` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tagger.errors import ConfigError, CorpusError, ModelError, OutputError, TaggerError, TrainingError

if TYPE_CHECKING:
    from tagger.config import Config
    from tagger.corpora.corpus import Corpus
    from tagger.corpora.sources import read_corpus
    from tagger.gate_arrays import Gates
    from tagger.generation_settings import Generated
    from tagger.language_config import LanguageConfig
    from tagger.language_model import LanguageModel
    from tagger.language_scores import LanguageScores
    from tagger.language_training import train_lm
    from tagger.scores import Scores
    from tagger.tagged import TaggedSentence, TaggedText
    from tagger.tagging import Tagger
    from tagger.training import train_pos

__version__ = "0.1.0"

__all__ = [
    "Config",
    "ConfigError",
    "Corpus",
    "CorpusError",
    "Gates",
    "Generated",
    "LanguageConfig",
    "LanguageModel",
    "LanguageScores",
    "ModelError",
    "OutputError",
    "Scores",
    "TaggedSentence",
    "TaggedText",
    "Tagger",
    "TaggerError",
    "TrainingError",
    "__version__",
    "read_corpus",
    "train_lm",
    "train_pos",
]

_HOMES = {
    "Config": "tagger.config",
    "Corpus": "tagger.corpora.corpus",
    "Gates": "tagger.gate_arrays",
    "Generated": "tagger.generation_settings",
    "LanguageConfig": "tagger.language_config",
    "LanguageModel": "tagger.language_model",
    "LanguageScores": "tagger.language_scores",
    "Scores": "tagger.scores",
    "TaggedSentence": "tagger.tagged",
    "TaggedText": "tagger.tagged",
    "Tagger": "tagger.tagging",
    "read_corpus": "tagger.corpora.sources",
    "train_lm": "tagger.language_training",
    "train_pos": "tagger.training",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'tagger' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)
