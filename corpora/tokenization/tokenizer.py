"""Words and sentences of raw text, with character offsets.

The word rules are a ``tokenizers`` pre-tokenizer, the same object that a model's ``tokenizer.json`` holds, so other
programs find the same words. Sentence rules are a small table.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from tagger.corpora.tokenization.rules import SENTENCE_RULES, WORD_PATTERNS
from tagger.corpora.tokenization.sentence_splitter import SentenceSplitter, Token
from tagger.errors import ConfigError

if TYPE_CHECKING:
    from tokenizers.pre_tokenizers import PreTokenizer

RULE_SETS = tuple(WORD_PATTERNS)

CHUNK_CHARACTERS = 1 << 14  # text is cut at white space about this often
MAX_WORD = 1 << 20  # characters; a longer run without white space is cut, so that memory stays bounded

LINES = {"terminators": "", "line_end": True, "max_words": 1_000_000}
"""Sentence rules of text that has one sentence a line."""

_PARAGRAPH = re.compile(r"\n[^\S\n]*\n\s*")
_LINE = re.compile(r"\n\s*")


class WordTokenizer:
    """Splitter of raw text into sentences of words.

    Args:
        pre_tokenizer: word rules, a ``tokenizers`` pre-tokenizer, as in a model's ``tokenizer.json``.
        sentence_rules: a table as in ``rules.SENTENCE_RULES``, as in a model's ``config.json``.
    """

    def __init__(self, pre_tokenizer: PreTokenizer, sentence_rules: dict[str, Any]) -> None:
        self._pre_tokenizer = pre_tokenizer
        self._rules = SentenceSplitter(sentence_rules).rules
        self._boundary = _LINE if self._rules["line_end"] else _PARAGRAPH

    @classmethod
    def from_rules(cls, name: str) -> WordTokenizer:
        """Build a tokenizer from a rule set: ``english``, ``generic``, ``korean`` or ``whitespace``.

        Raises:
            ConfigError: there is no such rule set.
        """
        from tokenizers import Regex
        from tokenizers.pre_tokenizers import Split

        if name not in WORD_PATTERNS:
            raise ConfigError(f"no tokenisation rules are called {name!r}; choose from {', '.join(RULE_SETS)}")
        return cls(Split(Regex(WORD_PATTERNS[name]), "removed", invert=True), SENTENCE_RULES[name])

    def pre_tokenizer(self) -> PreTokenizer:
        """Return the word rules, for the ``pre_tokenizer`` of a ``tokenizers.Tokenizer``."""
        return self._pre_tokenizer

    def rules(self) -> dict[str, Any]:
        """Return the sentence rules, a table of JSON values."""
        return dict(self._rules)

    def one_sentence_per_line(self) -> WordTokenizer:
        """Return a tokenizer with the same word rules, for which each line that holds words is one sentence."""
        return WordTokenizer(self._pre_tokenizer, {**self._rules, **LINES})

    def words(self, text: str, offset: int = 0) -> list[Token]:
        """Find all words of a text that begins at `offset`, without sentences."""
        words = self._pre_tokenizer.pre_tokenize_str(text)
        return [Token(word, offset + start, offset + end) for word, (start, end) in words]

    def sentences(self, text: str) -> Iterator[list[Token]]:
        """Find the sentences of ``text``, each a list of words with offsets into ``text``."""
        return self.stream((text,))

    def stream(self, chunks: Iterable[str]) -> Iterator[list[Token]]:
        r"""Find the sentences of a text in chunks (lines or other pieces), in bounded memory.

        A blank line ends a paragraph and so a sentence; other line ends are white space, unless the sentence
        rules say ``line_end``.

        Args:
            chunks: the text, cut anywhere. Line ends are ``\n`` or ``\r\n``.

        Yields:
            Sentences, lists of words whose offsets count code points from the start of the first chunk.
        """
        splitter = SentenceSplitter(self._rules)
        newlines, needed = 0, 1 if self._rules["line_end"] else 2
        for text, base in _cut_at_white_space(chunks):
            start = len(text) - len(text.lstrip())
            newlines += text.count("\n", 0, start)
            if start == len(text):
                continue
            if newlines >= needed:
                yield from splitter.flush()
            newlines = 0
            for boundary in self._boundary.finditer(text, start):
                yield from splitter.feed(self.words(text[start : boundary.start()], base + start))
                yield from splitter.flush()
                start = boundary.end()
            yield from splitter.feed(self.words(text[start:], base + start))
        yield from splitter.flush()


def _cut_at_white_space(chunks: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Cut the joined chunks at white space, which begins the next piece; yield pieces with their offsets."""
    buffer, base = "", 0
    window = CHUNK_CHARACTERS
    for chunk in chunks:
        buffer += chunk
        position = 0
        while len(buffer) - position > window:
            cut = _last_cut(buffer[position : position + window])
            if not cut and window < MAX_WORD:
                window *= 2
                continue
            cut = cut or window
            yield buffer[position : position + cut], base + position
            position += cut
            window = CHUNK_CHARACTERS
        buffer, base = buffer[position:], base + position
    buffer = buffer.rstrip()
    if buffer:
        yield buffer, base


def _last_cut(text: str) -> int:
    """Find the last white space of ``text``; 0 if none follows a word, its length if blank."""
    parts = text.rsplit(None, 1)
    if not parts:
        return len(text)
    if text[-1].isspace():
        return len(text.rstrip())
    return len(parts[0]) if len(parts) == 2 else 0
