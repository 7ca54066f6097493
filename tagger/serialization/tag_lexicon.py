"""Tags of each training word, as bits; they tell known, unknown and ambiguous words apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from tagger.corpora.encoding.vocabulary import UNKNOWN_ID, Vocabulary


def pack(lexicon: Mapping[str, frozenset[str]], vocabulary: Vocabulary, labels: Sequence[str]) -> np.ndarray:
    """Pack the tag sets of the training words into a bit table.

    Returns:
        (vocabulary.trained, ceil(K / 8)) uint8.
    """
    columns = {label: i for i, label in enumerate(labels)}
    bits = np.zeros((vocabulary.trained, len(labels)), dtype=bool)
    for word, tags in lexicon.items():
        bits[vocabulary.ids[word], [columns[tag] for tag in tags]] = True
    return np.packbits(bits, axis=1)


class Lexicon(Mapping[str, frozenset[str]]):
    """Tag sets of the training words, unpacked from the bit table one word at a time.

    Args:
        table: as ``pack`` returns.
        vocabulary: the words of its rows; words that have no tag are not in the lexicon.
        labels: the K labels of its columns.
    """

    def __init__(self, table: np.ndarray, vocabulary: Vocabulary, labels: Sequence[str]) -> None:
        self.table = table
        self.vocabulary = vocabulary
        self.labels = tuple(labels)

    def __getitem__(self, word: str) -> frozenset[str]:
        if word not in self:
            raise KeyError(word)
        bits = np.unpackbits(self.table[self.vocabulary.ids[word]], count=len(self.labels))
        return frozenset(self.labels[i] for i in np.flatnonzero(bits))

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and word in self.vocabulary and bool(self.table[self.vocabulary.ids[word]].any())

    def __iter__(self) -> Iterator[str]:
        return (self.vocabulary.words[row] for row in np.flatnonzero(self.table.any(1)).tolist() if row != UNKNOWN_ID)

    def __len__(self) -> int:
        return sum(1 for _ in self)
