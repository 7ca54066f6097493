"""``tokenizer.json`` of a model folder: vocabulary, rules for raw text, tokens of a language-model head."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tagger.corpora.encoding.vocabulary import UNKNOWN, Vocabulary
from tagger.corpora.subwords.base import SubwordTokenizer
from tagger.corpora.subwords.pretokenizers import find_word_rules
from tagger.corpora.subwords.registry import load_subwords
from tagger.corpora.subwords.word import WordLevelTokenizer
from tagger.corpora.tokenization.tokenizer import WordTokenizer
from tagger.errors import ModelError
from tagger.serialization import manifest


def save_tokenizer(
    path: Path, rules: WordTokenizer, vocabulary: Vocabulary, subwords: SubwordTokenizer | None, *, tags: bool
) -> None:
    """Write the tokenizer of a language model, or vocabulary and rules of a tagger.

    Args:
        path: of ``tokenizer.json``.
        rules: for raw text.
        vocabulary: the words that the model knows.
        subwords: that a language-model head predicts, if there is one.
        tags: whether the model tags.
    """
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel

    if subwords is not None and not tags:
        tokenizer = subwords.to_tokenizer(rules)
    else:
        tokenizer = Tokenizer(WordLevel(vocab=vocabulary.ids, unk_token=UNKNOWN))
        tokenizer.pre_tokenizer = rules.pre_tokenizer()
    path.write_text(tokenizer.to_str(pretty=False), encoding="utf-8")  # save() hides a full disk in a bare Exception


def load_tokenizer(
    folder: Path, values: Mapping[str, Any]
) -> tuple[Vocabulary, WordTokenizer, SubwordTokenizer | None]:
    """Read vocabulary, rules for raw text and the tokens of a language-model head from ``tokenizer.json``.

    Raises:
        ModelError: the file is damaged.
        ValueError: the sizes of the vocabulary do not fit it.
    """
    from tokenizers import Tokenizer

    path = folder / manifest.TOKENIZER
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises bare Exception
        raise ModelError(f"{path}: damaged: {manifest.one_line(error)}") from error
    if values["task"] == "lm":
        subwords = load_subwords(tokenizer)
        rules = WordTokenizer(find_word_rules(tokenizer), values["sentence_rules"])
        return subwords.vocabulary, rules, subwords
    ids = json.loads(path.read_text(encoding="utf-8"))["model"]["vocab"]
    words = tuple(sorted(ids, key=ids.__getitem__))
    numbers = values["vocabulary"]
    vocabulary = Vocabulary(words, int(numbers["trained"]), int(numbers["embedded"]))
    if not 1 <= vocabulary.embedded <= vocabulary.trained <= len(vocabulary):
        raise ValueError("the sizes of the vocabulary do not fit together")
    if tokenizer.pre_tokenizer is None:
        raise ModelError(f"{path}: damaged: it has no rules for raw text")
    rules = WordTokenizer(tokenizer.pre_tokenizer, values["sentence_rules"])
    predicted = values.get("units")
    return vocabulary, rules, None if predicted is None else first_words_tokenizer(vocabulary, int(predicted["number"]))


def first_words_tokenizer(vocabulary: Vocabulary, number: int) -> SubwordTokenizer:
    """Use the first words of a vocabulary as the tokens of a language-model head."""
    return WordLevelTokenizer(Vocabulary(vocabulary.words[:number], number, number))
