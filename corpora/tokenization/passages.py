"""A passage: the stretch of text that ends in one ``<eos>``, and where its words lie in it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tagger.corpora.tokenization.sentence_splitter import Token
from tagger.corpora.tokenization.tokenizer import WordTokenizer

Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class TextSegment:
    """A sentence (for words) or a line (for BPE pieces and characters); it may be empty.

    Args:
        text: as written, without a line end. For words each run of white space inside is one space; words
            joined by spaces where no raw text is known.
        words: W words, none of them empty or with white space inside.
        spans: start and end of each word in code points: ``text[start:end] == word``.
    """

    text: str
    words: tuple[str, ...]
    spans: Spans


def joined(words: Iterable[str]) -> TextSegment:
    """Words of which no raw text is known; white space inside a word parts it in two."""
    text = " ".join(" ".join(words).split())
    parts = tuple(text.split(" ")) if text else ()
    spans: list[tuple[int, int]] = []
    place = 0
    for word in parts:
        end = place + len(word)
        spans.append((place, end))
        place = end + 1
    return TextSegment(text, parts, tuple(spans))


def aligned(text: str | None, words: Sequence[str]) -> TextSegment:
    """Words in their raw text; as ``joined`` where they do not spell it, as French *de le* for *du*."""
    passage = joined(words)
    if text is None:
        return passage
    text = " ".join(text.split())
    if text == passage.text:
        return passage
    spans: list[tuple[int, int]] = []
    place = 0
    for word in passage.words:
        place += text.startswith(" ", place)
        if not text.startswith(word, place):
            return passage
        spans.append((place, place := place + len(word)))
    return TextSegment(text, passage.words, tuple(spans)) if place == len(text) else passage


def word_ids(starts: Iterable[int], spans: Spans, text: str) -> list[int]:
    """Find the word that each token belongs to.

    White space belongs to the word that follows it (as in the piece ``" the"``), after the last word to the
    end of the passage. A piece that covers several words belongs to the first.

    Args:
        starts: where each of N tokens begins in the text.
        spans: start and end of each of W words.
        text: the passage.

    Returns:
        N numbers from 0 to W; W is the end of the passage.
    """
    ends = [end for _, end in spans]
    length = len(text)
    numbers: list[int] = []
    for start in starts:
        while start < length and text[start].isspace():
            start += 1
        numbers.append(bisect_right(ends, start))
    return numbers


def sentence(tokens: Sequence[Token]) -> TextSegment:
    """A sentence that a ``WordTokenizer`` found: its words with one space wherever white space was."""
    pieces: list[str] = []
    spans: list[tuple[int, int]] = []
    place, before = 0, tokens[0].start if tokens else 0
    for word, start, end in tokens:
        if start > before:
            pieces.append(" ")
            place += 1
        pieces.append(word)
        spans.append((place, place := place + end - start))
        before = end
    return TextSegment("".join(pieces), tuple([token[0] for token in tokens]), tuple(spans))


def line(text: str, tokens: Sequence[Token]) -> TextSegment:
    """A line as it is, with the words that a ``WordTokenizer`` found in it."""
    return TextSegment(text, tuple([token[0] for token in tokens]), tuple([(token[1], token[2]) for token in tokens]))


MAX_PARAGRAPH_LINES = 1000
# _so_ or _ever so_, as Project Gutenberg and Markdown write italics; not snake_case, not ____
_ITALICS = re.compile(r"(?<!\w)_(?=[^\s_])([^_]{1,1000})(?<!\s)_(?!\w)")


def raw_passages(
    lines: Iterable[str], tokenizer: WordTokenizer, *, by_lines: bool, find_words: bool = True
) -> Iterator[TextSegment]:
    """The passages of lines of raw text, lazy in, lazy out.

    Args:
        lines: without their ends.
        tokenizer: finds words and sentences.
        by_lines: a line is a passage, as it is (for BPE pieces and characters); else a sentence is, without the
            underscores of italics, unless each line is a sentence of words that are parted already.
        find_words: look for the words of lines, too.
    """
    if by_lines:
        return (line(text, tokenizer.words(text) if find_words else ()) for text in lines)
    found = paragraphs(lines)
    tokenised = tokenizer.rules()["line_end"]
    return map(sentence, tokenizer.stream(found if tokenised else map(without_italics, found)))


def paragraphs(lines: Iterable[str]) -> Iterator[str]:
    """Lines up to a blank one as one string, line ends and the blank line included; long ones in pieces."""
    held: list[str] = []
    for text in lines:
        held.append(text)
        blank = not text or text.isspace()
        if blank or len(held) >= MAX_PARAGRAPH_LINES:
            yield "\n".join(held) + "\n"
            held = []
    if held:
        yield "\n".join(held)


def without_italics(text: str) -> str:
    """Text without the underscores that stand for italics around words."""
    return _ITALICS.sub(r"\1", text) if "_" in text else text
