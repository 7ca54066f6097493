"""The tokens of a language model: the interface of subword tokenizers, and what their vocabularies share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tagger.corpora.encoding.vocabulary import UNKNOWN, Vocabulary
from tagger.corpora.formats.sentence import excerpt, number_of
from tagger.corpora.text.text_split import TextSplit
from tagger.corpora.tokenization.passages import TextSegment
from tagger.corpora.tokenization.tokenizer import WordTokenizer
from tagger.errors import ConfigError, CorpusError

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from tokenizers.normalizers import Normalizer

EOS = "<eos>"
SPECIAL_TOKENS = (UNKNOWN, EOS)


@dataclass(slots=True)
class TokenStream:
    """A text of N tokens, every passage followed by ``<eos>``.

    Args:
        ids: (N,) int32; a memory-mapped file when large.
        words: words in the text, whatever the tokens are.
        characters: characters of the text; every passage counts one more for its end.
        unknown: tokens that are ``<unk>``; for words, those outside the vocabulary.
        passages: sentences or lines.
    """

    ids: np.ndarray
    words: int
    characters: int
    unknown: int
    passages: int = 0

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class VocabularyOptions:
    """Options for fitting a vocabulary.

    Args:
        max_size: largest V, ``<unk>`` and ``<eos>`` included; None for all words, for 8,000 BPE pieces.
        min_count: rarer words and characters are ``<unk>``; rarer pairs of BPE pieces are not merged.
        lowercase: fold all text to lower case.
        digits: replace every decimal digit by 0.
        max_words: read only this many words; None for the whole text, for 2 million words of a stream.
        tokenizer: BPE pieces end where its words end; None for the tokenizer of the split.
    """

    max_size: int | None = None
    min_count: int = 1
    lowercase: bool = False
    digits: bool = False
    max_words: int | None = None
    tokenizer: WordTokenizer | None = None

    def normalizer(self) -> Normalizer | None:
        """Build the normalizer for these options; None where text stays as it is."""
        from tokenizers import Regex
        from tokenizers.normalizers import Lowercase, Replace, Sequence

        steps: list[Any] = [Lowercase()] if self.lowercase else []
        steps += [Replace(Regex(r"\p{Nd}"), "0")] if self.digits else []
        return Sequence(steps) if steps else None


class SubwordTokenizer(ABC):
    """Converter of text to token ids and back.

    The vocabulary holds ``<unk>`` (id 0) and ``<eos>``, which ends every passage: a sentence of words, a line
    of BPE pieces or characters. It is saved as a genuine ``tokenizers`` file together with the normalizer (lower case,
    digits as 0) and the rules that find words.

    Args:
        vocabulary: all tokens; the model can predict each of them.
    """

    kind: str

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.end = vocabulary.ids[EOS]

    @property
    def size(self) -> int:
        """V, the number of tokens, ``<unk>`` and ``<eos>`` included."""
        return self.vocabulary.embedded

    @abstractmethod
    def encode(self, passage: TextSegment) -> tuple[list[int], list[int]]:
        """Encode one passage of W words.

        Returns:
            The ids of its N tokens, without ``<eos>``; and for each token the number of its word. White space belongs
            to the word that follows it; after the last word its number is W.
        """

    @abstractmethod
    def decode(self, ids: Sequence[int]) -> str:
        """Turn tokens into readable text."""

    @abstractmethod
    def to_tokenizer(self, word_tokenizer: WordTokenizer) -> Tokenizer:
        """Build the ``tokenizers`` object for ``tokenizer.json``, which gives the same ids and ``<eos>``.

        It also holds the rules that find words in raw text; ``find_word_rules`` reads them back.
        """

    def encode_batch(self, passages: Sequence[TextSegment]) -> list[list[int]]:
        """Encode several passages, ids only."""
        return [self.encode(passage)[0] for passage in passages]

    def split_passages(self, ids: Iterable[int]) -> list[list[int]]:
        """Split the ids of a text into passages at ``<eos>``, which is left out."""
        passages: list[list[int]] = [[]]
        for number in ids:
            if number == self.end:
                passages.append([])
            else:
                passages[-1].append(number)
        return passages

    def symbols(self, ids: Iterable[int]) -> list[str]:
        """Return the printable token of each id."""
        words = self.vocabulary.words
        return [words[number] for number in ids]


def build_vocabulary(
    counts: Mapping[str, int], ends: int, options: VocabularyOptions, *, what: str = "word", source: str | None = None
) -> Vocabulary:
    """Build a vocabulary from counts.

    Tokens that are too rare become ``<unk>``. A literal ``<unk>`` in the text is the unknown token and a
    literal ``<eos>`` the end of a passage, not second entries.

    Args:
        counts: occurrences of each token.
        ends: number of passages.
        options: size and smallest count.
        what: ``word`` or ``character``, for messages.
        source: the file, for messages.

    Raises:
        CorpusError: the text has fewer than two different tokens, or fewer than two are frequent enough.
        ConfigError: ``max_size`` leaves room for ``<unk>`` and ``<eos>`` only.
    """
    max_size, min_count = options.max_size, options.min_count
    if max_size is not None and max_size < 4:
        raise ConfigError(f"a vocabulary of {max_size}, expected at least 4: {UNKNOWN}, {EOS} and two {what}s")
    regular = {token: count for token, count in counts.items() if token not in SPECIAL_TOKENS}
    frequent = sorted(
        (token for token in regular if regular[token] >= min_count), key=lambda token: (-regular[token], token)
    )
    if len(frequent) < 2:
        raise CorpusError(_too_few(regular, frequent, min_count, what), path=source)
    kept = {token: regular[token] for token in frequent[: None if max_size is None else max_size - 2]}
    return Vocabulary.from_counts({**kept, EOS: max(1, ends + counts.get(EOS, 0))})


def _too_few(counts: Mapping[str, int], frequent: list[str], min_count: int, what: str) -> str:
    if len(counts) < 2:
        only = f"one, {excerpt(next(iter(counts)))}" if counts else "none"
        return f"the vocabulary has too few different {what}s: {only}; expected running text"
    most = max(counts, key=lambda token: (counts[token], token))
    return (
        f"{number_of(len(frequent), what)} of {len(counts):,} occurring {min_count} times or more, all others would be "
        f"{UNKNOWN}; the most frequent, {excerpt(most)}, occurs {number_of(counts[most], 'time')}: lower --min-count"
    )


def source_of(split: Iterable[TextSegment]) -> str | None:
    """Return the first file of a split, for messages."""
    return split.paths[0] if isinstance(split, TextSplit) and split.paths else None


def first_texts(split: Iterable[TextSegment], max_words: int | None) -> Iterator[str]:
    """Yield the texts of passages until ``max_words`` words (separated by white space) were read."""
    words = 0
    for text in split.texts() if isinstance(split, TextSplit) else (passage.text for passage in split):
        yield text
        if max_words is not None and (words := words + len(text.split())) >= max_words:
            return
