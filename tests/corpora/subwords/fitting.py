"""Fits subword tokenizers with options given by name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tagger.corpora.subwords.base import SubwordTokenizer, VocabularyOptions
from tagger.corpora.subwords.registry import fit_subwords
from tagger.corpora.tokenization.passages import TextSegment


def fit(kind: str, split: Iterable[TextSegment], **options: Any) -> SubwordTokenizer:
    return fit_subwords(kind, split, VocabularyOptions(**options))
