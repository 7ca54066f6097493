"""Plans and batches against the sentences they are made of."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from tagger.corpora.encoding.batching import Batch, assemble, plan
from tagger.corpora.encoding.encoded_split import EncodedSplit, encode_split
from tagger.corpora.encoding.vocabulary import Labels, Vocabulary
from tagger.corpora.encoding.word_features import WordFeatures


def random_lengths(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.integers(1, 2 + int(rng.integers(1, 60)), size=int(rng.integers(1, 3000)))


@pytest.mark.parametrize("shuffled", [True, False])
@pytest.mark.parametrize("seed", range(20))
def test_every_sentence_once_within_the_budget(seed: int, shuffled: bool) -> None:
    lengths = random_lengths(seed)
    budget = int(np.random.default_rng(1000 + seed).integers(1, 200))
    batches = plan(lengths, budget, np.random.default_rng(seed) if shuffled else None)
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(lengths)))
    for chosen in batches:
        assert len(chosen) >= 1
        assert len(chosen) == 1 or len(chosen) * lengths[chosen].max() <= budget


def test_little_of_a_batch_is_padding() -> None:
    lengths = np.random.default_rng(5).integers(1, 60, size=5000)
    batches = plan(lengths, 640, np.random.default_rng(5))
    padded = sum(len(chosen) * int(lengths[chosen].max()) for chosen in batches)
    assert lengths.sum() / padded > 0.9
    assert len(batches) < 1.2 * lengths.sum() / 640


def test_the_seed_decides_the_order_and_epochs_differ() -> None:
    lengths = random_lengths(3)
    rng = np.random.default_rng(1)
    first, second = plan(lengths, 50, rng), plan(lengths, 50, rng)
    again = plan(lengths, 50, np.random.default_rng(1))
    assert [c.tolist() for c in first] == [c.tolist() for c in again]
    assert [c.tolist() for c in first] != [c.tolist() for c in second]


def test_shuffled_batches_are_not_sorted_by_length() -> None:
    lengths = np.random.default_rng(5).integers(1, 60, size=2000)
    means = [float(lengths[chosen].mean()) for chosen in plan(lengths, 200, np.random.default_rng(5))]
    rises = sum(b > a for a, b in pairwise(means))
    assert 0.3 < rises / len(means) < 0.7


def test_nothing_to_plan_and_sentences_without_words() -> None:
    none = np.zeros(0, dtype=np.int64)
    assert plan(none, 10) == plan(none, 10, np.random.default_rng(0)) == []
    assert plan(np.zeros(5, dtype=np.int64), 3) == plan(np.zeros(5, dtype=np.int64), 3, np.random.default_rng(0)) == []
    for rng in (None, np.random.default_rng(0)):
        batches = plan(np.array([0, 2, 0, 1, 0]), 3, rng)
        assert sorted(np.concatenate(batches).tolist()) == [1, 3]


SENTENCES = [["b", "a", "b", "c"], ["a"], ["c", "d", "a"], ["d", "d"]]


def split() -> EncodedSplit:
    counts = {word: 1 for sentence in SENTENCES for word in sentence}
    tags = [["X"] * len(sentence) for sentence in SENTENCES]
    features = WordFeatures(Vocabulary.from_counts(counts))
    return encode_split(SENTENCES, {"tag": tags}, features, {"tag": Labels(("X",))})


def words_of(batch: Batch, encoded: EncodedSplit) -> list[list[tuple[str, bool]]]:
    """The sentences of a batch read back from its table: each word, and whether it is hidden."""
    return [
        [(encoded.words[batch.types[row]], bool(batch.hidden[row])) for row in batch.steps[: int(length), b]]
        for b, length in enumerate(batch.lengths)
    ]


@pytest.mark.parametrize("chosen", [[0, 2, 3, 1], [1], [3, 0], [1, 1]])
def test_a_batch_holds_its_sentences(chosen: list[int]) -> None:
    encoded = split()
    batch = assemble(encoded, chosen)
    expected = [[(word, False) for word in SENTENCES[s]] for s in chosen]
    assert words_of(batch, encoded) == expected
    assert batch.steps.shape == (max(len(SENTENCES[s]) for s in chosen), len(chosen))
    flat = [word for sentence in SENTENCES for word in sentence]
    assert [flat[p] for p in batch.positions] == [word for s in chosen for word in SENTENCES[s]]
    distinct = {word for s in chosen for word in SENTENCES[s]}
    assert sorted(encoded.words[t] for t in batch.types) == sorted(distinct)


def test_hidden_tokens_are_drawn_token_by_token() -> None:
    encoded = split()
    hide = np.array([{"a": 0.0, "b": 1.0}.get(word, 0.5) for word in encoded.words])
    seen: dict[str, list[bool]] = {}
    rng = np.random.default_rng(2)
    for _ in range(200):
        batch = assemble(encoded, [0, 1, 2, 3], hide, rng)
        read = words_of(batch, encoded)
        assert [[word for word, _ in sentence] for sentence in read] == SENTENCES
        for sentence in read:
            for word, hidden in sentence:
                seen.setdefault(word, []).append(hidden)
    rates = {word: float(np.mean(hidden)) for word, hidden in seen.items()}
    assert (rates["a"], rates["b"]) == (0.0, 1.0)
    assert rates["c"] == pytest.approx(0.5, abs=0.1)
    assert rates["d"] == pytest.approx(0.5, abs=0.1)
    both = [assemble(encoded, [3], hide, rng).hidden for _ in range(20)]
    assert any(len(hidden) == 2 for hidden in both), "one token of a word may be hidden and another not"


def test_nothing_is_hidden_unless_asked_for() -> None:
    assert not assemble(split(), [0, 1, 2]).hidden.any()
