"""Units: what a language model reads and predicts, one after the other: words, BPE pieces or characters."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tagger.corpora.encoding.vocabulary import UNKNOWN, Vocabulary
from tagger.corpora.formats.sentence import excerpt, number_of
from tagger.corpora.text.text_split import TextSplit
from tagger.corpora.tokenization.passages import TextSegment
from tagger.corpora.tokenization.tokenizer import WordTokenizer
from tagger.errors import ConfigError, CorpusError

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from tokenizers.normalizers import Normalizer

    from tagger.corpora.subwords.token_stream import UnitStream


END = "<eos>"
MARKS = (UNKNOWN, END)


def unit_vocabulary(
    counts: Mapping[str, int],
    ends: int,
    *,
    max_size: int | None,
    min_count: int,
    what: str = "word",
    source: str | None = None,
) -> Vocabulary:
    """Builds a vocabulary whose every entry can be predicted.

    Rarer units are not kept: they are ``<unk>``. A literal ``<unk>`` in the text is the unknown unit and a
    literal ``<eos>`` the end of a passage, not second entries.

    Args:
        counts: occurrences of each unit.
        ends: how many passages there are.
        max_size: V at most.
        min_count: rarer units are left out.
        what: ``word`` or ``character``, for messages.
        source: the file, for messages.

    Raises:
        CorpusError: fewer than two different units are in the text, or frequent enough.
        ConfigError: ``max_size`` leaves room for ``<unk>`` and ``<eos>`` only.
    """
    if max_size is not None and max_size < 4:
        raise ConfigError(f"a vocabulary of {max_size}, expected at least 4: {UNKNOWN}, {END} and two {what}s")
    units = {unit: count for unit, count in counts.items() if unit not in MARKS}
    frequent = sorted((unit for unit in units if units[unit] >= min_count), key=lambda unit: (-units[unit], unit))
    if len(frequent) < 2:
        raise CorpusError(_too_few(units, frequent, min_count, what), path=source)
    kept = {unit: units[unit] for unit in frequent[: None if max_size is None else max_size - 2]}
    return Vocabulary.from_counts({**kept, END: max(1, ends + counts.get(END, 0))})


def _too_few(units: Mapping[str, int], frequent: list[str], min_count: int, what: str) -> str:
    if len(units) < 2:
        held = f"one, {excerpt(next(iter(units)))}" if units else "none"
        return f"the vocabulary has too few different {what}s: {held}; expected running text"
    most = max(units, key=lambda unit: (units[unit], unit))
    found = number_of(len(frequent), what)
    return (
        f"{found} of {len(units):,} occurring {min_count} times or more, all others would be {UNKNOWN}; "
        f"the most frequent, {excerpt(most)}, occurs {number_of(units[most], 'time')}: lower --min-count"
    )


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
    def encode(self, passage: TextSegment) -> tuple[list[int], list[int]]:
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

    def encode_ids(self, passages: Sequence[TextSegment]) -> list[list[int]]:
        """Only the ids of several passages."""
        return [self.encode(passage)[0] for passage in passages]

    def symbols(self, ids: Iterable[int]) -> list[str]:
        """The unit behind each id, for people."""
        words = self.vocabulary.words
        return [words[number] for number in ids]

    def recorded(self, split: Iterable[TextSegment]) -> UnitStream | None:
        """The stream of the very split that the units were fitted on, if it was kept; given away once."""
        return None

    @classmethod
    def fit(
        cls,
        kind: str,
        split: Iterable[TextSegment],
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
        from tagger.corpora.subwords.registry import load_units

        return load_units(tokenizer)


def word_rules(tokenizer: Tokenizer) -> Any:
    """The pre-tokenizer that finds words, out of what ``Units.to_tokenizer`` made.

    Returns:
        What ``WordTokenizer.from_pre_tokenizer`` takes.

    Raises:
        ConfigError: the tokenizer has another make.
    """
    from tagger.corpora.subwords.registry import find_word_rules

    return find_word_rules(tokenizer)


def checked_kind(kind: str) -> str:
    """The kind of unit, if there is such a one."""
    if kind not in KINDS:
        raise ConfigError(f"no unit {kind!r}; there are: {', '.join(KINDS)}")
    return kind


def normalizer_for(*, lowercase: bool, digits: bool) -> Normalizer | None:
    """The normalizer for these options, None where text is taken as it is.

    Args:
        lowercase: in small letters.
        digits: every decimal digit of any script is 0.
    """
    from tokenizers import Regex
    from tokenizers.normalizers import Lowercase, Replace, Sequence

    steps: list[Any] = [Lowercase()] if lowercase else []
    steps += [Replace(Regex(r"\p{Nd}"), "0")] if digits else []
    return Sequence(steps) if steps else None


def stretch_of(split: Iterable[TextSegment], words: int | None) -> Iterator[str]:
    """Texts of passages until so many words (parted by white space) were seen, all of them for None."""
    seen = 0
    for text in split.texts() if isinstance(split, TextSplit) else (passage.text for passage in split):
        yield text
        if words is not None and (seen := seen + len(text.split())) >= words:
            return
