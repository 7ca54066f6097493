"""Characters (code points) as units."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from tagger.corpora.encoding.vocabulary import UNKNOWN, UNKNOWN_ID, Vocabulary
from tagger.corpora.subwords.alignment import owners
from tagger.corpora.subwords.base import END, Units, stretch_of, unit_vocabulary
from tagger.corpora.subwords.pretokenizers import of_characters
from tagger.corpora.tokenization.passages import TextSegment
from tagger.corpora.tokenization.tokenizer import WordTokenizer

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from tokenizers.normalizers import Normalizer


class CharacterUnits(Units):
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
    def fitted(
        cls,
        split: Iterable[TextSegment],
        *,
        max_size: int | None,
        min_count: int,
        normalizer: Normalizer | None,
        stretch: int | None,
        source: str | None,
    ) -> CharacterUnits:
        """Counts the characters of a text; see ``Units.fit``."""
        found: Counter[str] = Counter()
        ends = 0
        for text in stretch_of(split, stretch):
            found.update(text)
            ends += 1
        counts: Counter[str] = Counter()
        for character, count in found.items():
            for form in normalizer.normalize_str(character) if normalizer else character:
                counts[form] += count
        vocabulary = unit_vocabulary(
            counts, ends, max_size=max_size, min_count=min_count, what="character", source=source
        )
        return cls(vocabulary, normalizer)

    def encode(self, passage: TextSegment) -> tuple[list[int], list[int]]:
        """A unit a character of the text."""
        found = [self._of(character) for character in passage.text]
        whose = owners(range(len(passage.text)), passage.spans, passage.text)
        numbers = [owner for owner, ids in zip(whose, found, strict=True) for _ in ids]
        return [number for ids in found for number in ids], numbers

    def encode_ids(self, passages: Sequence[TextSegment]) -> list[list[int]]:
        """Only the ids of several passages."""
        if self._normalizer is None:
            get = self.vocabulary.ids.get
            return [[get(character, UNKNOWN_ID) for character in passage.text] for passage in passages]
        of = self._of
        return [[number for character in passage.text for number in of(character)] for passage in passages]

    def text(self, ids: Sequence[int]) -> str:
        """The characters; an end is a line end."""
        return "".join("\n" if number == self.end else self.vocabulary.words[number] for number in ids)

    def to_tokenizer(self, word_tokenizer: WordTokenizer) -> Tokenizer:
        """WordLevel over single characters; ``<eos>`` follows the text."""
        from tokenizers import Tokenizer
        from tokenizers.models import WordLevel
        from tokenizers.processors import TemplateProcessing

        tokenizer = Tokenizer(WordLevel(vocab=self.vocabulary.ids, unk_token=UNKNOWN))
        if self._normalizer:
            tokenizer.normalizer = self._normalizer
        tokenizer.pre_tokenizer = of_characters(word_tokenizer)
        tokenizer.post_processor = TemplateProcessing(single=f"$A {END}", special_tokens=[(END, self.end)])
        return tokenizer

    def _of(self, character: str) -> list[int]:
        ids = self._ids.get(character)
        if ids is None:
            forms = self._normalizer.normalize_str(character) if self._normalizer else character
            ids = self._ids[character] = [self.vocabulary.ids.get(form, UNKNOWN_ID) for form in forms]
        return ids
