"""Units from training text."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from tagger.corpora.encoding.vocabulary import UNKNOWN, Vocabulary
from tagger.corpora.subwords.base import END, Units, checked_kind, normalizer_for
from tagger.corpora.subwords.bpe import BpeUnits
from tagger.corpora.subwords.character import CharacterUnits
from tagger.corpora.subwords.pretokenizers import find_word_rules, is_of_characters
from tagger.corpora.subwords.word import WordUnits
from tagger.corpora.text.text_split import TextSplit
from tagger.corpora.tokenization.passages import TextSegment
from tagger.corpora.tokenization.tokenizer import WordTokenizer
from tagger.errors import ConfigError

if TYPE_CHECKING:
    from tokenizers import Tokenizer


STREAM_STRETCH = 2_000_000  # words of a stream that the vocabulary is fitted on


def fit_units(
    kind: str,
    split: Iterable[TextSegment],
    max_size: int | None,
    min_count: int,
    lowercase: bool,
    digits: bool,
    stretch: int | None,
    tokenizer: WordTokenizer | None,
) -> Units:
    """Builds units of a kind; the arguments are those of ``Units.fit``."""
    from tagger.corpora.subwords.bpe import BpeUnits
    from tagger.corpora.subwords.character import CharacterUnits
    from tagger.corpora.subwords.word import WordUnits

    source = None
    if isinstance(split, TextSplit):
        source = split.paths[0] if split.paths else None
        stretch = STREAM_STRETCH if stretch is None and split.streaming else stretch
        tokenizer = tokenizer or split.tokenizer
    normalizer = normalizer_for(lowercase=lowercase, digits=digits)
    if checked_kind(kind) == "bpe":
        words = tokenizer or WordTokenizer.from_rules("generic")
        return BpeUnits.fitted(
            split, words, max_size=max_size, min_count=min_count, normalizer=normalizer, stretch=stretch, source=source
        )
    make = WordUnits if kind == "word" else CharacterUnits
    return make.fitted(
        split, max_size=max_size, min_count=min_count, normalizer=normalizer, stretch=stretch, source=source
    )


__all__ = ["find_word_rules", "load_units"]


def load_units(tokenizer: Tokenizer) -> Units:
    """Units as ``Units.to_tokenizer`` saved them.

    Raises:
        ConfigError: the tokenizer has another make.
    """
    ids = tokenizer.get_vocab()
    words = tuple(sorted(ids, key=ids.__getitem__))
    whole = [ids[word] for word in words] == list(range(len(words)))
    if not whole or not words or words[0] != UNKNOWN or END not in ids:
        raise ConfigError(f"the tokenizer's ids do not run from {UNKNOWN} = 0 without gaps, or it has no {END}")
    kind = json.loads(tokenizer.to_str())["model"]["type"]
    if kind == "BPE":
        return BpeUnits(tokenizer)
    if kind != "WordLevel":
        raise ConfigError(f"the tokenizer is a {kind}, expected a WordLevel or BPE")
    vocabulary = Vocabulary(words, len(words), len(words))
    make = CharacterUnits if is_of_characters(tokenizer) else WordUnits
    return make(vocabulary, tokenizer.normalizer)
