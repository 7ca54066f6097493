"""From text to what a language model is trained on: units, their features, streams of ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tagger.config.language_model_defaults import RARE
from tagger.config.tagger import HeadConfig, WordsConfig
from tagger.corpora.encoding.affixes import AffixFeatures
from tagger.corpora.encoding.characters import Characters
from tagger.corpora.encoding.vocabulary import Vocabulary
from tagger.corpora.encoding.word_features import WordFeatures
from tagger.corpora.subwords.base import Units
from tagger.corpora.subwords.token_stream import UnitStream, encode_stream, unit_chunks
from tagger.corpora.text.text_split import TextCorpus, TextSplit
from tagger.corpora.tokenization.passages import TextSegment
from tagger.errors import ConfigError, CorpusError

STRETCH = 2_000_000
"""Units of a streamed text that are read at a time: an epoch."""
LARGEST_VOCABULARY = 30_000
"""Word units by default: the softmax over more costs more than it tells."""


@dataclass(frozen=True, slots=True)
class PreparedText:
    """A text made ready for training.

    Args:
        units: what is predicted.
        streams: by split: "train", and "dev" and "test" where there are any.
        following: what comes after the first stretch of a training text that is too large to be kept, stretch by
            stretch without end; None where ``train`` is all of it.
    """

    units: Units
    streams: Mapping[str, UnitStream]
    following: Iterator[UnitStream] | None = None

    @property
    def train(self) -> UnitStream:
        """What is learnt from."""
        return self.streams["train"]

    @property
    def frequencies(self) -> np.ndarray:
        """(V,) share of each unit in the training text."""
        return unit_shares(self.train.ids, self.units.size)


def unit_shares(ids: np.ndarray, size: int) -> np.ndarray:
    """(V,) share of each unit in a text, each counted once more than it occurs."""
    counts = np.bincount(ids, minlength=size) + 1.0
    shares: np.ndarray = counts / counts.sum()
    return shares


def prepare_text(
    corpus: TextCorpus, head: HeadConfig, folder: Path, units: Units | None = None, stretch: int | None = None
) -> PreparedText:
    """Fit units and encode all splits.

    Args:
        corpus: with a training split.
        head: which units.
        folder: where files for large texts may be made.
        units: of a model that is trained further; fitted on the training split if None.
        stretch: units of a streamed text that are read at a time.

    Raises:
        CorpusError: there is no training text, or too little of it.
    """
    if corpus.train is None:
        raise CorpusError("has no training text", path=corpus.source)
    if units is None:
        units = fit_units(corpus.train, head)
    following = _rest(corpus.train, units, stretch or STRETCH) if corpus.train.streaming else None
    streams = {split.name: encode_stream(split, units, folder) for split in corpus.splits if not split.streaming}
    if following is not None:
        streams["train"] = next(following, UnitStream(np.zeros(0, np.int32), 0, 0, 0))
    if len(streams["train"]) < 3:
        raise CorpusError(
            f"only {len(streams['train'])} units of training text; expected at least 3", path=corpus.source
        )
    return PreparedText(units, {name: stream for name, stream in streams.items() if len(stream) > 1}, following)


def _rest(split: TextSplit, units: Units, stretch: int) -> Iterator[UnitStream]:
    """A text stretch by stretch, from its beginning again and again."""
    found = True
    while found:
        found = False
        for chunk in unit_chunks(split, units, stretch):
            found = True
            yield chunk


def fit_units(train: Iterable[TextSegment], head: HeadConfig) -> Units:
    """Units of a training text, as the settings say."""
    size = head.vocabulary_size or (LARGEST_VOCABULARY if head.unit == "word" else None)
    return Units.fit(
        head.unit,
        train,
        max_size=size,
        min_count=head.min_count or (RARE if head.unit == "word" else 1),
        lowercase=head.lowercase,
        digits=head.digits,
    )


def unit_features(units: Units, words: WordsConfig, ids: np.ndarray) -> WordFeatures:
    """What a model may know of each unit by its form; sub-word features are for words alone.

    Args:
        units: all of them.
        words: resolved settings.
        ids: (N,) the text that is learnt from: affixes of too few of its words count as unknown, and so do lower-cased
            forms of a single one, whose own row says it all.

    Raises:
        ConfigError: the settings ask for features of pieces or characters.
    """
    vocabulary = Vocabulary(units.vocabulary.words, units.size, units.size)
    kinds = (words.characters or "none").split("+")
    if kinds == ["none"]:
        return WordFeatures(vocabulary)
    if units.kind != "word":
        raise ConfigError(f"'words.characters' is '{words.characters}', but the unit is '{units.kind}'; use none")
    counts = dict(zip(vocabulary.words, np.bincount(ids, minlength=units.size).tolist(), strict=True))
    affixes = characters = None
    if "affix" in kinds:
        affixes = AffixFeatures.fit(
            {word: min(count, 1) for word, count in counts.items()},
            prefixes=words.prefixes,
            suffixes=words.suffixes,
            jamo=words.jamo or 0,
            jamo_prefixes=words.jamo_prefixes,
            min_types=words.affix_min_types,
        )
    if "lstm" in kinds or "cnn" in kinds:
        characters = Characters.fit(counts, jamo=bool(words.jamo))
    return WordFeatures(vocabulary, affixes, characters)
