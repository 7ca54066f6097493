"""How well rules split raw text into the words of a corpus, and what to say where they do not."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tagger.corpora.tokenization.rule_selection import MIN_RAW_SENTENCES, SAMPLE_SENTENCES, word_f1
from tagger.corpora.tokenization.tokenizer import WordTokenizer

WELL_SPLIT = 0.95  # word F1
ADVICE = "give words: --input tokens (a sentence a line, words between blanks) or a format with a word a line"
_EAST = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003134f"  # kana, Chinese characters
_SOUTH_EAST = "\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Tibetan, Burmese, Khmer
_WITHOUT_BLANKS = re.compile(f"[{_EAST}{_SOUTH_EAST}]")
_SEVERAL_WORDS = re.compile(f"[{_EAST}]{{5,}}|[{_SOUTH_EAST}]{{13,}}")  # longer than nearly all words


def raw_text_fit(
    tokenizer: WordTokenizer, texts: Sequence[str | None], sentences: Sequence[Sequence[str]]
) -> float | None:
    """Measure the F1 (0 to 1) of the words that rules find in the raw text of a corpus.

    Args:
        tokenizer: the rules.
        texts: raw text of B sentences, None where unknown. Where it is rare, words joined by blanks replace it; by
            nothing in scripts that have no blanks between words.
        sentences: words of the same B sentences.

    Returns:
        F1 over at most ``SAMPLE_SENTENCES`` sentences; None without any.
    """
    step = max(1, len(sentences) // SAMPLE_SENTENCES)
    sample = list(zip(texts[::step], sentences[::step], strict=True))
    pairs = [(text, words) for text, words in sample if text and words]
    if len(pairs) < min(MIN_RAW_SENTENCES, len(sample)):
        words = [word for _, words in sample for word in words]
        blank = "" if 2 * sum(bool(_WITHOUT_BLANKS.search(word)) for word in words) > len(words) else " "
        pairs = [(blank.join(words), words) for _, words in sample if words]
    return word_f1(tokenizer, pairs) if pairs else None


def splitting_note(fit: float | None, words: Sequence[str] = ()) -> str | None:
    """Say why raw text is split badly; None if nothing is known against it.

    Args:
        fit: what ``raw_text_fit`` measured in training; None if it was not measured.
        words: that the rules found in the text to be tagged, if any.
    """
    if fit is not None and fit < WELL_SPLIT:
        return (
            f"the model splits raw text badly: word F1 {100 * fit:.1f} % on the text of its corpus, so that words "
            f"and tags are wrong from the start; {ADVICE}"
        )
    letters = sum(map(len, words))
    joined = sum(len(match) for word in words for match in _SEVERAL_WORDS.findall(word))
    if 5 * joined > letters:
        return f"the text is in a script without blanks, which the rules of the model cannot split into words; {ADVICE}"
    return None
