"""Byte-pair encoding over bytes: every text can be encoded, no token is unknown.

Sennrich, Haddow and Birch, *Neural Machine Translation of Rare Words with Subword Units* (2016); over bytes as
in Radford et al., *Language Models are Unsupervised Multitask Learners* (2019). Learned and applied by the
``tokenizers`` library.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from tagger.corpora.encoding.vocabulary import UNKNOWN, Vocabulary
from tagger.corpora.subwords.base import (
    EOS,
    SPECIAL_TOKENS,
    SubwordTokenizer,
    VocabularyOptions,
    first_texts,
    source_of,
)
from tagger.corpora.subwords.pretokenizers import of_bytes
from tagger.corpora.tokenization.passages import TextSegment, word_ids
from tagger.corpora.tokenization.tokenizer import WordTokenizer
from tagger.errors import ConfigError, CorpusError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

DEFAULT_SIZE = 8000
BYTES = 256


class BpeTokenizer(SubwordTokenizer):
    """Byte-level BPE pieces. The end of a passage is a line end.

    Args:
        tokenizer: a trained ``tokenizers`` object whose ids 0 and 1 are ``<unk>`` and ``<eos>``.
    """

    kind = "bpe"

    def __init__(self, tokenizer: Tokenizer) -> None:
        ids = tokenizer.get_vocab()
        words = tuple(sorted(ids, key=ids.__getitem__))
        super().__init__(Vocabulary(words, len(words), len(words)))
        self._tokenizer = tokenizer

    @classmethod
    def fit(cls, split: Iterable[TextSegment], options: VocabularyOptions) -> BpeTokenizer:
        """Learn merges from a text; see ``fit_subwords``."""
        from tokenizers import Tokenizer, decoders
        from tokenizers.models import BPE
        from tokenizers.pre_tokenizers import ByteLevel
        from tokenizers.processors import TemplateProcessing
        from tokenizers.trainers import BpeTrainer

        words = options.tokenizer or WordTokenizer.from_rules("generic")
        smallest = BYTES + len(SPECIAL_TOKENS)
        size = DEFAULT_SIZE if options.max_size is None else options.max_size
        if size < smallest:
            raise ConfigError(f"a BPE vocabulary of {size}, expected at least {smallest}: all bytes, {UNKNOWN}, {EOS}")
        tokenizer = Tokenizer(BPE())
        if (normalizer := options.normalizer()) is not None:
            tokenizer.normalizer = normalizer
        tokenizer.pre_tokenizer = of_bytes(words)
        tokenizer.decoder = decoders.ByteLevel()
        trainer = BpeTrainer(
            vocab_size=size,
            min_frequency=max(2, options.min_count),
            special_tokens=list(SPECIAL_TOKENS),
            initial_alphabet=ByteLevel.alphabet(),
            show_progress=False,
        )
        characters: set[str] = set()
        tokenizer.train_from_iterator(_collect_characters(first_texts(split, options.max_words), characters), trainer)
        if len(characters) < 2:
            only = f"only {next(iter(characters))!r}" if characters else "none"
            raise CorpusError(f"too few different characters to learn pieces from: {only}", path=source_of(split))
        tokenizer.post_processor = TemplateProcessing(single=f"$A {EOS}", special_tokens=[(EOS, 1)])
        return cls(_without_specials(tokenizer))

    def encode(self, passage: TextSegment) -> tuple[list[int], list[int]]:
        """Encode the text of a passage as BPE pieces."""
        encoded = self._tokenizer.encode(passage.text, add_special_tokens=False)
        return encoded.ids, word_ids((start for start, _ in encoded.offsets), passage.spans, passage.text)

    def encode_batch(self, passages: Sequence[TextSegment]) -> list[list[int]]:
        """Encode several passages on all cores, ids only."""
        texts = [passage.text for passage in passages]
        return [encoded.ids for encoded in self._tokenizer.encode_batch_fast(texts, add_special_tokens=False)]

    def symbols(self, ids: Iterable[int]) -> list[str]:
        """Return the text of each piece; bytes that are not a whole character by themselves as ``<0xE2>``."""
        from tokenizers import decoders

        decoder = decoders.ByteLevel()
        symbols: list[str] = []
        for symbol in super().symbols(ids):
            text = decoder.decode([symbol])
            broken = "\ufffd" in text
            symbols.append("".join(f"<0x{_byte(character):02X}>" for character in symbol) if broken else text)
        return symbols

    def decode(self, ids: Sequence[int]) -> str:
        """Join the pieces; ``<eos>`` becomes a line end, bytes that make no character U+FFFD."""
        lines = self.split_passages(ids)
        return "\n".join(self._tokenizer.decode(line, skip_special_tokens=False) for line in lines)

    def to_tokenizer(self, word_tokenizer: WordTokenizer) -> Tokenizer:
        """Return the ``tokenizers`` object, which holds the word rules it was trained with."""
        return self._tokenizer


def _collect_characters(texts: Iterable[str], characters: set[str]) -> Iterator[str]:
    """Pass texts on; collect their characters until there are two."""
    for text in texts:
        if len(characters) < 2:
            characters.update(text)
        yield text


def _without_specials(tokenizer: Tokenizer) -> Tokenizer:
    """Remove the special tokens: ``<eos>`` in a line is five characters, not its end."""
    content = json.loads(tokenizer.to_str())
    content["added_tokens"] = []
    return type(tokenizer).from_str(json.dumps(content))


def _byte(symbol: str) -> int:
    """Return the byte behind one of the 256 visible characters that stand for them."""
    visible = [*range(33, 127), *range(161, 173), *range(174, 256)]
    code = ord(symbol)
    if code in visible:
        return code
    return [byte for byte in range(256) if byte not in visible][code - 256]
