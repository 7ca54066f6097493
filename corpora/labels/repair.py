"""Mending, while a corpus is read, what can be mended by a rule; all of it counted, and said.

Of a word: invisible characters go, white space at its ends goes and each run inside becomes one blank, the rest is
put into Unicode's composed form (NFC). Of a label: white space at its ends goes, of several labels (``B-x,B-y``)
the first stays that fits the words beside, and labels that break their scheme of spans are read as ``conlleval``
reads them: one that continues nothing begins a span. What would take a guess (columns that are missing, text in a
wrong encoding, words without a label) is left to the one who knows the corpus.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache

from tagger.corpora.formats.sentence import MISSING, RawSentence, excerpt
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
# Mongolian vowel separator; number and verse signs of Arabic, Syriac and Kaithi, which are seen.
_SPELT = frozenset("\u200c\u200d\u180e\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
_SPELT_RANGES = (range(0x0600, 0x0606), range(0xE0020, 0xE0080), range(0x13430, 0x13460))  # flags, hieroglyphs


@dataclass(slots=True)
class Repairs:
    """What is mended in one file.

    Args:
        name: the file, for messages.
        scheme: how its spans are labelled, one of ``schemes.SCHEMES``; None where labels are no spans.
    """

    name: str
    scheme: str | None = None
    _counts: dict[str, int] = field(default_factory=dict)
    _first: dict[str, str] = field(default_factory=dict)

    def mend_words(self, sentence: RawSentence) -> None:
        """Mends the words of a sentence, and its raw text alike."""
        tokens = sentence.tokens
        mended = [word if word.isascii() and word.isalnum() else mended_word(word) for word in tokens]
        if mended != tokens:
            self._count("words", sentence, tokens, mended)
            sentence.tokens = mended
        if sentence.text is not None and not sentence.text.isascii():
            sentence.text = mended_text(sentence.text)

    def mend_labels(self, sentence: RawSentence, column: str) -> None:
        """Mends the labels of a sentence in one column."""
        for kind, mend in (("labels", _stripped), ("double", _single), ("scheme", self._in_scheme)):
            before = sentence.columns[column]
            after = mend(before)
            if after != before:
                self._count(kind, sentence, before, after)
                sentence.columns[column] = after

    def notes(self) -> list[str]:
        """What was mended: how often, and where first."""
        said = []
        for kind, count in self._counts.items():
            single, plural, what = _KINDS[kind]
            noun = single if count == 1 else plural
            said.append(f"repaired: {count:,} {noun} {what.format(scheme=self.scheme)}: first {self._first[kind]}")
        return said

    def _in_scheme(self, labels: list[str]) -> list[str]:
        if self.scheme is None or set(labels) <= {OUTSIDE, MISSING}:
            return labels
        tags = [OUTSIDE if label == MISSING else label for label in labels]
        if not all(tag == OUTSIDE or LABEL.fullmatch(tag) for tag in tags) or not invalid(tags, self.scheme):
            return labels
        made = zip(labels, converted(tags, self.scheme), strict=True)
        return [old if old == MISSING and new == OUTSIDE else new for old, new in made]

    def _count(self, kind: str, sentence: RawSentence, before: list[str], after: list[str]) -> None:
        places = [place for place, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
        self._counts[kind] = self._counts.get(kind, 0) + len(places)
        if kind not in self._first:
            place = places[0]
            change = f"{excerpt(before[place])} to {excerpt(after[place])}"
            self._first[kind] = f"{self.name}:{sentence.lines[place]}: {change}"


def is_invisible(char: str) -> bool:
    """Whether a character shows nothing and spells nothing: a control, a mark of direction, a soft hyphen ..."""
    if char.isspace() or unicodedata.category(char) not in ("Cc", "Cf"):
        return False
    return char not in _SPELT and not any(ord(char) in codes for codes in _SPELT_RANGES)


@lru_cache(maxsize=100_000)
def mended_word(word: str) -> str:
    """A word without invisible characters and needless white space, composed; one of nothing else stays as it is."""
    return " ".join(mended_text(word).split()) or word


def mended_text(text: str) -> str:
    """A text without invisible characters, composed."""
    if not text.isprintable():
        text = "".join([char for char in text if not is_invisible(char)])
    return unicodedata.normalize("NFC", text)


def _stripped(labels: list[str]) -> list[str]:
    return [label.strip() for label in labels]


def _single(labels: list[str]) -> list[str]:
    """Of several labels the first that goes on with a span, or that the next word goes on with; else the first."""
    if not any(map(DOUBLE_LABEL.fullmatch, labels)):
        return labels
    choices = [label.split(",") if DOUBLE_LABEL.fullmatch(label) else [label] for label in labels]
    chosen: list[str] = []
    for choice, following in zip(choices, [*choices[1:], []], strict=True):
        before = split_tag(chosen[-1])[1] if chosen else ""
        after = {kind for letter, kind in map(split_tag, following) if letter in _CONTINUES}
        trainer = (label for label in choice if _fits(label, before, after))
        chosen.append(next(trainer, choice[0]))
    return chosen


def _fits(label: str, before: str, after: set[str]) -> bool:
    letter, kind = split_tag(label)
    return kind == before if letter in _CONTINUES else kind in after
