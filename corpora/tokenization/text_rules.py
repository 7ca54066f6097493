"""Which rules split a raw text into words: told by its script and its function words, or by a corpus's words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tagger.corpora.encoding.affixes import is_hangul
from tagger.corpora.tokenization.rule_selection import choose_rules
from tagger.corpora.tokenization.tokenizer import WordTokenizer

ENGLISH_SHARE = 0.05  # of the words; *the*, *and*, *of* and *to* are a tenth of most English text
HANGUL_SHARE = 0.2
WORTH_TRYING = 20  # sentences with raw text
_ENGLISH = frozenset(("the", "and", "of", "to"))
_CONTRACTIONS = frozenset(("n't", "'s", "'ll"))
_CONTRACTED = re.compile(r"[a-z](?:n['’]t|['’](?:s|ll|re|ve))(?![a-z])")


def rules_of_text(text: str) -> str:
    """The rule set for raw text: ``korean``, ``english`` or ``generic``.

    Args:
        text: the beginning of it.
    """
    words = text.split()
    if sum(map(is_hangul, words)) > HANGUL_SHARE * len(words):
        return "korean"
    common = sum(word.strip("\"'“”‘’.,;:!?()_").lower() in _ENGLISH for word in words)
    contracted = len(_CONTRACTED.findall(text))
    return "english" if common + contracted > ENGLISH_SHARE * len(words) else "generic"


def rules_of_words(texts: Sequence[str | None], sentences: Sequence[Sequence[str]]) -> tuple[str, str]:
    """The rule set that splits a corpus's own raw sentences best.

    Args:
        texts: raw text of B sentences, None where unknown.
        sentences: words of the same B sentences. Where raw text is rare the words decide: Hangul, English
            contractions, or neither.

    Returns:
        The name of the rule set, and a note that says so.
    """
    pairs = [(text, words) for text, words in zip(texts, sentences, strict=True) if text]
    if len(pairs) >= WORTH_TRYING:
        name, f1 = choose_rules([text for text, _ in pairs], [words for _, words in pairs])
        return name, f"raw text is split by the '{name}' rules: word F1 {100 * f1:.1f} on {len(pairs)} sentences"
    words = [word for sentence in sentences for word in sentence]
    if sum(map(is_hangul, words)) > HANGUL_SHARE * len(words):
        name = "korean"
    else:
        name = "english" if _CONTRACTIONS & set(words) else "generic"
    return name, f"raw text is split by the '{name}' rules"


def tokens_tokenizer() -> WordTokenizer:
    """For text that is tokenised already: words are parted by white space, every line is a sentence."""
    rules = WordTokenizer.from_rules("whitespace")
    sentences = {**rules.rules(), "terminators": "", "line_end": True, "max_words": 1_000_000}
    return WordTokenizer.from_pre_tokenizer(rules.pre_tokenizer(), sentences)
