"""Units out of a saved ``tokenizers`` object."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tagger.corpora.encoding.vocabulary import UNKNOWN, Vocabulary
from tagger.corpora.subwords.base import Units
from tagger.corpora.subwords.bpe import BpeUnits
from tagger.corpora.subwords.character import CharacterUnits
from tagger.corpora.subwords.pretokenizers import find_word_rules, is_of_characters
from tagger.corpora.subwords.unit_vocabulary import END
from tagger.corpora.subwords.word import WordUnits
from tagger.errors import ConfigError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

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
