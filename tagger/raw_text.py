"""Which rules for raw text fit a corpus."""

from __future__ import annotations

from itertools import chain, islice

from tagger.corpora.affixes import is_hangul
from tagger.corpora.corpus import Corpus
from tagger.corpora.tokenization import WordTokenizer

SAMPLE = 500
"""Sentences that the rule sets are tried on."""
WORTH_TRYING = 20


def choose_tokenizer(corpus: Corpus) -> tuple[WordTokenizer, str]:
    """The rule set that splits the corpus's own raw sentences best, and a note that says so.

    Without raw sentences (``# text =``) the words decide: Hangul, English contractions, or neither.
    """
    from tagger.corpora.tokenization_choice import choose_rules

    split = corpus.train
    assert split is not None
    tokens = split.tokens()
    pairs = ((text, words) for text, words in zip(split.texts(), tokens, strict=True) if text)
    sample = list(islice(pairs, SAMPLE))
    if len(sample) >= WORTH_TRYING:
        name, f1 = choose_rules([text for text, _ in sample], [words for _, words in sample])
        note = f"raw text is split by the '{name}' rules: word F1 {100 * f1:.1f} on {len(sample)} training sentences"
        return WordTokenizer.from_rules(name), note
    name = _by_words(list(chain.from_iterable(tokens[:2000])))
    return WordTokenizer.from_rules(name), f"raw text is split by the '{name}' rules"


def _by_words(words: list[str]) -> str:
    if sum(map(is_hangul, words)) > 0.2 * len(words):
        return "korean"
    return "english" if {"n't", "'s", "'ll"} & set(words) else "generic"
