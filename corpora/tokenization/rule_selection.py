"""The choice of the word rules that fit a corpus, by measuring them on its text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate

from tagger.corpora.tokenization.rules import is_hangul
from tagger.corpora.tokenization.tokenizer import RULE_SETS, WordTokenizer

SAMPLE_SENTENCES = 2000
GOOD_ENOUGH = 0.9  # word F1


def choose_rules(texts: Sequence[str | None], token_lists: Sequence[Sequence[str]]) -> tuple[str, float]:
    """Choose the rule set whose words agree best with the words of the corpus.

    The sample has at most ``SAMPLE_SENTENCES`` sentences, evenly spaced. Where the corpus has no raw text (or only
    words joined by blanks), words joined by blanks replace it; then the set ``whitespace``, which would always win,
    is chosen only if all others stay below ``GOOD_ENOUGH``.

    Args:
        texts: raw text of B sentences, None where unknown.
        token_lists: words of the same B sentences.

    Returns:
        Name of the rule set and its word F1 on the sample; ``("generic", 0.0)`` for an empty corpus.
    """
    step = max(1, len(token_lists) // SAMPLE_SENTENCES)
    pairs = [(text, tokens) for text, tokens in zip(texts[::step], token_lists[::step], strict=True) if tokens]
    raw = [(text, tokens) for text, tokens in pairs if text is not None and text != " ".join(tokens)]
    sample = raw or [(" ".join(tokens), tokens) for _, tokens in pairs]
    if not sample:
        return "generic", 0.0
    scores = {name: word_f1(WordTokenizer.from_rules(name), sample) for name in RULE_SETS}
    best = max(_preference(sample), key=lambda name: scores[name])
    if scores[best] < scores["whitespace"] and (raw or scores[best] < GOOD_ENOUGH):
        best = "whitespace"
    return best, scores[best]


def _preference(sample: Sequence[tuple[str, Sequence[str]]]) -> Sequence[str]:
    """Order sets with equal scores: the set for the script first, then the generic one."""
    words = [word for _, tokens in sample for word in tokens]
    mostly_hangul = 2 * sum(map(is_hangul, words)) > len(words)
    return ("korean", "generic", "english") if mostly_hangul else ("generic", "english", "korean")


def word_f1(tokenizer: WordTokenizer, sentences: Sequence[tuple[str, Sequence[str]]]) -> float:
    """Measure F1 (0 to 1) of the words that ``tokenizer`` finds in raw sentences.

    A word is correct if it covers the same characters (without white space). In a sentence whose words
    do not spell its text, such as French *de le* for *du*, a word is correct if it occurs at all.
    """
    correct = predicted = expected = 0
    for text, gold in sentences:
        words = [token.text for token in tokenizer.words(text)]
        correct += _agreement(words, ["".join(word.split()) for word in gold])
        predicted += len(words)
        expected += len(gold)
    return 2 * correct / (predicted + expected) if predicted + expected else 0.0


def _agreement(words: Sequence[str], gold: Sequence[str]) -> int:
    if "".join(words) == "".join(gold):
        return len(_spans(words) & _spans(gold))
    return (Counter(words) & Counter(gold)).total()


def _spans(words: Sequence[str]) -> set[tuple[int, int]]:
    ends = list(accumulate(map(len, words)))
    return set(zip([0, *ends], ends, strict=False))


ENGLISH_SHARE = 0.05  # of the words; *the*, *and*, *of* and *to* make up a tenth of most English text
HANGUL_SHARE = 0.2
MIN_RAW_SENTENCES = 20  # with fewer the words decide
_ENGLISH = frozenset(("the", "and", "of", "to"))
_CONTRACTIONS = frozenset(("n't", "'s", "'ll"))
_CONTRACTED = re.compile(r"[a-z](?:n['’]t|['’](?:s|ll|re|ve))(?![a-z])")


def rules_of_text(text: str) -> str:
    """Choose the rule set for raw text by its beginning: ``korean``, ``english`` or ``generic``."""
    words = text.split()
    if sum(map(is_hangul, words)) > HANGUL_SHARE * len(words):
        return "korean"
    common = sum(word.strip("\"'“”‘’.,;:!?()_").lower() in _ENGLISH for word in words)
    contracted = len(_CONTRACTED.findall(text))
    return "english" if common + contracted > ENGLISH_SHARE * len(words) else "generic"


def rules_of_words(texts: Sequence[str | None], sentences: Sequence[Sequence[str]]) -> tuple[str, str]:
    """Choose the rule set that splits the raw sentences of a corpus best.

    Args:
        texts: raw text of B sentences, None where unknown.
        sentences: words of the same B sentences. If raw text is rare, the words decide: Hangul, English
            contractions, or neither.

    Returns:
        The name of the rule set, and a note for the user.
    """
    pairs = [(text, words) for text, words in zip(texts, sentences, strict=True) if text]
    if len(pairs) >= MIN_RAW_SENTENCES:
        name, f1 = choose_rules([text for text, _ in pairs], [words for _, words in pairs])
        return name, f"raw text is split by the '{name}' rules: word F1 {100 * f1:.1f} on {len(pairs)} sentences"
    words = [word for sentence in sentences for word in sentence]
    if sum(map(is_hangul, words)) > HANGUL_SHARE * len(words):
        name = "korean"
    else:
        name = "english" if _CONTRACTIONS & set(words) else "generic"
    return name, f"raw text is split by the '{name}' rules"


def tokens_tokenizer() -> WordTokenizer:
    """Build the tokenizer of tokenised text: white space separates words, every line is a sentence."""
    return WordTokenizer.from_rules("whitespace").one_sentence_per_line()
