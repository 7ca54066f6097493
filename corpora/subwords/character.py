"""Characters (code points) as tokens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from tagger.corpora.encoding.vocabulary import UNKNOWN_ID, Vocabulary
from tagger.corpora.subwords.base import SubwordTokenizer, VocabularyOptions, build_vocabulary, first_texts, source_of
from tagger.corpora.subwords.pretokenizers import of_characters, word_level_tokenizer
from tagger.corpora.tokenization.passages import TextSegment, word_ids
from tagger.corpora.tokenization.tokenizer import WordTokenizer

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from tokenizers.normalizers import Normalizer


class CharacterTokenizer(SubwordTokenizer):
    """Characters of a vocabulary; all others are ``<unk>``. The end of a passage is a line end.

    Args:
        vocabulary: the characters.
        normalizer: applied to each character before it is looked up; one may become several.
    """

    kind = "char"

    def __init__(self, vocabulary: Vocabulary, normalizer: Normalizer | None = None) -> None:
        super().__init__(vocabulary)
        self._normalizer = normalizer
        self._ids: dict[str, list[int]] = {}

    @classmethod
    def fit(cls, split: Iterable[TextSegment], options: VocabularyOptions) -> CharacterTokenizer:
        """Count the characters of a text; see ``fit_subwords``."""
        normalizer = options.normalizer()
        characters: Counter[str] = Counter()
        ends = 0
        for text in first_texts(split, options.max_words):
            characters.update(text)
            ends += 1
        counts: Counter[str] = Counter()
        for character, count in characters.items():
            for form in normalizer.normalize_str(character) if normalizer else character:
                counts[form] += count
        vocabulary = build_vocabulary(counts, ends, options, what="character", source=source_of(split))
        return cls(vocabulary, normalizer)

    def encode(self, passage: TextSegment) -> tuple[list[int], list[int]]:
        """Encode each character of the text."""
        ids = [self._ids_of(character) for character in passage.text]
        words = word_ids(range(len(passage.text)), passage.spans, passage.text)
        return [one for several in ids for one in several], [
            word for word, several in zip(words, ids, strict=True) for _ in several
        ]

    def encode_batch(self, passages: Sequence[TextSegment]) -> list[list[int]]:
        """Encode several passages, ids only."""
        if self._normalizer is None:
            get = self.vocabulary.ids.get
            return [[get(character, UNKNOWN_ID) for character in passage.text] for passage in passages]
        return [[number for character in passage.text for number in self._ids_of(character)] for passage in passages]

    def decode(self, ids: Sequence[int]) -> str:
        """Join the characters; ``<eos>`` becomes a line end."""
        return "".join("\n" if number == self.end else self.vocabulary.words[number] for number in ids)

    def to_tokenizer(self, word_tokenizer: WordTokenizer) -> Tokenizer:
        """Build a WordLevel model over single characters; ``<eos>`` follows the text."""
        return word_level_tokenizer(self.vocabulary, self._normalizer, of_characters(word_tokenizer))

    def _ids_of(self, character: str) -> list[int]:
        ids = self._ids.get(character)
        if ids is None:
            forms = self._normalizer.normalize_str(character) if self._normalizer else character
            ids = self._ids[character] = [self.vocabulary.ids.get(form, UNKNOWN_ID) for form in forms]
        return ids
