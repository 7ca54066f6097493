"""Words and labels as numbers."""

from __future__ import annotations

import random

import numpy as np
import pytest

from tagger.corpora.encoding.vocabulary import UNKNOWN, UNKNOWN_ID, Labels, Vocabulary

COUNTS = {"the": 9, "fish": 3, "can": 3, "Zoo": 1, "ant": 1}


def test_words_are_sorted_by_frequency_then_by_code_point() -> None:
    assert Vocabulary.from_counts(COUNTS).words == (UNKNOWN, "the", "can", "fish", "Zoo", "ant")


@pytest.mark.parametrize("seed", range(10))
def test_the_order_of_the_corpus_changes_nothing(seed: int) -> None:
    items = list(COUNTS.items())
    random.Random(seed).shuffle(items)
    assert Vocabulary.from_counts(dict(items)) == Vocabulary.from_counts(COUNTS)


def test_words_and_ids_are_inverse_and_strangers_are_unknown() -> None:
    vocabulary = Vocabulary.from_counts(COUNTS)
    ids = vocabulary.encode(vocabulary.words)
    assert ids.dtype == np.int64
    assert ids.tolist() == list(range(len(vocabulary)))
    assert vocabulary.encode(["The", "", "fish", "the "]).tolist() == [UNKNOWN_ID, UNKNOWN_ID, 3, UNKNOWN_ID]
    assert vocabulary.encode([]).shape == (0,)


@pytest.mark.parametrize(
    ("min_count", "max_size", "embedded"), [(1, None, 6), (2, None, 4), (3, 2, 3), (1, 2, 3), (10, None, 1), (2, 9, 4)]
)
def test_rare_words_are_known_but_own_no_embedding(min_count: int, max_size: int | None, embedded: int) -> None:
    vocabulary = Vocabulary.from_counts(COUNTS, min_count=min_count, max_size=max_size)
    assert (vocabulary.trained, vocabulary.embedded) == (6, embedded)
    owners = {word for word in COUNTS if vocabulary.ids[word] < vocabulary.embedded}
    assert all(COUNTS[word] >= min_count for word in owners)
    assert len(owners) <= (max_size or 99)
    assert "ant" in vocabulary


def test_further_words_are_no_training_words() -> None:
    vocabulary = Vocabulary.from_counts(COUNTS, further=["emu", "fish", UNKNOWN, "emu", "yak"])
    assert vocabulary.words[vocabulary.trained :] == ("emu", "yak")
    assert "emu" not in vocabulary
    assert "fish" in vocabulary
    assert vocabulary.encode(["emu"]).tolist() == [6]


def test_a_literal_unk_in_the_data_is_the_unknown_word() -> None:
    vocabulary = Vocabulary.from_counts({UNKNOWN: 50, "cat": 2})
    assert vocabulary.words == (UNKNOWN, "cat")
    assert vocabulary.encode([UNKNOWN]).tolist() == [UNKNOWN_ID]
    assert UNKNOWN not in vocabulary


def test_labels_are_sorted_and_unseen_ones_marked() -> None:
    labels = Labels.from_sentences([["VERB", "ADJ"], [], ["NOUN", "ADJ"]])
    assert labels.names == ("ADJ", "NOUN", "VERB")
    assert len(labels) == 3
    assert labels.encode(["VERB", "X", "ADJ", "noun"]).tolist() == [2, Labels.UNSEEN, 0, Labels.UNSEEN]
    assert Labels.UNSEEN < 0
