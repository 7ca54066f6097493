"""Prepares a treebank and a language model: one to start from, one to train along, or both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from tagger.config.language_model import resolve_head, resolve_streams
from tagger.config.tagger import Config
from tagger.corpora.encoding.word_features import WordFeatures
from tagger.corpora.sources.corpus import Corpus, Split
from tagger.corpora.subwords.base import SubwordTokenizer, TokenStream
from tagger.corpora.subwords.registry import fit_subwords
from tagger.corpora.subwords.token_stream import encode_stream
from tagger.corpora.text.text_split import TextCorpus
from tagger.corpora.tokenization.passages import TextSegment, aligned
from tagger.errors import ConfigError
from tagger.language_modelling.preparation import token_features, vocabulary_options
from tagger.sequence_labelling.transfer import merged_features
from tagger.serialization.checkpoint import SavedModel
from tagger.serialization.tokenizer import first_words_tokenizer


@dataclass(frozen=True, slots=True)
class AuxiliaryLM:
    """The language model that is trained beside a tagger.

    Args:
        subwords: the tokens that its head predicts.
        train: its training text.
        dev: text to score it on after each epoch.
        test: text to score it on at the end.
    """

    subwords: SubwordTokenizer
    train: TokenStream
    dev: TokenStream | None
    test: TokenStream | None


@dataclass(frozen=True, slots=True)
class Passages:
    """The sentences of a split, then those of a text; they can be read again and again."""

    split: Split
    text: TextCorpus | None = None

    def __iter__(self) -> Iterator[TextSegment]:
        """Yield all of them."""
        yield from map(aligned, self.split.texts(), self.split.tokens())
        if self.text is not None and self.text.train is not None:
            yield from self.text.train


def prepare_auxiliary_lm(
    corpus: Corpus, config: Config, start: SavedModel | None, text: TextCorpus | None, folder: Path
) -> tuple[WordFeatures, AuxiliaryLM | None]:
    """Merge the features, and encode the text of a language model that is trained along.

    Args:
        corpus: the treebank; its words are part of the text.
        config: resolved.
        start: the language model to start from, if any.
        text: further text to learn from.
        folder: holds the files of large texts.

    Returns:
        The features of all words, those of the language model first; and the model that is trained along, if any.

    Raises:
        ConfigError: text without a language model to train along, or one that does not predict plain words.
    """
    assert corpus.train is not None
    counts = Counter(chain.from_iterable(corpus.train.tokens()))
    along = config.training.lm_weight > 0
    if along and (config.head.unit != "word" or config.head.lowercase or config.head.digits):
        raise ConfigError(
            "a language model beside a tagger predicts words as they are written; "
            "leave 'head.unit', 'head.lowercase' and 'head.digits' out"
        )
    if text is not None and not along:
        raise ConfigError("text is given, but lm_weight is 0; text is read by a language model that is trained along")
    passages = Passages(corpus.train, text)
    if start is not None and start.subwords is not None:
        merged = merged_features(start.features, counts, config.words)
        if not along:
            return merged, None
        subwords = first_words_tokenizer(merged.vocabulary, start.subwords.size)
        train = encode_stream(passages, subwords, folder)
    else:
        subwords = fit_subwords(config.head.unit, passages, vocabulary_options(config.head))
        train = encode_stream(passages, subwords, folder)
        merged = merged_features(token_features(subwords, config.words, train.ids), counts, config.words)
        subwords = first_words_tokenizer(merged.vocabulary, subwords.size)
    dev, test = (
        encode_stream(Passages(split), subwords, folder) if split is not None and len(split) else None
        for split in (corpus.dev, corpus.test)
    )
    return merged, AuxiliaryLM(subwords, train, dev, test)


def with_streams(config: Config, auxiliary_lm: AuxiliaryLM) -> Config:
    """Decide the settings of the text that are None, as for a language model alone."""
    streams = resolve_streams(config.streams, len(auxiliary_lm.train.ids), config.training.epochs)
    return replace(config, streams=streams, head=resolve_head(config.head, auxiliary_lm.subwords.size))
