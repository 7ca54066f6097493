"""A split as flat arrays: every distinct word once, tokens by number, sentences by offset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from tagger.corpora.encoding.vocabulary import Labels
from tagger.corpora.encoding.word_features import WordArrays, WordFeatures


@dataclass(frozen=True, slots=True)
class EncodedSplit:
    """A split of S sentences, N tokens and U distinct words.

    Args:
        words: the U distinct words.
        arrays: the U words as arrays of numbers.
        type_ids: (N,) int64, the word of each token.
        offsets: (S + 1,) int64; sentence ``s`` is ``type_ids[offsets[s]:offsets[s + 1]]``.
        labels: (N,) int64 label ids by head; -1 where the label is unseen or missing.
    """

    words: tuple[str, ...]
    arrays: WordArrays
    type_ids: np.ndarray
    offsets: np.ndarray
    labels: Mapping[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> np.ndarray:
        """(S,) tokens of each sentence."""
        return np.diff(self.offsets)


def encode_split(
    sentences: Sequence[Sequence[str]],
    tags: Mapping[str, Sequence[Sequence[str]]],
    features: WordFeatures,
    labels: Mapping[str, Labels],
) -> EncodedSplit:
    """Turn sentences and their labels into arrays; `tags` and `labels` are by head."""
    ids: dict[str, int] = {}
    flat = chain.from_iterable(sentences)
    type_ids = np.fromiter((ids.setdefault(word, len(ids)) for word in flat), dtype=np.int64)
    offsets = np.zeros(len(sentences) + 1, dtype=np.int64)
    np.cumsum([len(s) for s in sentences], out=offsets[1:])
    return EncodedSplit(
        words=tuple(ids),
        arrays=features.encode(tuple(ids)),
        type_ids=type_ids,
        offsets=offsets,
        labels={head: labels[head].encode(list(chain.from_iterable(tags[head]))) for head in labels},
    )
