"""Sentences from a stream of words, by a table of rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from tagger.corpora.tokenization.rules import SENTENCE_RULES
from tagger.errors import ModelError


class Token(NamedTuple):
    """A word and its offsets: ``text[start:end] == token.text``, in code points."""

    text: str
    start: int
    end: int


class SentenceSplitter:
    """Splitter of words into sentences; it keeps the open sentence between calls.

    A sentence ends after a word whose last character is a terminator, and after the closing quotes and
    brackets that follow it, when white space and something other than a small letter come next.

    Args:
        rules: a table like those in ``rules.SENTENCE_RULES``; missing keys have the generic values.

    Raises:
        ModelError: a key is unknown.
    """

    def __init__(self, rules: dict[str, Any]) -> None:
        unknown = sorted(set(rules) - set(SENTENCE_RULES["generic"]))
        if unknown:
            expected = ", ".join(SENTENCE_RULES["generic"])
            raise ModelError(f"sentence rules have the unknown key {unknown[0]!r}; expected {expected}")
        self.rules = {**SENTENCE_RULES["generic"], **rules}
        self._terminators = frozenset(self.rules["terminators"])
        self._closers = frozenset(self.rules["closers"])
        self._never_last = frozenset(self.rules["never_last"])
        self._followers = frozenset(self.rules["followers"])
        self._lower_case_begins = bool(self.rules["lower_case_begins"])
        self._max_words = int(self.rules["max_words"])
        self._open: list[Token] = []
        self._may_end = False

    def feed(self, tokens: Iterable[Token]) -> Iterator[list[Token]]:
        """Add the next words; yield each sentence as soon as the word after it is known."""
        for token in tokens:
            if self._may_end and self._begins(token):
                yield from self.flush()
            self._open.append(token)
            if token.text[-1] in self._terminators:
                self._may_end = self._is_terminator(token.text)
            elif len(self._open) >= self._max_words:
                yield from self.flush()

    def flush(self) -> Iterator[list[Token]]:
        """End the open sentence, as at the end of a paragraph."""
        if self._open:
            yield self._open
        self._open = []
        self._may_end = False

    def _is_terminator(self, word: str) -> bool:
        """Whether a word ends a sentence; titles, initials and numbers of list items do not."""
        if word.lower() in self._never_last or (len(word) == 2 and word[0].isalpha()):
            return False
        return not (word == "." and len(self._open) == 2 and self._open[0].text.isdecimal())

    def _begins(self, token: Token) -> bool:
        """Whether ``token``, which follows a terminator, begins a new sentence; else whether a later one may."""
        last, first = self._open[-1], token.text[0]
        attached = token.start == last.end
        if first in self._closers and (attached or first in ")]}"):
            return False
        if token.text in self._followers or self._terminators.issuperset(token.text):
            return False
        may_be_small = self._lower_case_begins and last.text in ".!?"
        if (first.islower() and not may_be_small) or (
            attached and (not first.isalpha() or last.text[-1] in self._closers)
        ):
            self._may_end = False
        return self._may_end
