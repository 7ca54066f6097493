"""Words as tokens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from tagger.corpora.encoding.vocabulary import UNKNOWN_ID, Vocabulary
from tagger.corpora.subwords.base import SubwordTokenizer, VocabularyOptions, build_vocabulary, source_of
from tagger.corpora.subwords.pretokenizers import word_level_tokenizer
from tagger.corpora.tokenization.detokenizer import detokenise_sentences
from tagger.corpora.tokenization.passages import TextSegment
from tagger.corpora.tokenization.tokenizer import WordTokenizer

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from tokenizers.normalizers import Normalizer


MAX_TYPES = 5_000_000  # distinct words held; beyond it the rarest are dropped
MAX_CACHED = 1_000_000  # words whose normal form is cached


def count_words(
    passages: Iterable[TextSegment], max_words: int | None = None, max_types: int = MAX_TYPES
) -> tuple[Counter[str], int]:
    """Count words and passages, in bounded memory.

    Args:
        passages: the text.
        max_words: stop after the passage in which this number of words is reached.
        max_types: when more distinct words are held, the rarer half is dropped.
    """
    counts: Counter[str] = Counter()
    number = words = 0
    for passage in passages:
        counts.update(passage.words)
        number += 1
        words += len(passage.words)
        if len(counts) > max_types:
            counts = Counter(dict(counts.most_common(max_types // 2)))
        if max_words is not None and words >= max_words:
            break
    return counts, number


class WordLevelTokenizer(SubwordTokenizer):
    """Words of a vocabulary; all others are ``<unk>``.

    Args:
        vocabulary: the words.
        normalizer: applied to a word before it is looked up.
    """

    kind = "word"

    def __init__(self, vocabulary: Vocabulary, normalizer: Normalizer | None = None) -> None:
        super().__init__(vocabulary)
        self._normalizer = normalizer
        self._ids: dict[str, int] = {} if normalizer else vocabulary.ids

    @classmethod
    def fit(cls, split: Iterable[TextSegment], options: VocabularyOptions) -> WordLevelTokenizer:
        """Count the words of a text; see ``fit_subwords``."""
        normalizer = options.normalizer()
        counts, passages = count_words(split, options.max_words)
        if normalizer is not None:
            words, counts = counts, Counter()
            for word, count in words.items():
                counts[normalizer.normalize_str(word)] += count
        return cls(build_vocabulary(counts, passages, options, source=source_of(split)), normalizer)

    def encode(self, passage: TextSegment) -> tuple[list[int], list[int]]:
        """Encode each word."""
        return [self._id(word) for word in passage.words], list(range(len(passage.words)))

    def encode_batch(self, passages: Sequence[TextSegment]) -> list[list[int]]:
        """Encode several passages, ids only."""
        if self._normalizer:
            return [[self._id(word) for word in passage.words] for passage in passages]
        get = self._ids.get
        return [[get(word, UNKNOWN_ID) for word in passage.words] for passage in passages]

    def decode(self, ids: Sequence[int]) -> str:
        """Join sentences with the spaces and capitals of written text."""
        sentences = map(self.symbols, self.split_passages(ids))
        return detokenise_sentences(words for words in sentences if words)

    def to_tokenizer(self, word_tokenizer: WordTokenizer) -> Tokenizer:
        """Build a WordLevel model over the word rules; ``<eos>`` follows the text."""
        return word_level_tokenizer(self.vocabulary, self._normalizer, word_tokenizer.pre_tokenizer())

    def _id(self, word: str) -> int:
        if self._normalizer is None:
            return self._ids.get(word, UNKNOWN_ID)
        number = self._ids.get(word)
        if number is None:
            number = self.vocabulary.ids.get(self._normalizer.normalize_str(word), UNKNOWN_ID)
            if len(self._ids) < MAX_CACHED:
                self._ids[word] = number
        return number
