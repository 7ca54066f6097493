"""Words as tokens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tagger.corpora.encoding.vocabulary import UNKNOWN, UNKNOWN_ID, Vocabulary
from tagger.corpora.subwords.base import (
    EOS,
    SubwordTokenizer,
    TokenStream,
    VocabularyOptions,
    build_vocabulary,
    source_of,
)
from tagger.corpora.tokenization.passages import TextSegment
from tagger.corpora.tokenization.tokenizer import WordTokenizer

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from tokenizers.normalizers import Normalizer


CHUNK = 1 << 18  # words counted at a time
MAX_TYPES = 5_000_000  # distinct words held; beyond it the rarest are dropped
MAX_KEPT = 1 << 26  # words kept as numbers: 256 MB


class WordCounts:
    """Counts each distinct word; ``<eos>`` occurs once a passage.

    Args:
        max_kept: words to keep as numbers; a longer text is not kept.
        max_types: largest number of distinct words to hold.

    Attributes:
        kept: the text so far as numbers of words in ``words``, or None.
        passages: number of passages.
        characters: characters of the text, each line end counted as one.
        total: words and passage ends.
    """

    def __init__(self, max_kept: int = MAX_KEPT, max_types: int = MAX_TYPES) -> None:
        self.kept: list[np.ndarray] | None = []
        self.passages = self.characters = self.total = 0
        self._ids: dict[str, int] = {EOS: 0}
        self._counts = np.zeros(1, dtype=np.int64)
        self._max_kept, self._max_types = max_kept, max_types
        self._waiting: list[str] = []

    def read(self, passages: Iterable[TextSegment], max_words: int | None = None) -> WordCounts:
        """Count passages up to ``max_words`` words; a partial text is not kept."""
        waiting = self._waiting
        for passage in passages:
            waiting.extend(passage.words)
            waiting.append(EOS)
            self.passages += 1
            self.characters += len(passage.text) + 1
            if len(waiting) >= CHUNK:
                self._flush()
            if max_words is not None and self.total + len(waiting) - self.passages >= max_words:
                self.kept = None
                break
        self._flush()
        return self

    @property
    def words(self) -> list[str]:
        """The distinct words by number."""
        return list(self._ids)

    def by_word(self) -> dict[str, int]:
        """Counts by word; for ``<eos>`` only the literal ones."""
        counts = dict(zip(self._ids, self._counts.tolist(), strict=True))
        counts[EOS] -= self.passages
        return counts

    def _flush(self) -> None:
        ids = self._ids
        number = ids.setdefault
        numbers = np.fromiter((number(word, len(ids)) for word in self._waiting), np.int32, len(self._waiting))
        self.total += len(numbers)
        self._waiting.clear()
        counts = np.bincount(numbers, minlength=len(ids))
        counts[: len(self._counts)] += self._counts
        self._counts = counts
        if self.total > self._max_kept:
            self.kept = None
        if self.kept is not None:
            self.kept.append(numbers)
        if len(ids) > self._max_types:
            self._forget()

    def _forget(self) -> None:
        """Drop the rarest words until half the room is free."""
        limit = np.sort(self._counts)[-self._max_types // 2]
        words = [(word, count) for word, count in zip(self._ids, self._counts.tolist(), strict=True)]
        kept = [(word, count) for word, count in words if count > limit or word == EOS]
        self._ids = {word: place for place, (word, _) in enumerate(kept)}
        self._counts = np.array([count for _, count in kept], dtype=np.int64)
        self.kept = None


MAX_CACHED = 1_000_000  # words whose normal form is cached


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
        self._recording: tuple[Iterable[TextSegment], TokenStream] | None = None

    @classmethod
    def fit(cls, split: Iterable[TextSegment], options: VocabularyOptions) -> WordLevelTokenizer:
        """Count the words of a text; see ``fit_subwords``."""
        normalizer = options.normalizer()
        words = WordCounts().read(split, options.max_words)
        counts: dict[str, int] = {}
        for word, count in words.by_word().items():
            form = normalizer.normalize_str(word) if normalizer else word
            counts[form] = counts.get(form, 0) + count
        vocabulary = build_vocabulary(counts, words.passages, options, source=source_of(split))
        tokenizer = cls(vocabulary, normalizer)
        tokenizer._record(split, words)
        return tokenizer

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
        from tagger.corpora.tokenization.detokenizer import detokenise_sentences

        sentences: list[list[str]] = [[]]
        for number, word in zip(ids, self.symbols(ids), strict=True):
            if number == self.end:
                sentences.append([])
            else:
                sentences[-1].append(word)
        return detokenise_sentences(words for words in sentences if words)

    def to_tokenizer(self, word_tokenizer: WordTokenizer) -> Tokenizer:
        """Build a WordLevel model over the word rules; ``<eos>`` follows the text."""
        from tokenizers import Tokenizer
        from tokenizers.models import WordLevel
        from tokenizers.processors import TemplateProcessing

        tokenizer = Tokenizer(WordLevel(vocab=self.vocabulary.ids, unk_token=UNKNOWN))
        if self._normalizer:
            tokenizer.normalizer = self._normalizer
        tokenizer.pre_tokenizer = word_tokenizer.pre_tokenizer()
        tokenizer.post_processor = TemplateProcessing(single=f"$A {EOS}", special_tokens=[(EOS, self.end)])
        return tokenizer

    def recorded(self, split: Iterable[TextSegment]) -> TokenStream | None:
        """Hand over, once, the stream of the split that the words were counted on."""
        if self._recording is None or self._recording[0] is not split:
            return None
        stream, self._recording = self._recording[1], None
        return stream

    def _id(self, word: str) -> int:
        if self._normalizer is None:
            return self._ids.get(word, UNKNOWN_ID)
        number = self._ids.get(word)
        if number is None:
            number = self.vocabulary.ids.get(self._normalizer.normalize_str(word), UNKNOWN_ID)
            if len(self._ids) < MAX_CACHED:
                self._ids[word] = number
        return number

    def _record(self, split: Iterable[TextSegment], counts: WordCounts) -> None:
        if counts.kept is None:
            return
        final = np.array([self._id(word) for word in counts.words], dtype=np.int32)
        ids = final[np.concatenate(counts.kept)] if counts.kept else np.zeros(0, np.int32)
        unknown = int(np.count_nonzero(ids == UNKNOWN_ID))
        words = len(ids) - counts.passages
        self._recording = split, TokenStream(ids, words, counts.characters, unknown, counts.passages)
