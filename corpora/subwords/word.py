"""Words as units."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tagger.corpora.encoding.vocabulary import UNKNOWN, UNKNOWN_ID, Vocabulary
from tagger.corpora.subwords.base import END, Units, unit_vocabulary
from tagger.corpora.subwords.token_stream import UnitStream
from tagger.corpora.tokenization.passages import TextSegment
from tagger.corpora.tokenization.tokenizer import WordTokenizer

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from tokenizers.normalizers import Normalizer


CHUNK = 1 << 18  # words counted at a time
MAX_TYPES = 5_000_000  # distinct words held at a time; the rarest are then forgotten
MAX_KEPT = 1 << 26  # words kept as numbers: 256 MB


class WordCounts:
    """Occurrences of each distinct word; ``<eos>`` occurs once a passage.

    Args:
        max_kept: words to keep as numbers at most; of a longer text none are kept.
        max_types: distinct words to hold at most.

    Attributes:
        kept: the text so far as numbers of words in ``words``, or None.
        passages: how many there were.
        characters: of the text, one for each line end included.
        total: words and ends.
    """

    def __init__(self, max_kept: int = MAX_KEPT, max_types: int = MAX_TYPES) -> None:
        self.kept: list[np.ndarray] | None = []
        self.passages = self.characters = self.total = 0
        self._ids: dict[str, int] = {END: 0}
        self._counts = np.zeros(1, dtype=np.int64)
        self._max_kept, self._max_types = max_kept, max_types
        self._waiting: list[str] = []

    def read(self, passages: Iterable[TextSegment], stretch: int | None = None) -> WordCounts:
        """Counts passages, to their end or until ``stretch`` words were seen; what was kept then goes."""
        waiting = self._waiting
        for passage in passages:
            waiting.extend(passage.words)
            waiting.append(END)
            self.passages += 1
            self.characters += len(passage.text) + 1
            if len(waiting) >= CHUNK:
                self._flush()
            if stretch is not None and self.total + len(waiting) - self.passages >= stretch:
                self.kept = None
                break
        self._flush()
        return self

    @property
    def words(self) -> list[str]:
        """The distinct words by number."""
        return list(self._ids)

    def by_word(self) -> dict[str, int]:
        """Occurrences by word; those of ``<eos>`` are the literal ones only."""
        counts = dict(zip(self._ids, self._counts.tolist(), strict=True))
        counts[END] -= self.passages
        return counts

    def _flush(self) -> None:
        ids = self._ids
        number = ids.setdefault
        found = np.fromiter((number(word, len(ids)) for word in self._waiting), np.int32, len(self._waiting))
        self.total += len(found)
        self._waiting.clear()
        counts = np.bincount(found, minlength=len(ids))
        counts[: len(self._counts)] += self._counts
        self._counts = counts
        if self.total > self._max_kept:
            self.kept = None
        if self.kept is not None:
            self.kept.append(found)
        if len(ids) > self._max_types:
            self._forget()

    def _forget(self) -> None:
        """Drops the rarest words until half the room is free."""
        limit = np.sort(self._counts)[-self._max_types // 2]
        words = [(word, count) for word, count in zip(self._ids, self._counts.tolist(), strict=True)]
        held = [(word, count) for word, count in words if count > limit or word == END]
        self._ids = {word: place for place, (word, _) in enumerate(held)}
        self._counts = np.array([count for _, count in held], dtype=np.int64)
        self.kept = None


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
        self._recording: tuple[Iterable[TextSegment], UnitStream] | None = None

    @classmethod
    def fitted(
        cls,
        split: Iterable[TextSegment],
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

    def encode(self, passage: TextSegment) -> tuple[list[int], list[int]]:
        """A unit a word."""
        return [self._id(word) for word in passage.words], list(range(len(passage.words)))

    def encode_ids(self, passages: Sequence[TextSegment]) -> list[list[int]]:
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

    def recorded(self, split: Iterable[TextSegment]) -> UnitStream | None:
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

    def _record(self, split: Iterable[TextSegment], found: WordCounts) -> None:
        if found.kept is None:
            return
        final = np.array([self._id(word) for word in found.words], dtype=np.int32)
        ids = final[np.concatenate(found.kept)] if found.kept else np.zeros(0, np.int32)
        unknown = int(np.count_nonzero(ids == UNKNOWN_ID))
        words = len(ids) - found.passages
        self._recording = split, UnitStream(ids, words, found.characters, unknown, found.passages)
