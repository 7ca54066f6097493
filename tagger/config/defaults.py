"""Settings that depend on the corpus: what is right for 200,000 words is wrong for 20,000.

The figures behind the choices are in ``benchmarks/README.md``; all were chosen on development data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import islice

from tagger.config.base import filled
from tagger.config.tagger import Config, EncoderConfig, TrainingConfig, WordsConfig
from tagger.corpora.sources.corpus import Corpus
from tagger.corpora.tokenization.rules import is_hangul

SAMPLE = 2000
"""Number of training sentences from which the script is recognised."""
MEDIUM_TOKENS = 120_000
"""Number of training words from which the recipe for large corpora applies."""
FINE_GRAINED = 5
"""Ratio of XPOS to UPOS labels from which XPOS teaches a small model morphology."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts about a corpus that the defaults depend on.

    Args:
        tokens: words of the training split.
        hangul: share of words with a Hangul syllable.
        labels: size of the label set by column.
        column: the label column of the tagging head.
    """

    tokens: int
    hangul: float
    labels: Mapping[str, int]
    column: str = "upos"

    @classmethod
    def of(cls, corpus: Corpus) -> Facts:
        """Collect the facts from the training split."""
        assert corpus.train is not None
        words = [word for sentence in islice(corpus.train.tokens(), SAMPLE) for word in sentence]
        hangul = sum(map(is_hangul, words)) / max(1, len(words))
        columns = {"xpos"} & set(corpus.columns)
        labels = {name: _distinct(corpus.train.column(name)) for name in columns}
        labels[corpus.column] = _distinct(corpus.train.tags())
        return cls(corpus.train.num_tokens, hangul, labels, corpus.column)


def _distinct(sentences: Iterable[Iterable[str]]) -> int:
    return len({label for labels in sentences for label in labels})


def resolve(config: Config, facts: Facts) -> Config:
    """Choose every open setting by the facts about the training corpus."""
    small = facts.tokens < MEDIUM_TOKENS
    hangul = facts.hangul > 0.2
    return replace(
        config,
        column=facts.column,
        words=_words(config.words, small, hangul),
        encoder=filled(config.encoder, EncoderConfig(hidden_size=200)),
        training=_training(config.training, facts),
    )


def _words(words: WordsConfig, small: bool, hangul: bool) -> WordsConfig:
    chosen = WordsConfig(
        embedding_size=50 if small else 100,
        min_count=2 if small else 1,
        characters="affix+lstm" if small else "affix",
        affix_size=20 if small else 40,
        character_size=100,
        jamo=6 if hangul else 0,
        output_size=200,
    )
    return filled(words, chosen)


def _training(training: TrainingConfig, facts: Facts) -> TrainingConfig:
    small = facts.tokens < MEDIUM_TOKENS
    chosen = TrainingConfig(
        epochs=epochs(facts.tokens),
        batch_tokens=160 if small else 320,
        dropout=0.5 if small else 0.4,
        word_dropout=1.0,
        label_smoothing=0.1,
        auxiliary=_auxiliary(facts) if small else (),
    )
    return filled(training, chosen)


def _auxiliary(facts: Facts) -> tuple[str, ...]:
    """Choose XPOS where it is much finer than UPOS (composite tags of agglutinative languages)."""
    fine = facts.labels.get("xpos", 0) >= FINE_GRAINED * facts.labels.get("upos", 10**9)
    return ("xpos",) if fine else ()


def epochs(tokens: int) -> int:
    """Choose more epochs for less text: 8 from 200,000 words on, up to 40."""
    return int(min(40, max(8, round(8 * (200_000 / max(1, tokens)) ** 0.4))))
