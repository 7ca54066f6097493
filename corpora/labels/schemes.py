"""Schemes that write spans as one label a word: IOB1, IOB2, IOBES, BILOU.

``B`` begins a span, ``I`` continues it, ``E`` (``L``) is its last word, ``S`` (``U``) its only word, ``O`` is outside.
IOB1 writes ``B`` only where a span touches one of the same kind before it (Ramshaw & Marcus 1995,
https://aclanthology.org/W95-0107), IOB2 always.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

SCHEMES = ("IOB1", "IOB2", "IOBES", "BILOU")
OUTSIDE = "O"
LABEL = re.compile(r"[BIESLU]-.+", re.DOTALL)

Span = tuple[int, int, str]  # first word, word after the last, label

_LETTERS = {"IOB1": "BI", "IOB2": "BI", "IOBES": "BIES", "BILOU": "BILU"}
_BEGIN, _END = "BSU", "ELSU"  # letters that begin a span, letters that end one


def spans(tags: Sequence[str]) -> list[Span]:
    """Find the spans of one sentence, in any of the schemes.

    Broken sequences are read as ``conlleval`` does: an ``I`` with no span of its label before it begins one.
    """
    spans: list[Span] = []
    start, current = 0, ""
    for place, tag in enumerate([*tags, OUTSIDE]):
        letter, label = split_tag(tag)
        if current and (letter in _BEGIN or letter == OUTSIDE or label != current):
            spans.append((start, place, current))
            current = ""
        if letter != OUTSIDE and not current:
            start, current = place, label
        if letter in _END:
            spans.append((start, place + 1, current))
            current = ""
    return spans


def tags(spans: Iterable[Span], length: int, scheme: str) -> list[str]:
    """Write the spans of a sentence of `length` words as labels.

    Raises:
        ValueError: there is no such scheme, two spans overlap, or one lies outside the sentence.
    """
    if scheme not in SCHEMES:
        raise ValueError(f"no scheme {scheme!r}; there are {', '.join(SCHEMES)}")
    labels = [OUTSIDE] * length
    before: Span = (0, 0, "")
    for span in sorted(spans):
        start, end, label = span
        if not before[1] <= start < end <= length:
            raise ValueError(f"the span {span} overlaps another or lies outside a sentence of {length} words")
        touches = before[1] == start and before[2] == label
        labels[start:end] = [f"{letter}-{label}" for letter in _letters(end - start, scheme, touches)]
        before = span
    return labels


def converted(sequence: Sequence[str], scheme: str) -> list[str]:
    """Write labels of any scheme in another scheme."""
    return tags(spans(sequence), len(sequence), scheme)


def invalid(sequence: Sequence[str], scheme: str) -> list[int]:
    """Find the labels of a sentence that break its scheme.

    Returns:
        The places of the labels that cannot follow the label before them, and of the last word of each span that does
        not end there.
    """
    closing = scheme in ("IOBES", "BILOU")
    places: list[int] = []
    letter, label = OUTSIDE, ""
    for place, tag in enumerate([*sequence, OUTSIDE]):
        before, kind = letter, label
        letter, label = split_tag(tag)
        inside = before in ("B", "I") and kind == label  # of a span of this label that may go on
        continues = letter in ("I", "E", "L")
        must_continue = letter == "B" if scheme == "IOB1" else continues
        if letter not in (OUTSIDE, *_LETTERS[scheme]) or (must_continue and not inside):
            places.append(place)
        elif closing and before in ("B", "I") and not (inside and continues):
            places.append(place - 1)
    return sorted(set(places))


def possible_schemes(labels: Iterable[str]) -> list[str]:
    """List the schemes that have all letters of some labels of spans; all schemes if none has."""
    letters = {label[0] for label in labels}
    return [scheme for scheme in SCHEMES if letters <= set(_LETTERS[scheme])] or list(SCHEMES)


def split_tag(tag: str) -> tuple[str, str]:
    """Split ``B-PER`` into (``B``, ``PER``); a label without prefix counts as the inside of its own kind."""
    if tag == OUTSIDE:
        return OUTSIDE, ""
    letter, dash, label = tag.partition("-")
    return (letter, label) if dash and letter in ("B", "I", "E", "S", "L", "U") else ("I", tag)


def _letters(length: int, scheme: str, touches: bool) -> str:
    first, last, only = {"IOBES": ("B", "E", "S"), "BILOU": ("B", "L", "U")}.get(scheme, ("B", "I", "B"))
    if scheme == "IOB1" and not touches:
        first = only = "I"
    return only if length == 1 else first + "I" * (length - 2) + last
