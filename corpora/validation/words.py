"""Check of words: white space, invisible characters, wrong conversions, Unicode forms, running numbers."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable

from tagger.corpora.formats.sentence import excerpt
from tagger.corpora.labels.repair import is_invisible
from tagger.corpora.validation.findings import CheckedSentence, Findings

_PRIVATE = ("Co", "Cs")  # private use and surrogates: only a font knows what they show
ENTITY = re.compile(r"&(?:#\d+|#[xX][\da-fA-F]+|[A-Za-z]\w*);")
_LATIN1_UTF8 = re.compile(r"[ÂÃÄÅâÐÑ][\u0080-\u00bf\u2018-\u2022\u20ac\u2122\u0152\u0153\u0160\u0161]")


class WordCheck:
    """Check of every distinct word, which finds all places of odd words."""

    def __init__(self) -> None:
        self._odd: dict[str, list[tuple[str, str]]] = {}
        self._numbered = 0
        self._first: tuple[str, int, str] | None = None
        self._long = 0

    def add(self, sentence: CheckedSentence, findings: Findings) -> None:
        """Check one sentence."""
        for word in sentence.new:
            if not (word.isascii() and word.isalnum()) and (odd := defects(word)):
                self._odd[word] = odd
        if self._odd and not self._odd.keys().isdisjoint(sentence.tokens):
            for word, line in zip(sentence.tokens, sentence.lines, strict=True):
                for code, detail in self._odd.get(word, ()):
                    findings.add(code, sentence.path, line, detail)
        if ";" in sentence.tokens:
            _find_split_entities(sentence, findings)
        self._count_numbered(sentence)

    def report(self, findings: Findings) -> None:
        """Report running numbers in place of words; one list of numbers is not enough."""
        if self._first and 2 * self._numbered > self._long:
            path, line, detail = self._first
            findings.add("numbered-words", path, line, detail, count=self._numbered)

    def _count_numbered(self, sentence: CheckedSentence) -> None:
        tokens = sentence.tokens
        if len(tokens) < 2:
            return
        self._long += 1
        if tokens[0] in ("0", "1") and tokens[1] in ("1", "2"):
            start = int(tokens[0])
            if tokens == [str(number) for number in range(start, start + len(tokens))]:
                self._numbered += 1
                self._first = self._first or (sentence.path, sentence.lines[0], " ".join(tokens[:8]))


def _find_split_entities(sentence: CheckedSentence, findings: Findings) -> None:
    """Report HTML entities that a tokenizer has split, as in ``& quot ;``."""
    tokens = sentence.tokens
    for place, word in enumerate(tokens):
        if not word.startswith("&") or word.endswith(";"):
            continue
        for end in (place + 2, place + 3, place + 4):  # &quot ; and & quot ; and & # 39 ;
            entity = "".join(tokens[place:end])
            if ENTITY.fullmatch(entity) and html.unescape(entity) != entity:
                parts = excerpt(" ".join(tokens[place:end]))
                detail = f"{parts}, most likely {excerpt(html.unescape(entity))}"
                findings.add("html-entity", sentence.path, sentence.lines[place], detail)


def defects(word: str) -> list[tuple[str, str]]:
    """Find what is odd about a word, as (kind, detail)."""
    odd: list[tuple[str, str]] = []
    if any(map(str.isspace, word)):
        odd.append(("white-space", f"{excerpt(word)} ({_named(word, str.isspace)})"))
    if any(map(_invisible, word)):
        odd.append(("control", f"{excerpt(word)} ({_named(word, _invisible)})"))
    if "\N{REPLACEMENT CHARACTER}" in word:
        odd.append(("damaged-text", f"{excerpt(word)} holds U+FFFD, which stands for a lost character"))
    elif (meant := _meant(word)) is not None:
        odd.append(("damaged-text", f"{excerpt(word)}, most likely {excerpt(meant)}"))
    if ENTITY.search(word) and html.unescape(word) != word:
        odd.append(("html-entity", f"{excerpt(word)}, most likely {excerpt(html.unescape(word))}"))
    if not unicodedata.is_normalized("NFC", word):
        composed = unicodedata.normalize("NFC", word)
        points = " ".join(f"U+{ord(char):04X}" for char in word if not char.isascii())[:40]
        odd.append(("not-nfc", f"{excerpt(word)} ({points}), composed {excerpt(composed)}"))
    return odd


def _invisible(char: str) -> bool:
    return is_invisible(char) or unicodedata.category(char) in _PRIVATE


def _meant(word: str) -> str | None:
    """Restore a word whose UTF-8 was read as Latin-1; None if it was not."""
    if not _LATIN1_UTF8.search(word):
        return None
    for encoding in ("cp1252", "latin1"):
        try:
            return word.encode(encoding).decode()
        except UnicodeError:
            continue
    return None


def _named(word: str, wanted: Callable[[str], bool]) -> str:
    """List the characters for which ``wanted`` holds, by code point and name."""
    chars = dict.fromkeys(char for char in word if wanted(char))
    return ", ".join(f"U+{ord(char):04X} {unicodedata.name(char, 'control')}" for char in list(chars)[:3])
