"""A language model for commands to load: fixed random weights over a few words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from tagger.cli.main import COMMANDS
from tagger.config.generation import Generated, GenerationSettings
from tagger.corpora.tokenization.passages import TextSegment
from tagger.corpora.tokenization.tokenizer import WordTokenizer
from tagger.errors import ModelError
from tagger.generation.generate import generate, stream
from tagger.generation.prompts import Prompt, make_prompt
from tagger.language_modelling.surprisal import ScoredPassage, score_words
from tests.tagger.generation.predictors import FadingPredictor, character_units, word_units

WORDS = word_units("the", "river", "ran", ",", ".", "dog")
CHARACTERS = character_units("the riv.,nadog")


class FixedModel:
    """What the commands use of ``LanguageModel``."""

    threads = 1
    tokenizer = WordTokenizer.from_rules("english")

    def __init__(self, subwords: Any) -> None:
        self.subwords = subwords
        self.engine = FadingPredictor(subwords.size)

    def prompt(self, text: str) -> Prompt:
        """See ``LanguageModel``."""
        return make_prompt(text, self.tokenizer, self.subwords)

    def generate(self, prompt: str = "", **settings: Any) -> list[Generated]:
        """See ``LanguageModel``."""
        return generate(self.engine, self.subwords, self.prompt(prompt), GenerationSettings(**settings))

    def stream(self, prompt: str = "", **settings: Any) -> Iterator[str]:
        """See ``LanguageModel``."""
        return stream(self.engine, self.subwords, self.prompt(prompt), GenerationSettings(**settings))

    def score_passages(self, passages: Iterable[TextSegment], *, context: str = "text") -> Iterator[ScoredPassage]:
        """See ``LanguageModel``."""
        return score_words(self.engine, self.subwords, passages, context=context)


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make ``en`` (words) and ``chars`` the models that there are."""

    def load(name: str, **options: object) -> FixedModel:
        if name not in ("en", "chars"):
            raise ModelError(f"{name}: no such model")
        return FixedModel(WORDS if name == "en" else CHARACTERS)

    monkeypatch.setattr("tagger.language_modelling.language_model.LanguageModel.load", load)
    for name in ("generate", "score"):
        monkeypatch.setitem(COMMANDS, name, (f"tagger.cli.commands.{name}", name))
