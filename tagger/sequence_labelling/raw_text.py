"""Which rules for raw text fit a corpus."""

from __future__ import annotations

from itertools import islice

from tagger.corpora.sources.corpus import Corpus
from tagger.corpora.tokenization.text_rules import rules_of_words
from tagger.corpora.tokenization.tokenizer import WordTokenizer

SAMPLE = 500
"""Sentences that the rule sets are tried on."""


def choose_tokenizer(corpus: Corpus) -> tuple[WordTokenizer, str]:
    """The rule set that splits the corpus's own raw sentences best, and a note that says so.

    Without raw sentences (``# text =``) the words decide: Hangul, English contractions, or neither.
    """
    split = corpus.train
    assert split is not None
    pairs = list(zip(split.texts(), split.tokens(), strict=True))
    sample = list(islice(((text, words) for text, words in pairs if text), SAMPLE)) or pairs[:2000]
    name, note = rules_of_words([text for text, _ in sample], [words for _, words in sample])
    return WordTokenizer.from_rules(name), note
