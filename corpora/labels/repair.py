"""Repairs of words and labels by rule while a corpus is read, and their counts.

Words lose invisible characters and white space at their ends; each run of white space inside becomes one blank, and
the rest takes Unicode's composed form (NFC). Labels lose white space at their ends; several labels of one word
(``B-x,B-y``) become the first that fits the neighbouring words; labels that break their scheme are read as
``conlleval`` reads them: a label that continues nothing begins a span. Repairs that need a guess (missing columns, a
wrong encoding, words without a label) are left to people who know the corpus.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache

from tagger.corpora.formats.sentence import MISSING, UNLABELLED, RawSentence, excerpt
from tagger.corpora.labels.schemes import LABEL, OUTSIDE, converted, invalid, split_tag

DOUBLE_LABEL = re.compile(r"(O|[BIESLU]-[^,]+)(,(O|[BIESLU]-[^,]+))+")

_CONTINUES = ("I", "E", "L")
_KINDS = {
    "words": ("word lost", "words lost", "white space, invisible characters or their decomposed form (NFC)"),
    "labels": ("label lost", "labels lost", "white space at its ends"),
    "double": ("word keeps", "words keep", "one of several labels, the first that fits the words beside"),
    "scheme": ("label that broke", "labels that broke", "the scheme {scheme}, read as conlleval reads them"),
}
# Format characters (category Cf) that are part of the spelling: the joiners in Persian, Indic scripts and emoji, the
# Mongolian vowel separator; number and verse signs of Arabic, Syriac and Kaithi, which are visible.
_SPELT = frozenset("\u200c\u200d\u180e\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
_SPELT_RANGES = (range(0x0600, 0x0606), range(0xE0020, 0xE0080), range(0x13430, 0x13460))  # flags, hieroglyphs


@dataclass(slots=True)
class Repairs:
    """Repairer of the sentences of one file, and counter of the repairs.

    Args:
        name: the file, for messages.
        scheme: the scheme of its spans, one of ``schemes.SCHEMES``; None where labels are not spans.
    """

    name: str
    scheme: str | None = None
    _counts: dict[str, int] = field(default_factory=dict)
    _first: dict[str, str] = field(default_factory=dict)

    def repair_words(self, sentence: RawSentence) -> None:
        """Repair the words of a sentence and its raw text."""
        tokens = sentence.tokens
        repaired = [word if word.isascii() and word.isalnum() else repaired_word(word) for word in tokens]
        if repaired != tokens:
            self._count("words", sentence, tokens, repaired)
            sentence.tokens = repaired
        if sentence.text is not None and not sentence.text.isascii():
            sentence.text = repaired_text(sentence.text)

    def repair_labels(self, sentence: RawSentence, column: str) -> None:
        """Repair the labels of a sentence in one column."""
        for kind, repair in (("labels", _stripped), ("double", _single), ("scheme", self._in_scheme)):
            before = sentence.columns[column]
            after = repair(before)
            if after != before:
                self._count(kind, sentence, before, after)
                sentence.columns[column] = after

    def notes(self) -> list[str]:
        """List the kinds of repairs, how often each happened, and where first."""
        notes = []
        for kind, count in self._counts.items():
            single, plural, what = _KINDS[kind]
            noun = single if count == 1 else plural
            notes.append(f"repaired: {count:,} {noun} {what.format(scheme=self.scheme)}: first {self._first[kind]}")
        return notes

    def _in_scheme(self, labels: list[str]) -> list[str]:
        if self.scheme is None or set(labels) <= {OUTSIDE, MISSING, UNLABELLED}:
            return labels
        tags = [OUTSIDE if label in (MISSING, UNLABELLED) else label for label in labels]
        if not all(tag == OUTSIDE or LABEL.fullmatch(tag) for tag in tags) or not invalid(tags, self.scheme):
            return labels
        pairs = zip(labels, converted(tags, self.scheme), strict=True)
        return [old if old in (MISSING, UNLABELLED) and new == OUTSIDE else new for old, new in pairs]

    def _count(self, kind: str, sentence: RawSentence, before: list[str], after: list[str]) -> None:
        places = [place for place, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
        self._counts[kind] = self._counts.get(kind, 0) + len(places)
        if kind not in self._first:
            place = places[0]
            change = f"{excerpt(before[place])} to {excerpt(after[place])}"
            self._first[kind] = f"{self.name}:{sentence.lines[place]}: {change}"


def is_invisible(char: str) -> bool:
    """Whether a character is neither visible nor part of the spelling (controls, soft hyphens)."""
    if char.isspace() or unicodedata.category(char) not in ("Cc", "Cf"):
        return False
    return char not in _SPELT and not any(ord(char) in codes for codes in _SPELT_RANGES)


@lru_cache(maxsize=100_000)
def repaired_word(word: str) -> str:
    """Return a word without invisible characters and needless white space, composed; never an empty word."""
    return " ".join(repaired_text(word).split()) or word


def repaired_text(text: str) -> str:
    """Return a text without invisible characters, composed."""
    if not text.isprintable():
        text = "".join([char for char in text if not is_invisible(char)])
    return unicodedata.normalize("NFC", text)


def _stripped(labels: list[str]) -> list[str]:
    return [label.strip() for label in labels]


def _single(labels: list[str]) -> list[str]:
    """Keep one of several labels: the first that continues a span or that the next word continues."""
    if not any(map(DOUBLE_LABEL.fullmatch, labels)):
        return labels
    choices = [label.split(",") if DOUBLE_LABEL.fullmatch(label) else [label] for label in labels]
    chosen: list[str] = []
    for choice, following in zip(choices, [*choices[1:], []], strict=True):
        before = split_tag(chosen[-1])[1] if chosen else ""
        after = {kind for letter, kind in map(split_tag, following) if letter in _CONTINUES}
        fitting = (label for label in choice if _fits(label, before, after))
        chosen.append(next(fitting, choice[0]))
    return chosen


def _fits(label: str, before: str, after: set[str]) -> bool:
    letter, kind = split_tag(label)
    return kind == before if letter in _CONTINUES else kind in after
