"""Which word a unit belongs to: what sums the surprisal of pieces and characters to that of words."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from tagger.corpora.tokenization.passages import Spans


def owners(starts: Iterable[int], spans: Spans, text: str) -> list[int]:
    """The word of each unit.

    White space belongs to the word that follows it (as in the piece ``" the"``), after the last word to the
    end of the passage. A piece that reaches over several words belongs to the first.

    Args:
        starts: where each of N units begins in the text.
        spans: start and end of each of W words.
        text: the passage.

    Returns:
        N numbers from 0 to W; W is the end of the passage.
    """
    ends = [end for _, end in spans]
    length = len(text)
    found: list[int] = []
    for start in starts:
        while start < length and text[start].isspace():
            start += 1
        found.append(bisect_right(ends, start))
    return found
