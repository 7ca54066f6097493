"""Units from training text."""

from __future__ import annotations

from collections.abc import Iterable

from tagger.corpora.subwords.base import Units, checked_kind
from tagger.corpora.subwords.unit_normalising import normalizer_for
from tagger.corpora.text.text_split import TextSplit
from tagger.corpora.tokenization.passages import Passage
from tagger.corpora.tokenization.tokenizer import WordTokenizer

STREAM_STRETCH = 2_000_000  # words of a stream that the vocabulary is fitted on


def fit_units(
    kind: str,
    split: Iterable[Passage],
    max_size: int | None,
    min_count: int,
    lowercase: bool,
    digits: bool,
    stretch: int | None,
    tokenizer: WordTokenizer | None,
) -> Units:
    """Builds units of a kind; the arguments are those of ``Units.fit``."""
    from tagger.corpora.subwords.bpe import BpeUnits
    from tagger.corpora.subwords.character import CharacterUnits
    from tagger.corpora.subwords.word import WordUnits

    source = None
    if isinstance(split, TextSplit):
        source = split.paths[0] if split.paths else None
        stretch = STREAM_STRETCH if stretch is None and split.streaming else stretch
        tokenizer = tokenizer or split.tokenizer
    normalizer = normalizer_for(lowercase=lowercase, digits=digits)
    if checked_kind(kind) == "bpe":
        words = tokenizer or WordTokenizer.from_rules("generic")
        return BpeUnits.fitted(
            split, words, max_size=max_size, min_count=min_count, normalizer=normalizer, stretch=stretch, source=source
        )
    make = WordUnits if kind == "word" else CharacterUnits
    return make.fitted(
        split, max_size=max_size, min_count=min_count, normalizer=normalizer, stretch=stretch, source=source
    )
