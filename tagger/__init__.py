"""Train your own sequence tagger and language model, and use them.

>>> from tagger import LanguageModel, Tagger, train_lm, train_pos
>>> Tagger.load("en").tag("They can fish.")
They/PRON can/AUX fish/VERB ./PUNCT
>>> tagger = train_pos("my-treebank/", out="runs/pos")
>>> model = train_lm("novels/", out="runs/lm")
>>> model.generate("The river", max_tokens=30, seed=1)[0].text

Everything loads when first used: ``import tagger`` costs next to nothing. The library logs to the logger ``tagger`` of
Python: models that it loads, the start of training with the notes on the corpus, and epochs as INFO, steps as DEBUG.
Nothing is shown until a handler is added. The ``listener`` of ``train_pos`` gets the same events as objects.
"""

from __future__ import annotations

import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any

from tagger.errors import ConfigError, CorpusError, ModelError, OutputError, TaggerError, TrainingError
from tagger.runtime.version import __version__

if TYPE_CHECKING:
    from tagger.config.generation import Generated
    from tagger.config.language_model import LanguageConfig
    from tagger.config.tagger import Config
    from tagger.corpora.read_corpus import read_corpus
    from tagger.corpora.sources.corpus import Corpus
    from tagger.evaluation.perplexity import LanguageScores
    from tagger.evaluation.scores import Scores
    from tagger.inference.tagged_text import TaggedSentence, TaggedText
    from tagger.inference.tagger import Tagger
    from tagger.interpretability.gate_activations import Gates
    from tagger.language_modelling.language_model import LanguageModel
    from tagger.language_modelling.train import train_lm
    from tagger.sequence_labelling.train import train_pos

logging.getLogger(__name__).addHandler(logging.NullHandler())

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
    "Config": "tagger.config.tagger",
    "Corpus": "tagger.corpora.sources.corpus",
    "Gates": "tagger.interpretability.gate_activations",
    "Generated": "tagger.config.generation",
    "LanguageConfig": "tagger.config.language_model",
    "LanguageModel": "tagger.language_modelling.language_model",
    "LanguageScores": "tagger.evaluation.perplexity",
    "Scores": "tagger.evaluation.scores",
    "TaggedSentence": "tagger.inference.tagged_text",
    "TaggedText": "tagger.inference.tagged_text",
    "Tagger": "tagger.inference.tagger",
    "read_corpus": "tagger.corpora.read_corpus",
    "train_lm": "tagger.language_modelling.train",
    "train_pos": "tagger.sequence_labelling.train",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'tagger' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)
