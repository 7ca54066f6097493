"""A split as flat arrays, read back into the sentences it was made of."""

from __future__ import annotations

import random

import numpy as np
import pytest

from tagger.corpora.encoding.affixes import AffixFeatures
from tagger.corpora.encoding.characters import Characters
from tagger.corpora.encoding.encoded_split import encode_split
from tagger.corpora.encoding.vocabulary import UNKNOWN_ID, Labels, Vocabulary
from tagger.corpora.encoding.word_features import WordFeatures

WORDS = [["They", "can", "fish"], [], ["fish"], ["can", "they", "can"]]
TAGS = [["P", "A", "V"], [], ["N"], ["A", "P", "?"]]
COUNTS = {"They": 1, "can": 3, "fish": 2, "they": 1}


def test_sentences_come_back() -> None:
    features = WordFeatures(Vocabulary.from_counts(COUNTS))
    labels = {"tag": Labels.from_sentences(TAGS[:3]), "letter": Labels(("c", "f"))}
    letters = [[word[0] for word in sentence] for sentence in WORDS]
    split = encode_split(WORDS, {"tag": TAGS, "letter": letters}, features, labels)
    assert len(split) == 4
    assert split.lengths.tolist() == [3, 0, 1, 3]
    assert len(set(split.words)) == len(split.words) == 4
    for s, sentence in enumerate(WORDS):
        place = slice(split.offsets[s], split.offsets[s + 1])
        assert [split.words[i] for i in split.type_ids[place]] == sentence
        assert split.labels["tag"][place].tolist() == [labels["tag"].ids.get(tag, -1) for tag in TAGS[s]]
        assert split.labels["letter"][place].tolist() == [{"c": 0, "f": 1}.get(word[0], -1) for word in sentence]
    assert split.labels["tag"].tolist() == [2, 0, 3, 1, 0, 2, -1]


@pytest.mark.parametrize("seed", range(5))
def test_random_corpora_come_back(seed: int) -> None:
    rng = random.Random(seed)
    sentences = [[rng.choice("abcdefg") * rng.randint(1, 3) for _ in range(rng.randint(0, 9))] for _ in range(50)]
    features = WordFeatures(Vocabulary.from_counts({"a": 1}))
    split = encode_split(sentences, {}, features, {})
    flat = [split.words[i] for i in split.type_ids]
    back = [flat[start:end] for start, end in zip(split.offsets[:-1], split.offsets[1:], strict=True)]
    assert back == sentences


def test_words_are_encoded_once_with_all_their_features() -> None:
    affixes = AffixFeatures.fit(COUNTS, prefixes=1, suffixes=1, jamo=0, min_types=1)
    characters = Characters.fit(COUNTS, min_types=1)
    features = WordFeatures(Vocabulary.from_counts(COUNTS), affixes, characters)
    arrays = encode_split(WORDS, {}, features, {}).arrays
    assert arrays.word_ids.shape == (4,)
    assert arrays.affix_ids is not None
    assert arrays.char_ids is not None
    assert arrays.vector_ids is None
    distinct = ["They", "can", "fish", "they"]
    assert np.array_equal(arrays.affix_ids, affixes.encode(distinct))
    assert np.array_equal(arrays.char_ids, characters.encode(distinct))


def test_words_without_an_embedding_are_embedded_as_unknown() -> None:
    features = WordFeatures(Vocabulary.from_counts(COUNTS, min_count=2))
    assert features.encode(["can", "fish", "They", "emu"]).word_ids.tolist() == [1, 2, UNKNOWN_ID, UNKNOWN_ID]


def test_words_without_a_vector_take_that_of_their_lower_cased_form() -> None:
    vocabulary = Vocabulary.from_counts({"fish": 3, "Fish": 1}, min_count=2, further=["emu"])
    rows = WordFeatures(vocabulary, has_vectors=True).encode(["fish", "Fish", "FISH", "Emu", "yak"]).vector_ids
    assert rows is not None
    assert [vocabulary.words[row] for row in rows] == ["fish", "Fish", "fish", "emu", "<unk>"]


def test_nothing_at_all() -> None:
    split = encode_split([], {"tag": []}, WordFeatures(Vocabulary.from_counts({})), {"tag": Labels(())})
    assert len(split) == 0
    assert split.lengths.tolist() == []
    assert split.labels["tag"].shape == (0,)
