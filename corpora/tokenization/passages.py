"""Passages: the sentences or lines that a language model ends with ``<eos>``, and the words in them."""

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
        text: the text as written, without a line end. Sentences have one space for each run of white space, and their
            words joined by spaces where no raw text is known.
        words: W words, none of them empty or with white space inside.
        spans: start and end of each word in code points: ``text[start:end] == word``.
    """

    text: str
    words: tuple[str, ...]
    spans: Spans


def joined(words: Iterable[str]) -> TextSegment:
    """Build a passage of words without raw text; white space inside a word splits it."""
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
    """Build a passage of words in their raw text; as ``joined`` if they do not spell it."""
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
    """Find the word of each of N tokens by their starts and the spans of W words.

    White space belongs to the word that follows it (as in the piece ``" the"``), after the last word to the
    end of the passage. A piece that covers several words belongs to the first.

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
    """Build a passage of a sentence that a ``WordTokenizer`` found, with single spaces."""
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
    """Build a passage of a line, unchanged, with the words that a ``WordTokenizer`` found in it."""
    return TextSegment(text, tuple([token[0] for token in tokens]), tuple([(token[1], token[2]) for token in tokens]))


MAX_PARAGRAPH_LINES = 1000
# _so_ or _ever so_, as Project Gutenberg and Markdown write italics; not snake_case, not ____
_ITALICS = re.compile(r"(?<!\w)_(?=[^\s_])([^_]{1,1000})(?<!\s)_(?!\w)")


def raw_passages(
    lines: Iterable[str], tokenizer: WordTokenizer, *, by_lines: bool, find_words: bool = True
) -> Iterator[TextSegment]:
    """Cut lines of raw text into passages, lazily.

    Args:
        lines: without their ends.
        tokenizer: finds words and sentences.
        by_lines: each line is a passage, unchanged (for BPE pieces and characters). Otherwise each sentence is, without
            the underscores of italics unless the text is tokenised.
        find_words: find the words of lines, too.
    """
    if by_lines:
        return (line(text, tokenizer.words(text) if find_words else ()) for text in lines)
    texts = paragraphs(lines)
    tokenised = tokenizer.rules()["line_end"]
    return map(sentence, tokenizer.stream(texts if tokenised else map(without_italics, texts)))


def paragraphs(lines: Iterable[str]) -> Iterator[str]:
    """Join lines up to and including a blank one, with their ends; cut long paragraphs."""
    paragraph: list[str] = []
    for text in lines:
        paragraph.append(text)
        blank = not text or text.isspace()
        if blank or len(paragraph) >= MAX_PARAGRAPH_LINES:
            yield "\n".join(paragraph) + "\n"
            paragraph = []
    if paragraph:
        yield "\n".join(paragraph)


def without_italics(text: str) -> str:
    """Remove the underscores that mark italics around words."""
    return _ITALICS.sub(r"\1", text) if "_" in text else text
