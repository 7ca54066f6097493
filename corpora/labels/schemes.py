"""How spans are written as one label a word: IOB1, IOB2, IOBES, BILOU.

``B`` begins a span, ``I`` is inside, ``E`` (``L``) its last word, ``S`` (``U``) its only one, ``O`` is none. IOB1
writes ``B`` only where a span touches one of the same kind before it (Ramshaw & Marcus 1995,
https://aclanthology.org/W95-0107), IOB2 always.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

SCHEMES = ("IOB1", "IOB2", "IOBES", "BILOU")
OUTSIDE = "O"
LABEL = re.compile(r"[BIESLU]-.+", re.DOTALL)

Span = tuple[int, int, str]  # first word, word after the last, label

_LETTERS = {"IOB1": "BI", "IOB2": "BI", "IOBES": "BIES", "BILOU": "BILU"}
_BEGIN, _END = "BSU", "ELSU"  # letters that begin a span, letters that end one


@dataclass(frozen=True, slots=True)
class Detected:
    """Which scheme a corpus is written in.

    Args:
        scheme: one of ``SCHEMES``; None where the labels are not spans.
        invalid: how many labels break each scheme that has the letters of the corpus.
    """

    scheme: str | None
    invalid: dict[str, int]


def spans(tags: Sequence[str]) -> list[Span]:
    """The spans of one sentence, in any of the schemes.

    Broken sequences are read as ``conlleval`` does: an ``I`` with no span of its label before it begins one.

    Args:
        tags: T labels.

    Returns:
        (first word, word after the last, label), in order.
    """
    found: list[Span] = []
    start, current = 0, ""
    for place, tag in enumerate([*tags, OUTSIDE]):
        letter, label = split_tag(tag)
        if current and (letter in _BEGIN or letter == OUTSIDE or label != current):
            found.append((start, place, current))
            current = ""
        if letter != OUTSIDE and not current:
            start, current = place, label
        if letter in _END:
            found.append((start, place + 1, current))
            current = ""
    return found


def tags(spans: Iterable[Span], length: int, scheme: str) -> list[str]:
    """Writes spans as labels.

    Args:
        spans: spans that do not overlap.
        length: T, the words of the sentence.
        scheme: one of ``SCHEMES``.

    Raises:
        ValueError: no such scheme, or two spans overlap, or one lies outside the sentence.
    """
    if scheme not in SCHEMES:
        raise ValueError(f"no scheme {scheme!r}; there are {', '.join(SCHEMES)}")
    made = [OUTSIDE] * length
    before: Span = (0, 0, "")
    for span in sorted(spans):
        start, end, label = span
        if not before[1] <= start < end <= length:
            raise ValueError(f"the span {span} overlaps another or lies outside a sentence of {length} words")
        touches = before[1] == start and before[2] == label
        made[start:end] = [f"{letter}-{label}" for letter in _letters(end - start, scheme, touches)]
        before = span
    return made


def converted(sequence: Sequence[str], scheme: str) -> list[str]:
    """The same spans in another scheme.

    Args:
        sequence: T labels in any scheme.
        scheme: one of ``SCHEMES``.
    """
    return tags(spans(sequence), len(sequence), scheme)


def invalid(sequence: Sequence[str], scheme: str) -> list[int]:
    """Where a sentence breaks its scheme.

    Args:
        sequence: T labels.
        scheme: one of ``SCHEMES``.

    Returns:
        The places of the labels that cannot follow the one before them, or, for the last word of a span left
        open, be followed by what comes.
    """
    closing = scheme in ("IOBES", "BILOU")
    found: list[int] = []
    letter, label = OUTSIDE, ""
    for place, tag in enumerate([*sequence, OUTSIDE]):
        before, kind = letter, label
        letter, label = split_tag(tag)
        inside = before in ("B", "I") and kind == label  # of a span of this label that may go on
        continues = letter in ("I", "E", "L")
        must_continue = letter == "B" if scheme == "IOB1" else continues
        if letter not in (OUTSIDE, *_LETTERS[scheme]) or (must_continue and not inside):
            found.append(place)
        elif closing and before in ("B", "I") and not (inside and continues):
            found.append(place - 1)
    return sorted(set(found))


def detect(sentences: Iterable[Sequence[str]]) -> Detected:
    """Finds the scheme that the fewest labels of a corpus break; IOB2 goes before IOB1.

    Args:
        sentences: the labels of each sentence.
    """
    counts = dict.fromkeys(SCHEMES, 0)
    letters: set[str] = set()
    for sequence in sentences:
        if not all(tag == OUTSIDE or LABEL.fullmatch(tag) for tag in sequence):
            return Detected(None, {})
        letters |= {tag[0] for tag in sequence}
        for scheme in counts:
            counts[scheme] += len(invalid(sequence, scheme))
    letters -= {OUTSIDE}
    if not letters:
        return Detected(None, {})
    trainer = [scheme for scheme in SCHEMES if letters <= set(_LETTERS[scheme])] or list(SCHEMES)
    order = ("IOB2", "IOB1", "IOBES", "BILOU")
    best = min(trainer, key=lambda scheme: (counts[scheme], order.index(scheme)))
    return Detected(best, {scheme: counts[scheme] for scheme in trainer})


def split_tag(tag: str) -> tuple[str, str]:
    """``B-PER`` as (``B``, ``PER``); a label without prefix counts as the inside of its own kind."""
    if tag == OUTSIDE:
        return OUTSIDE, ""
    letter, dash, label = tag.partition("-")
    return (letter, label) if dash and letter in ("B", "I", "E", "S", "L", "U") else ("I", tag)


def _letters(length: int, scheme: str, touches: bool) -> str:
    first, last, only = {"IOBES": ("B", "E", "S"), "BILOU": ("B", "L", "U")}.get(scheme, ("B", "I", "B"))
    if scheme == "IOB1" and not touches:
        first = only = "I"
    return only if length == 1 else first + "I" * (length - 2) + last
