"""Prepares text for training a language model: its vocabulary, the features of its tokens, streams of ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tagger.config.language_model import RARE
from tagger.config.tagger import HeadConfig, WordsConfig
from tagger.corpora.encoding.affixes import AffixFeatures
from tagger.corpora.encoding.characters import Characters
from tagger.corpora.encoding.vocabulary import Vocabulary
from tagger.corpora.encoding.word_features import WordFeatures
from tagger.corpora.subwords.base import SubwordTokenizer, TokenStream, VocabularyOptions
from tagger.corpora.subwords.registry import fit_subwords
from tagger.corpora.subwords.token_stream import encode_stream, token_chunks
from tagger.corpora.text.text_split import TextCorpus, TextSplit
from tagger.errors import ConfigError, CorpusError

STREAM_CHUNK = 2_000_000
"""Tokens of a streamed text that are read at a time: an epoch."""
LARGEST_VOCABULARY = 30_000
"""Default number of words: a softmax over more costs more time than it gains accuracy."""


@dataclass(frozen=True, slots=True)
class PreparedText:
    """A text prepared for training.

    Args:
        subwords: the tokens that the model predicts.
        streams: by split: "train", and "dev" and "test" where there are any.
        following: the later chunks of a streamed training text, without end; None where ``train`` is all of it.
    """

    subwords: SubwordTokenizer
    streams: Mapping[str, TokenStream]
    following: Iterator[TokenStream] | None = None

    @property
    def train(self) -> TokenStream:
        """The training text."""
        return self.streams["train"]

    @property
    def frequencies(self) -> np.ndarray:
        """(V,) share of each token in the training text."""
        return token_frequencies(self.train.ids, self.subwords.size)


def token_frequencies(ids: np.ndarray, size: int) -> np.ndarray:
    """Return the (V,) share of each token in a text, with add-one smoothing."""
    counts = np.bincount(ids, minlength=size) + 1.0
    shares: np.ndarray = counts / counts.sum()
    return shares


def prepare_text(corpus: TextCorpus, head: HeadConfig, folder: Path, stream_chunk: int | None = None) -> PreparedText:
    """Fit a vocabulary and encode all splits.

    Args:
        corpus: with a training split.
        head: settings of the vocabulary.
        folder: holds the files of large texts.
        stream_chunk: tokens of a streamed text that are read at a time.

    Raises:
        CorpusError: there is no training text, or too little of it.
    """
    if corpus.train is None:
        raise CorpusError("has no training text", path=corpus.source)
    subwords = fit_subwords(head.unit, corpus.train, vocabulary_options(head))
    following = _rest(corpus.train, subwords, stream_chunk or STREAM_CHUNK) if corpus.train.streaming else None
    streams = {split.name: encode_stream(split, subwords, folder) for split in corpus.splits if not split.streaming}
    if following is not None:
        streams["train"] = next(following, TokenStream(np.zeros(0, np.int32), 0, 0, 0))
    if len(streams["train"]) < 3:
        raise CorpusError(
            f"only {len(streams['train'])} tokens of training text; expected at least 3", path=corpus.source
        )
    return PreparedText(subwords, {name: stream for name, stream in streams.items() if len(stream) > 1}, following)


def _rest(split: TextSplit, subwords: SubwordTokenizer, stream_chunk: int) -> Iterator[TokenStream]:
    """Yield the chunks of a text, again and again from its beginning."""
    any_chunk = True
    while any_chunk:
        any_chunk = False
        for chunk in token_chunks(split, subwords, stream_chunk):
            any_chunk = True
            yield chunk


def vocabulary_options(head: HeadConfig) -> VocabularyOptions:
    """Return the settings of a head as options of its vocabulary."""
    return VocabularyOptions(
        max_size=head.vocabulary_size or (LARGEST_VOCABULARY if head.unit == "word" else None),
        min_count=head.min_count or (RARE if head.unit == "word" else 1),
        lowercase=head.lowercase,
        digits=head.digits,
    )


def token_features(subwords: SubwordTokenizer, words: WordsConfig, ids: np.ndarray) -> WordFeatures:
    """Build the features of each token; only words have sub-word features.

    Args:
        subwords: all tokens.
        words: resolved settings.
        ids: (N,) the training text: affixes of too few of its words count as unknown, and so do lower-cased forms of
            a single word, which has a row of its own.

    Raises:
        ConfigError: the settings ask for features of pieces or characters.
    """
    vocabulary = Vocabulary(subwords.vocabulary.words, subwords.size, subwords.size)
    if words.characters == "none":
        return WordFeatures(vocabulary)
    if subwords.kind != "word":
        raise ConfigError(f"'words.characters' is '{words.characters}', but the unit is '{subwords.kind}'; use none")
    counts = dict(zip(vocabulary.words, np.bincount(ids, minlength=subwords.size).tolist(), strict=True))
    affix_counts = {word: min(count, 1) for word, count in counts.items()}
    return WordFeatures(vocabulary, *subword_features(counts, words, affix_counts))


def subword_features(
    counts: Mapping[str, int], words: WordsConfig, affix_counts: Mapping[str, int] | None = None
) -> tuple[AffixFeatures | None, Characters | None]:
    """Fit the affixes and characters that the settings ask for; ``affix_counts`` decide which affixes are frequent."""
    kinds = words.characters.split("+")
    affixes = characters = None
    if "affix" in kinds:
        affixes = AffixFeatures.fit(
            counts if affix_counts is None else affix_counts,
            prefixes=words.prefixes,
            suffixes=words.suffixes,
            jamo=words.jamo,
            jamo_prefixes=words.jamo_prefixes,
            min_types=words.affix_min_types,
        )
    if "lstm" in kinds or "cnn" in kinds:
        characters = Characters.fit(counts, jamo=words.jamo > 0)
    return affixes, characters
