"""Labelled character spans over a text, to words with IOB2 labels."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import Any

from tagger.corpora.formats.sentence import InvalidSentenceError, RawSentence, excerpt
from tagger.corpora.tokenization.tokenizer import WordTokenizer

SPAN_KEYS = ("spans", "entities", "labels", "label", "annotations", "annotation", "ents", "ner")
START_KEYS, END_KEYS = ("start", "start_offset", "begin"), ("end", "end_offset", "stop")
LABEL_KEYS = ("label", "labels", "entity", "type", "tag", "entity_group")

Span = tuple[int, int, str]


def spanned_sentence(text: str, spans: Sequence[Any], line: int) -> RawSentence:
    """Cut a text into words and label those within spans.

    A word that a span begins or ends within is cut there, so that no span is lost.

    Args:
        text: the sentence.
        spans: ``[start, end, label]`` or objects with such keys; characters from 0, the end exclusive. Where a span
            repeats its text, the end may be inclusive and the characters may be those of JavaScript (UTF-16).
        line: where the sentence stands.

    Returns:
        A sentence with the column ``ner`` in the scheme IOB2.

    Raises:
        InvalidSentenceError: a span is malformed, outside the text, empty of words, or overlaps another.
    """
    ordered = sorted({_span(span, text) for span in spans})
    for (_, end, first), (start, _, second) in pairwise(ordered):
        if start < end:
            raise InvalidSentenceError(
                f"spans {first!r} and {second!r} overlap at character {start}; a word has one label"
            )
    cuts = {place for start, end, _ in ordered for place in (start, end)}
    pieces = [piece for start, end in words(text) for piece in _cut(start, end, cuts)]
    if not pieces:
        raise InvalidSentenceError("a text without words")
    tags = ["O"] * len(pieces)
    for start, end, label in ordered:
        inside = [place for place, piece in enumerate(pieces) if start <= piece[0] and piece[1] <= end]
        if not inside:
            raise InvalidSentenceError(
                f"the span {label!r} at character {start} holds no word: {excerpt(text[start:end])}"
            )
        for place in inside:
            tags[place] = f"{'B' if place == inside[0] else 'I'}-{label}"
    tokens = [text[start:end] for start, end in pieces]
    return RawSentence(tokens, {"ner": tags}, line, [line] * len(tokens), text)


def words(text: str) -> list[tuple[int, int]]:
    """Return where the words of a text begin and end, in characters."""
    return [(token.start, token.end) for token in _tokenizer().words(text)]


@cache
def _tokenizer() -> WordTokenizer:
    return WordTokenizer.from_rules("generic")


def _span(span: Any, text: str) -> Span:
    if isinstance(span, dict) and isinstance(span.get("points"), list) and len(span["points"]) == 1:
        span = {**span["points"][0], **span}  # Dataturks
    values: list[Any] = [_first(span, keys) for keys in (START_KEYS, END_KEYS, LABEL_KEYS)]
    values = list(span) if isinstance(span, list) else values
    if len(values) == 3 and isinstance(values[2], list) and len(values[2]) > 1:
        message = f"the span at character {values[0]} has several labels, expected one"
        raise InvalidSentenceError(f"{message}: {excerpt(str(values[2]))}")
    match values:
        case [int(start), int(end), (str() | int()) as label] | [int(start), int(end), [str(label)]] if label != "":
            if isinstance(span, dict) and isinstance(said := span.get("text"), str):
                start, end = _place(text, start, end, said)
            if 0 <= start < end <= len(text):
                return start, end, str(label)
            raise InvalidSentenceError(f"the span {excerpt(str(span))} lies outside a text of {len(text)} characters")
    raise InvalidSentenceError(f"expected a span [start, end, label]: {excerpt(str(span), 200)}")


def _place(text: str, start: int, end: int, said: str) -> tuple[int, int]:
    """Return where the text of a span is, which the span repeats: exporters count differently."""
    units = text.encode("utf-16-le", "surrogatepass")
    utf16 = [len(units[: 2 * max(place, 0)].decode("utf-16-le", "ignore")) for place in (start, end)]
    wanted = said.replace("\\n", " ").split()
    for first, last in ((start, end), (start, end + 1), (utf16[0], utf16[1])):
        if first >= 0 and text[first:last].split() == wanted:
            return first, last
    message = f"a span of {excerpt(said)} from character {start} to {end}, where the text has"
    raise InvalidSentenceError(f"{message} {excerpt(text[max(start, 0) : max(end, 0)])}")


def _first(span: Any, keys: Sequence[str]) -> Any:
    return next((span[key] for key in keys if key in span), None) if isinstance(span, dict) else None


def _cut(start: int, end: int, cuts: set[int]) -> list[tuple[int, int]]:
    """Divide a word at the given places."""
    if end - start == 1:
        return [(start, end)]
    places = [start, *(place for place in range(start + 1, end) if place in cuts), end]
    return list(pairwise(places))
