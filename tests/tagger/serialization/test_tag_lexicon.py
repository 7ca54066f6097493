"""The tag sets of training words as bits: packed, found again, and nothing of words that were only read."""

from __future__ import annotations

import numpy as np
import pytest

from tagger.corpora.encoding.vocabulary import Vocabulary
from tagger.serialization.tag_lexicon import Lexicon, pack

VOCABULARY = Vocabulary(("<unk>", "the", "river", "can", "fish", "vector"), 5, 3)
"""``river`` was read by a language model alone; ``vector`` has no more than a pre-trained vector."""
LABELS = tuple(f"L{n}" for n in range(11))
SEEN = {"the": frozenset({"L0"}), "can": frozenset({"L7", "L8"}), "fish": frozenset({"L10", "L0"})}


@pytest.fixture
def lexicon() -> Lexicon:
    return Lexicon(pack(SEEN, VOCABULARY, LABELS), VOCABULARY, LABELS)


def test_the_table_by_hand() -> None:
    """A bit a label, the first one the highest; two bytes for eleven labels."""
    table = pack(SEEN, VOCABULARY, LABELS)
    assert table.dtype == np.uint8
    assert [[f"{byte:08b}" for byte in row] for row in table.tolist()] == [
        ["00000000", "00000000"],
        ["10000000", "00000000"],
        ["00000000", "00000000"],
        ["00000001", "10000000"],
        ["10000000", "00100000"],
    ]


def test_what_was_seen_is_found_again(lexicon: Lexicon) -> None:
    assert dict(lexicon) == SEEN
    assert dict(lexicon.items()) == SEEN
    assert len(lexicon) == len(list(lexicon)) == 3
    assert list(lexicon) == ["the", "can", "fish"]


@pytest.mark.parametrize("word", ["river", "vector", "unheard", "<unk>", "", 3, None])
def test_words_that_were_only_read_are_not_in_it(lexicon: Lexicon, word: object) -> None:
    assert word not in lexicon
    with pytest.raises(KeyError):
        lexicon[word]  # type: ignore[index]
    assert lexicon.get(word, frozenset({"none"})) == {"none"}  # type: ignore[call-overload]


def test_a_literal_unknown_word_of_a_treebank_is_no_obstacle() -> None:
    """WikiText writes ``<unk>``: it is the unknown word, whatever tags it was seen with."""
    lexicon = Lexicon(pack({**SEEN, "<unk>": frozenset({"L3"})}, VOCABULARY, LABELS), VOCABULARY, LABELS)
    assert "<unk>" not in lexicon
    assert lexicon["the"] == {"L0"}
    assert set(lexicon) == set(SEEN)
    assert len(lexicon) == 3
