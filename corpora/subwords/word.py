"""Words as units."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tagger.corpora.encoding.vocabulary import UNKNOWN, UNKNOWN_ID, Vocabulary
from tagger.corpora.subwords.base import Units
from tagger.corpora.subwords.token_stream import UnitStream
from tagger.corpora.subwords.unit_vocabulary import END, unit_vocabulary
from tagger.corpora.subwords.word_counts import WordCounts
from tagger.corpora.tokenization.passages import Passage
from tagger.corpora.tokenization.tokenizer import WordTokenizer

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from tokenizers.normalizers import Normalizer

REMEMBERED = 1_000_000  # words whose normal form is remembered


class WordUnits(Units):
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
        self._recording: tuple[Iterable[Passage], UnitStream] | None = None

    @classmethod
    def fitted(
        cls,
        split: Iterable[Passage],
        *,
        max_size: int | None,
        min_count: int,
        normalizer: Normalizer | None,
        stretch: int | None,
        source: str | None,
    ) -> WordUnits:
        """Counts the words of a text; see ``Units.fit``."""
        found = WordCounts().read(split, stretch)
        counts: dict[str, int] = {}
        for word, count in found.by_word().items():
            form = normalizer.normalize_str(word) if normalizer else word
            counts[form] = counts.get(form, 0) + count
        vocabulary = unit_vocabulary(counts, found.passages, max_size=max_size, min_count=min_count, source=source)
        units = cls(vocabulary, normalizer)
        units._record(split, found)
        return units

    def encode(self, passage: Passage) -> tuple[list[int], list[int]]:
        """A unit a word."""
        return [self._id(word) for word in passage.words], list(range(len(passage.words)))

    def encode_ids(self, passages: Sequence[Passage]) -> list[list[int]]:
        """Only the ids of several passages."""
        if self._normalizer:
            return [[self._id(word) for word in passage.words] for passage in passages]
        get = self._ids.get
        return [[get(word, UNKNOWN_ID) for word in passage.words] for passage in passages]

    def text(self, ids: Sequence[int]) -> str:
        """Sentences with the spaces and capitals of written text, one after the other."""
        from tagger.corpora.tokenization.detokenizer import detokenise_sentences

        sentences: list[list[str]] = [[]]
        for number, word in zip(ids, self.symbols(ids), strict=True):
            if number == self.end:
                sentences.append([])
            else:
                sentences[-1].append(word)
        return detokenise_sentences(words for words in sentences if words)

    def to_tokenizer(self, word_tokenizer: WordTokenizer) -> Tokenizer:
        """WordLevel over the word rules; ``<eos>`` follows the text."""
        from tokenizers import Tokenizer
        from tokenizers.models import WordLevel
        from tokenizers.processors import TemplateProcessing

        tokenizer = Tokenizer(WordLevel(vocab=self.vocabulary.ids, unk_token=UNKNOWN))
        if self._normalizer:
            tokenizer.normalizer = self._normalizer
        tokenizer.pre_tokenizer = word_tokenizer.pre_tokenizer()
        tokenizer.post_processor = TemplateProcessing(single=f"$A {END}", special_tokens=[(END, self.end)])
        return tokenizer

    def recorded(self, split: Iterable[Passage]) -> UnitStream | None:
        """The stream of the split that the words were counted on; given away once."""
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
            if len(self._ids) < REMEMBERED:
                self._ids[word] = number
        return number

    def _record(self, split: Iterable[Passage], found: WordCounts) -> None:
        if found.kept is None:
            return
        final = np.array([self._id(word) for word in found.words], dtype=np.int32)
        ids = final[np.concatenate(found.kept)] if found.kept else np.zeros(0, np.int32)
        unknown = int(np.count_nonzero(ids == UNKNOWN_ID))
        words = len(ids) - found.passages
        self._recording = split, UnitStream(ids, words, found.characters, unknown, found.passages)
