"""Pieces of words as units: byte-pair encoding over bytes, so that every text has units and none is unknown.

Sennrich, Haddow and Birch, *Neural Machine Translation of Rare Words with Subword Units* (2016); over bytes as
in Radford et al., *Language Models are Unsupervised Multitask Learners* (2019). Learned and applied by the
``tokenizers`` library.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from tagger.corpora.encoding.vocabulary import UNKNOWN, Vocabulary
from tagger.corpora.subwords.alignment import owners
from tagger.corpora.subwords.base import END, MARKS, Units, stretch_of
from tagger.corpora.subwords.pretokenizers import of_bytes
from tagger.corpora.tokenization.passages import TextSegment
from tagger.corpora.tokenization.tokenizer import WordTokenizer
from tagger.errors import ConfigError, CorpusError

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from tokenizers.normalizers import Normalizer

DEFAULT_SIZE = 8000
BYTES = 256


class BpeUnits(Units):
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
    def fitted(
        cls,
        split: Iterable[TextSegment],
        words: WordTokenizer,
        *,
        max_size: int | None,
        min_count: int,
        normalizer: Normalizer | None,
        stretch: int | None,
        source: str | None,
    ) -> BpeUnits:
        """Learns merges from a text; see ``Units.fit``."""
        from tokenizers import Tokenizer, decoders
        from tokenizers.models import BPE
        from tokenizers.pre_tokenizers import ByteLevel
        from tokenizers.processors import TemplateProcessing
        from tokenizers.trainers import BpeTrainer

        smallest = BYTES + len(MARKS)
        size = DEFAULT_SIZE if max_size is None else max_size
        if size < smallest:
            raise ConfigError(f"a BPE vocabulary of {size}, expected at least {smallest}: all bytes, {UNKNOWN}, {END}")
        tokenizer = Tokenizer(BPE())
        if normalizer is not None:
            tokenizer.normalizer = normalizer
        tokenizer.pre_tokenizer = of_bytes(words)
        tokenizer.decoder = decoders.ByteLevel()
        trainer = BpeTrainer(
            vocab_size=size,
            min_frequency=max(2, min_count),
            special_tokens=list(MARKS),
            initial_alphabet=ByteLevel.alphabet(),
            show_progress=False,
        )
        seen: set[str] = set()
        tokenizer.train_from_iterator(_noted(stretch_of(split, stretch), seen), trainer)
        if len(seen) < 2:
            held = f"only {next(iter(seen))!r}" if seen else "none"
            raise CorpusError(f"too few different characters to learn pieces from: {held}", path=source)
        tokenizer.post_processor = TemplateProcessing(single=f"$A {END}", special_tokens=[(END, 1)])
        return cls(_without_specials(tokenizer))

    def encode(self, passage: TextSegment) -> tuple[list[int], list[int]]:
        """Pieces of the text."""
        found = self._tokenizer.encode(passage.text, add_special_tokens=False)
        return found.ids, owners((start for start, _ in found.offsets), passage.spans, passage.text)

    def encode_ids(self, passages: Sequence[TextSegment]) -> list[list[int]]:
        """Only the ids of several passages, on all cores."""
        texts = [passage.text for passage in passages]
        return [found.ids for found in self._tokenizer.encode_batch_fast(texts, add_special_tokens=False)]

    def symbols(self, ids: Iterable[int]) -> list[str]:
        """The text of each piece; bytes that are no whole character by themselves as ``<0xE2>``."""
        from tokenizers import decoders

        decoder = decoders.ByteLevel()
        found: list[str] = []
        for number in ids:
            symbol = self.vocabulary.words[number]
            text = decoder.decode([symbol])
            broken = "\ufffd" in text
            found.append("".join(f"<0x{_byte(character):02X}>" for character in symbol) if broken else text)
        return found

    def text(self, ids: Sequence[int]) -> str:
        """The text of the pieces, U+FFFD for bytes that make no character; an end is a line end."""
        lines: list[list[int]] = [[]]
        for number in ids:
            if number == self.end:
                lines.append([])
            else:
                lines[-1].append(number)
        return "\n".join(self._tokenizer.decode(line, skip_special_tokens=False) for line in lines)

    def to_tokenizer(self, word_tokenizer: WordTokenizer) -> Tokenizer:
        """The pieces with the word rules they were learned with."""
        return self._tokenizer


def _noted(texts: Iterable[str], seen: set[str]) -> Iterator[str]:
    """The texts, their characters noted until there are two."""
    for text in texts:
        if len(seen) < 2:
            seen.update(text)
        yield text


def _without_specials(tokenizer: Tokenizer) -> Tokenizer:
    """The same with no text that is special: ``<eos>`` in a line is five characters, not its end."""
    content = json.loads(tokenizer.to_str())
    content["added_tokens"] = []
    return type(tokenizer).from_str(json.dumps(content))


def _byte(symbol: str) -> int:
    """The byte behind one of the 256 visible characters that stand for them."""
    visible = [*range(33, 127), *range(161, 173), *range(174, 256)]
    code = ord(symbol)
    if code in visible:
        return code
    return [byte for byte in range(256) if byte not in visible][code - 256]
