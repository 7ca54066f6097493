"""The subword tokenizers by kind: fit one on training text, load one from a model folder."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from tagger.corpora.encoding.vocabulary import UNKNOWN, Vocabulary
from tagger.corpora.subwords.base import EOS, SubwordTokenizer, VocabularyOptions
from tagger.corpora.subwords.bpe import BpeTokenizer
from tagger.corpora.subwords.character import CharacterTokenizer
from tagger.corpora.subwords.pretokenizers import is_of_characters
from tagger.corpora.subwords.word import WordLevelTokenizer
from tagger.corpora.text.text_split import TextSplit, check_unit
from tagger.corpora.tokenization.passages import TextSegment
from tagger.errors import ConfigError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

STREAM_WORDS = 2_000_000  # words of a stream that the vocabulary is fitted on


def fit_subwords(kind: str, split: Iterable[TextSegment], options: VocabularyOptions) -> SubwordTokenizer:
    """Fit a tokenizer (``word``, ``bpe`` or ``char``) on training text, in one pass over it.

    Raises:
        CorpusError: the text has too few different tokens, or all of them are rarer than ``min_count``.
        ConfigError: there is no such kind, or the size is too small for it.
    """
    if isinstance(split, TextSplit):
        max_words = STREAM_WORDS if options.max_words is None and split.streaming else options.max_words
        options = replace(options, max_words=max_words, tokenizer=options.tokenizer or split.tokenizer)
    if check_unit(kind) == "bpe":
        return BpeTokenizer.fit(split, options)
    return (WordLevelTokenizer if kind == "word" else CharacterTokenizer).fit(split, options)


def load_subwords(tokenizer: Tokenizer) -> SubwordTokenizer:
    """Load what ``SubwordTokenizer.to_tokenizer`` saved.

    Raises:
        ConfigError: the tokenizer is of another kind.
    """
    ids = tokenizer.get_vocab()
    words = tuple(sorted(ids, key=ids.__getitem__))
    complete = [ids[word] for word in words] == list(range(len(words)))
    if not complete or not words or words[0] != UNKNOWN or EOS not in ids:
        raise ConfigError(f"the tokenizer's ids do not run from {UNKNOWN} = 0 without gaps, or it has no {EOS}")
    model = json.loads(tokenizer.to_str())["model"]["type"]
    if model == "BPE":
        return BpeTokenizer(tokenizer)
    if model != "WordLevel":
        raise ConfigError(f"the tokenizer is a {model}, expected a WordLevel or BPE")
    vocabulary = Vocabulary(words, len(words), len(words))
    make = CharacterTokenizer if is_of_characters(tokenizer) else WordLevelTokenizer
    return make(vocabulary, tokenizer.normalizer)
