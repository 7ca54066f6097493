"""Pre-tokenizers of the three kinds of tokens, which also hold the word rules.

A WordLevel or BPE file has one pre-tokenizer. For words it is the word rules. For characters the text is first
cut at words and then everywhere, with the same result as everywhere; for BPE it is cut before each word
and the white space in front of it, so that no piece crosses the end of a word. So every file holds the word rules.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tagger.corpora.encoding.vocabulary import UNKNOWN, Vocabulary
from tagger.corpora.subwords.base import EOS
from tagger.corpora.tokenization.tokenizer import WordTokenizer
from tagger.errors import ConfigError

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from tokenizers.normalizers import Normalizer
    from tokenizers.pre_tokenizers import PreTokenizer

EVERYWHERE = r"[\s\S]"
# Without this cut a merge could spell a special token.
SPECIAL_BEGINS = r"<(?=(?:unk|eos)>)"


def of_characters(words: WordTokenizer) -> PreTokenizer:
    """Split text into code points."""
    from tokenizers import Regex
    from tokenizers.pre_tokenizers import Sequence, Split

    return Sequence([Split(Regex(word_pattern(words)), "isolated"), Split(Regex(EVERYWHERE), "isolated")])


def of_bytes(words: WordTokenizer) -> PreTokenizer:
    """Split text into words with the white space before them, their bytes as visible characters."""
    from tokenizers import Regex
    from tokenizers.pre_tokenizers import ByteLevel, Sequence, Split

    return Sequence(
        [
            Split(Regex(SPECIAL_BEGINS), "isolated"),
            Split(Regex(word_pattern(words)), "merged_with_previous"),
            ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )


def word_level_tokenizer(
    vocabulary: Vocabulary, normalizer: Normalizer | None, pre_tokenizer: PreTokenizer
) -> Tokenizer:
    """Build a ``tokenizers`` object that looks up words or characters; ``<eos>`` follows the text."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.processors import TemplateProcessing

    tokenizer = Tokenizer(WordLevel(vocab=vocabulary.ids, unk_token=UNKNOWN))
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.post_processor = TemplateProcessing(single=f"$A {EOS}", special_tokens=[(EOS, vocabulary.ids[EOS])])
    return tokenizer


def word_pattern(words: WordTokenizer) -> str:
    """Return the regular expression that finds words.

    Raises:
        ConfigError: the rules are not a regular expression.
    """
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel

    holder = Tokenizer(WordLevel({}, unk_token=UNKNOWN))
    holder.pre_tokenizer = words.pre_tokenizer()
    return _pattern(_described(holder))


def find_word_rules(tokenizer: Tokenizer) -> PreTokenizer:
    """Find the word rules, the first argument of ``WordTokenizer``, in any of the three pre-tokenizers.

    Raises:
        ConfigError: the tokenizer is of another kind.
    """
    from tokenizers import Regex
    from tokenizers.pre_tokenizers import Split

    return Split(Regex(_pattern(_described(tokenizer))), "removed", invert=True)


def is_of_characters(tokenizer: Tokenizer) -> bool:
    """Whether the tokenizer cuts text into characters."""
    steps = _described(tokenizer).get("pretokenizers", [{}])
    return bool(steps[-1].get("pattern", {}).get("Regex") == EVERYWHERE)


def _described(tokenizer: Tokenizer) -> dict[str, Any]:
    content = json.loads(tokenizer.to_str())
    described: dict[str, Any] = content["pre_tokenizer"] or {}
    return described


def _pattern(described: dict[str, Any]) -> str:
    steps = described.get("pretokenizers", [described])
    patterns = [step.get("pattern", {}).get("Regex") for step in steps]
    rules = [pattern for pattern in patterns if pattern not in (None, EVERYWHERE, SPECIAL_BEGINS)]
    if len(rules) != 1:
        raise ConfigError("the tokenizer holds no rules that find words, or not those that this library writes")
    return str(rules[0])
