"""Units: what a language model reads and predicts, one after the other: words, BPE pieces or characters."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from tagger.corpora.encoding.vocabulary import Vocabulary
from tagger.corpora.subwords.unit_vocabulary import END
from tagger.corpora.tokenization.passages import Passage
from tagger.corpora.tokenization.tokenizer import WordTokenizer
from tagger.errors import ConfigError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from tagger.corpora.subwords.token_stream import UnitStream

KINDS = ("word", "bpe", "char")


class Units(ABC):
    """Text to unit ids and back.

    The vocabulary holds ``<unk>`` (id 0) and ``<eos>``, which ends every passage: a sentence of words, a line
    of BPE pieces or characters. It travels in a genuine ``tokenizers`` file with all that is done to the text
    before look-up (small letters, digits as 0, the rules that find words).

    Args:
        vocabulary: all units; all of them can be predicted.
    """

    kind: str

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.end = vocabulary.ids[END]

    @property
    def size(self) -> int:
        """V, the units that can be predicted, ``<unk>`` and ``<eos>`` among them."""
        return self.vocabulary.embedded

    @abstractmethod
    def encode(self, passage: Passage) -> tuple[list[int], list[int]]:
        """One passage as numbers.

        Args:
            passage: W words and their text.

        Returns:
            Ids of its N units, less than V, without the end; and for each unit the number of the word that it
            belongs to. White space belongs to the word that follows, after the last word to the end (number W).
        """

    @abstractmethod
    def text(self, ids: Sequence[int]) -> str:
        """Units as readable text."""

    @abstractmethod
    def to_tokenizer(self, word_tokenizer: WordTokenizer) -> Tokenizer:
        """A ``tokenizers`` object that gives the same ids (and ``<eos>``), to be saved as ``tokenizer.json``.

        Args:
            word_tokenizer: the rules that find words in raw text; ``word_rules`` gets them back.
        """

    def encode_ids(self, passages: Sequence[Passage]) -> list[list[int]]:
        """Only the ids of several passages."""
        return [self.encode(passage)[0] for passage in passages]

    def symbols(self, ids: Iterable[int]) -> list[str]:
        """The unit behind each id, for people."""
        words = self.vocabulary.words
        return [words[number] for number in ids]

    def recorded(self, split: Iterable[Passage]) -> UnitStream | None:
        """The stream of the very split that the units were fitted on, if it was kept; given away once."""
        return None

    @classmethod
    def fit(
        cls,
        kind: str,
        split: Iterable[Passage],
        *,
        max_size: int | None = None,
        min_count: int = 1,
        lowercase: bool = False,
        digits: bool = False,
        stretch: int | None = None,
        tokenizer: WordTokenizer | None = None,
    ) -> Units:
        """Builds units from training text, in one pass over it.

        Args:
            kind: ``word``, ``bpe`` or ``char``.
            split: the training text, commonly a ``TextSplit``.
            max_size: V at most, ``<unk>`` and ``<eos>`` included; 8,000 for BPE when not given.
            min_count: words and characters that occur less often are ``<unk>``; BPE pieces are not merged.
            lowercase: in small letters.
            digits: every decimal digit is 0.
            stretch: look at the first so many words only; by default at all, at 2 million of a stream.
            tokenizer: where BPE pieces may end: at its words; by default that of the split.

        Raises:
            CorpusError: the text has too few different units, or all of them are rarer than ``min_count``.
            ConfigError: no such kind, or a size that is too small for it.
        """
        from tagger.corpora.subwords.registry import fit_units

        return fit_units(kind, split, max_size, min_count, lowercase, digits, stretch, tokenizer)

    @staticmethod
    def from_tokenizer(tokenizer: Tokenizer) -> Units:
        """Units as ``to_tokenizer`` saved them.

        Raises:
            ConfigError: the tokenizer has another make.
        """
        from tagger.corpora.subwords.unit_loading import load_units

        return load_units(tokenizer)


def word_rules(tokenizer: Tokenizer) -> Any:
    """The pre-tokenizer that finds words, out of what ``Units.to_tokenizer`` made.

    Returns:
        What ``WordTokenizer.from_pre_tokenizer`` takes.

    Raises:
        ConfigError: the tokenizer has another make.
    """
    from tagger.corpora.subwords.unit_loading import find_word_rules

    return find_word_rules(tokenizer)


def checked_kind(kind: str) -> str:
    """The kind of unit, if there is such a one."""
    if kind not in KINDS:
        raise ConfigError(f"no unit {kind!r}; there are: {', '.join(KINDS)}")
    return kind
