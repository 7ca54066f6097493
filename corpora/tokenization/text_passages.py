"""Raw text as passages: training, evaluation, scoring and prompts cut it here, alike."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tagger.corpora.tokenization.passages import Passage, line, sentence
from tagger.corpora.tokenization.tokenizer import WordTokenizer

MAX_PARAGRAPH_LINES = 1000
# _so_ or _ever so_, as Project Gutenberg and Markdown write italics; not snake_case, not ____
_ITALICS = re.compile(r"(?<!\w)_(?=[^\s_])([^_]{1,1000})(?<!\s)_(?!\w)")


def raw_passages(
    lines: Iterable[str], tokenizer: WordTokenizer, *, by_lines: bool, find_words: bool = True
) -> Iterator[Passage]:
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
