"""The first stretch of a text, to fit a vocabulary on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tagger.corpora.text.text_split import TextSplit
from tagger.corpora.tokenization.passages import Passage


def stretch_of(split: Iterable[Passage], words: int | None) -> Iterator[str]:
    """Texts of passages until so many words (parted by white space) were seen, all of them for None."""
    seen = 0
    for text in split.texts() if isinstance(split, TextSplit) else (passage.text for passage in split):
        yield text
        if words is not None and (seen := seen + len(text.split())) >= words:
            return
