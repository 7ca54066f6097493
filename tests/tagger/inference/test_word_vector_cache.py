"""The cache of word vectors: bounded, and never wrong, whatever it forgets."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import torch

from tagger.inference.word_vector_cache import CHUNK, WordVectorCache
from tagger.serialization.checkpoint import SavedModel, load_model
from tagger.training.objective import word_tensors

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def saved(tiny_model: Path) -> SavedModel:
    return load_model(tiny_model)


def make(saved: SavedModel, largest: int) -> WordVectorCache:
    return WordVectorCache(saved.model.words, saved.features, dtype=torch.float32, device=CPU, largest=largest)


def directly(saved: SavedModel, word: str) -> torch.Tensor:
    with torch.inference_mode():
        vectors: torch.Tensor = saved.model.words(*word_tensors(saved.features.encode([word]), CPU))
    return vectors[0]


@pytest.mark.parametrize("largest", [1, 7, 30, 10_000])
@pytest.mark.parametrize("seed", range(3))
def test_rows_are_the_vectors_of_the_words(saved: SavedModel, seed: int, largest: int) -> None:
    cache = make(saved, largest)
    rng = random.Random(seed)
    widest = 0
    for _ in range(15):
        tokens = [f"{rng.choice(['dog', 'can', 'x'])}{rng.randint(0, 25) or ''}" for _ in range(rng.randint(0, 12))]
        with torch.inference_mode():
            rows, table = cache.look_up(tokens)
        assert len(rows) == len(tokens)
        widest = max(widest, len(set(tokens)))
        assert len(cache.rows) <= max(largest, widest)
        for row, token in zip(rows.tolist(), tokens, strict=True):
            torch.testing.assert_close(table[row], directly(saved, token), rtol=0, atol=1e-6)


@pytest.mark.parametrize("largest", [3000, 100_000])
def test_tables_that_were_handed_out_stay_valid(saved: SavedModel, largest: int) -> None:
    cache = make(saved, largest)
    with torch.inference_mode():
        rows, table = cache.look_up(["dog", "can"])
        before = table[rows].clone()
        cache.look_up([f"w{n}" for n in range(2500)])  # more than the table has room for
        cache.look_up([f"v{n}" for n in range(2500)])  # more than the small cache may hold
    assert torch.equal(table[rows], before)


def test_a_growing_table_takes_its_rows_along(saved: SavedModel) -> None:
    cache = make(saved, 100_000)
    with torch.inference_mode():
        rows, first = cache.look_up(["dog", "can"])
        _, grown = cache.look_up([f"w{n}" for n in range(2500)])
        again, _ = cache.look_up(["dog", "can"])
    assert len(grown) > len(first)
    assert again.tolist() == rows.tolist()
    assert torch.equal(grown[again], first[rows])


def test_a_word_is_represented_once(saved: SavedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = make(saved, 10_000)
    encoded: list[str] = []
    encode = type(saved.features).encode

    def counting(self: object, words: list[str]) -> object:
        encoded.extend(words)
        return encode(self, words)  # type: ignore[arg-type]

    monkeypatch.setattr(type(saved.features), "encode", counting)
    for _ in range(3):
        cache.look_up(["dog", "can", "dog", "sees"])
    assert sorted(encoded) == ["can", "dog", "sees"]


def test_more_words_than_fit_into_a_chunk(saved: SavedModel) -> None:
    words = [f"w{n}" for n in range(CHUNK + 5)]
    with torch.inference_mode():
        rows, table = make(saved, 10 * CHUNK).look_up(words)
    assert len(set(rows.tolist())) == len(words)
    for n in (0, CHUNK - 1, CHUNK, CHUNK + 4):
        torch.testing.assert_close(table[rows[n]], directly(saved, words[n]), rtol=0, atol=1e-6)


def test_no_words(saved: SavedModel) -> None:
    rows, _ = make(saved, 10).look_up([])
    assert rows.tolist() == []
