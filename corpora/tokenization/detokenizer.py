"""English words turned back into readable text.

A word binds to its left neighbour, its right neighbour, both or none; a space stands wherever neither side
binds. The rules expect words as in UD English and the Penn Treebank (``ca n't``, ``well - known``). They come from
counts of the spaces in the training part of EWT, and restore 91 % of its dev sentences exactly (words joined by
spaces: 16 %).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

CLOSER = re.compile(r"[.,;:!?…。、，！？]+|[)\]}”»’]+|''|%|°|>+|-R[RSC]B-")
"""Binds to the word before."""
OPENER = re.compile(r"[(\[{“‘«¿¡]+|`+|<+|-L[RSC]B-")
"""Binds to the word after."""
CURRENCY = re.compile(r"[A-Z]{0,3}[$£€¥]|[#~]")
"""Binds to a number after."""
CLITIC = re.compile(r"n['’`´]?t|['’`´](?:s|m|d|ll|re|ve)|s", re.IGNORECASE)
"""Binds to the word before, as in ``do n't`` and ``it 's``; without an apostrophe only to letters."""
UNIT = re.compile(r"[kK]|mm")
"""Binds to a number before."""
JOINED = frozenset({
    ("can", "not"), ("gon", "na"), ("wan", "na"), ("got", "ta"), ("out", "ta"), ("gim", "me"), ("lem", "me"),
    ("du", "nno"), ("dun", "no"), ("i", "m"), ("i", "ve"), ("you", "re"), ("you", "ve"), ("they", "re"),
    ("they", "ve"),
})  # fmt: skip
"""Pairs of words that are written as one."""
HYPHENATED = frozenset({"al", "el", "ex", "non", "anti", "pre", "co", "e", "self", "semi", "multi", "mid", "half"})
"""A hyphen after one of these is never a dash."""
STARTS_CLAUSE = frozenset({
    "the", "a", "an", "i", "it", "they", "we", "you", "he", "she", "but", "and", "this", "that", "which", "not",
    "so", "if", "there", "my", "our", "his", "her", "their", "its", "is", "are", "was", "were", "what", "when",
    "where", "then", "just", "or", "because", "have", "has", "no", "all", "even", "please", "yes",
})  # fmt: skip
"""A hyphen before one of these is a dash."""
PLAIN_BRACKETS = {"-LRB-": "(", "-RRB-": ")", "-LSB-": "[", "-RSB-": "]", "-LCB-": "{", "-RCB-": "}"}
"""The Penn Treebank's brackets."""


Binding = tuple[bool, bool]
"""Whether a word binds to its left neighbour, and to its right one."""

FREE, LEFT, RIGHT, BOTH = (False, False), (True, False), (False, True), (True, True)


class Detokeniser:
    """Writer of words as pieces of text, which holds back only the last word.

    Args:
        sentence_case: capitalise sentences and the pronoun I, for lower-cased words.
    """

    def __init__(self, *, sentence_case: bool = False) -> None:
        self._sentence_case = sentence_case
        self._held: str | None = None
        self._before: str | None = None  # the word before the held one, None at the beginning of a sentence
        self._space = ""  # what stands before the held word unless one of the two binds
        self._quoting = self._half_quoting = self._hyphenated = False
        self._capital = sentence_case

    def push(self, word: str) -> str:
        """Add a word; return the text of the word before it."""
        piece = self._release(word)
        self._held = word
        return piece

    def settle(self) -> str:
        """Return the text of the last word although the sentence continues."""
        return self._release("a")

    def end(self) -> str:
        """End the sentence and return the text of its last word; a space follows."""
        piece = self._release(None)
        if self._before is not None:
            self._space = " "
        self._before = None
        self._half_quoting = self._hyphenated = False
        self._capital = self._sentence_case
        return piece

    def _release(self, after: str | None) -> str:
        if self._held is None:
            return ""
        word, before = self._held, self._before
        left, right = self._binding(before, word, after)
        piece = self._spelt(word) if left and before is not None else self._space + self._spelt(word)
        self._hyphenated = (left and word == "-") or (self._hyphenated and before == "-")
        self._held, self._before, self._space = None, word, "" if right else " "
        return piece

    def _spelt(self, word: str) -> str:
        if len(word) == 3 and word[0] == word[2] == "@":  # WikiText: 1 @,@ 000
            return word[1]
        word = PLAIN_BRACKETS.get(word, word)
        if not self._sentence_case:
            return word
        if word == "i":
            word = "I"
        if self._capital and any(map(str.isalpha, word)):
            self._capital = False
            first = next(i for i, character in enumerate(word) if character.isalpha())
            return word[:first] + word[first].upper() + word[first + 1 :]
        return word

    def _binding(self, before: str | None, word: str, after: str | None) -> Binding:
        if word == '"':
            return self._double_quote(before, after)
        if word == "'":
            return self._apostrophe(before, after)
        if word == "-":
            return self._hyphen(before, after)
        return _binding(before, word, after)

    def _double_quote(self, before: str | None, after: str | None) -> Binding:
        """Open quotes at the beginning of a sentence, close them at its end, alternate in between."""
        closes = before is not None and (self._quoting or after is None)
        self._quoting = not closes
        return LEFT if closes else RIGHT

    def _apostrophe(self, before: str | None, after: str | None) -> Binding:
        if before and after and before[-1].isdigit() and after[0].isdigit():
            return BOTH  # 5'10
        plural = before is not None and before[-1] in "sS" and not (after or "")[:1].isupper()
        if self._half_quoting or plural or after is None or not after[0].isalnum():
            self._half_quoting = False
            return LEFT
        self._half_quoting = True
        return RIGHT

    def _hyphen(self, before: str | None, after: str | None) -> Binding:
        """Bind a hyphen inside a compound to both sides, a dash between phrases to none."""
        if before is None or after is None or not (before[-1].isalnum() and after[0].isalnum()):
            return FREE
        if before.lower() in HYPHENATED or self._hyphenated:
            return BOTH
        if before[-1].isdigit():
            return BOTH if after[0].isdigit() or after[0].islower() else FREE
        if after.lower() in STARTS_CLAUSE:
            return FREE
        return BOTH if after[0].islower() or before[0].isupper() else FREE


def _binding(before: str | None, word: str, after: str | None) -> Binding:
    """Find the binding of a word by its form and its direct neighbours."""
    if word == "/" or (len(word) == 3 and word[0] == word[2] == "@"):
        return BOTH
    if CLITIC.fullmatch(word):
        return LEFT if word[0] in "'’`" or (before or " ")[-1].isalpha() else FREE
    if CLOSER.fullmatch(word):
        return LEFT
    if OPENER.fullmatch(word):
        return RIGHT
    if CURRENCY.fullmatch(word):
        return RIGHT if (after or " ")[0].isdigit() else FREE
    if before and (before.lower(), word.lower()) in JOINED:
        return LEFT
    return LEFT if before and before[-1].isdigit() and UNIT.fullmatch(word) else FREE


def detokenise_sentences(sentences: Iterable[Sequence[str]], *, sentence_case: bool = False) -> str:
    """Join consecutive sentences; quotation marks may open in one and close in another. See ``Detokeniser``."""
    writer = Detokeniser(sentence_case=sentence_case)
    pieces = []
    for sentence in sentences:
        pieces += [writer.push(word) for word in sentence]
        pieces.append(writer.end())
    return "".join(pieces)
