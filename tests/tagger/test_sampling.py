from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any

import numpy as np
import pytest

from tagger.errors import ConfigError
from tagger.races import Races
from tagger.sampling import Sampler, Sampling

ALL: dict[str, Any] = {"temperature": 1.0, "top_p": 1.0}


def log_probs(size: int, seed: int = 1) -> np.ndarray:
    scores = np.random.default_rng(seed).normal(0, 2, size)
    return np.asarray(scores - np.log(np.exp(scores).sum()), dtype=np.float32)


def draws(sampler: Sampler, row: np.ndarray, number: int) -> list[int]:
    """So many draws of one sample from the same distribution."""
    return [unit for _ in range(number) for unit in sampler.draw(row[None], [0], [()])]


def slow(row: np.ndarray, seen: set[int], sampling: Sampling) -> np.ndarray:
    """Every filter by its definition, over Python floats and full sorts."""
    scores = [float(value) for value in row]
    if sampling.no_unk:
        scores[0] = -math.inf
    scores = [value * sampling.repetition_penalty if i in seen else value for i, value in enumerate(scores)]
    scores = [value / sampling.temperature for value in scores]
    chances = [math.exp(value) for value in scores]

    def renormalised(kept: Collection[int]) -> list[float]:
        kept = set(kept)
        total = sum(chances[i] for i in kept)
        return [chances[i] / total if i in kept else 0.0 for i in range(len(chances))]

    order = sorted(range(len(chances)), key=lambda i: -chances[i])
    chances = renormalised(order[: sampling.top_k or None])
    kept, mass = [], 0.0
    for i in order:
        kept.append(i)
        mass += chances[i]
        if mass >= sampling.top_p:
            break
    chances = renormalised(kept)
    least = sampling.min_p * max(chances)
    chances = renormalised([i for i, chance in enumerate(chances) if chance >= least])
    return np.array(chances)


@pytest.mark.parametrize("size", [2, 3, 50, 1000])
def test_the_filters_do_what_their_definitions_say(size: int) -> None:
    rng = np.random.default_rng(size)
    for trial in range(60):
        sampling = Sampling(
            temperature=float(rng.choice([0.3, 0.8, 1.0, 2.0])),
            top_k=int(rng.choice([0, 1, 7, 400])),
            top_p=float(rng.choice([1.0, 0.9, 0.5, 0.05, 0.999999])),
            min_p=float(rng.choice([0.0, 0.01, 0.5])),
            repetition_penalty=float(rng.choice([1.0, 1.3, 0.8])),
            no_unk=bool(rng.random() < 0.5),
        )
        seen = set(rng.integers(0, size, 5).tolist())
        sampler = Sampler(sampling, size, 0, [(1,)])
        for seed in (trial, trial + 1000):  # the second row meets a sampler that has seen one
            row = log_probs(size, seed)
            np.testing.assert_allclose(sampler.probabilities(row, seen), slow(row, seen, sampling), atol=2e-6)


def test_draws_follow_the_distribution() -> None:
    """Chi-square over 10,000 draws; its mean is 29 with 29 degrees of freedom, and 67 is exceeded once in 10^4."""
    row = log_probs(30)
    for options in (ALL, {**ALL, "top_k": 30}):
        sampler = Sampler(Sampling(**options, no_unk=False), 30, 0, [(5,)])
        counts = np.bincount(draws(sampler, row, 10_000), minlength=30)
        expected = 10_000 * np.exp(row.astype(float))
        assert ((counts - expected) ** 2 / expected).sum() < 67


def test_nothing_that_was_filtered_out_is_drawn() -> None:
    row = log_probs(500)
    for options in ({"top_k": 5}, {"top_p": 0.3}, {"min_p": 0.2}, {"no_unk": True}):
        sampler = Sampler(Sampling(**{**ALL, **options}), 500, 0, [(2,)])
        allowed = set(np.flatnonzero(sampler.probabilities(row)).tolist())
        assert set(draws(sampler, row, 2000)) <= allowed


def test_a_temperature_of_zero_takes_the_most_probable() -> None:
    row = np.log(np.array([0.6, 0.1, 0.3], dtype=np.float32))
    assert Sampler(Sampling(temperature=0, no_unk=False), 3, 0, [(1,)]).draw(row[None], [0], [()]) == [0]
    assert Sampler(Sampling(temperature=0), 3, 0, [(1,)]).draw(row[None], [0], [()]) == [2]
    assert Sampler(Sampling(temperature=1e-40), 3, 0, [(1,)]).draw(row[None], [0], [()]) == [2]
    penalised = Sampling(temperature=0, repetition_penalty=2)  # 0.3 squared is less than 0.1
    assert Sampler(penalised, 3, 0, [(1,)]).draw(row[None], [0], [{2}]) == [1]


def test_the_unknown_word_is_drawn_where_it_is_the_only_one() -> None:
    assert draws(Sampler(Sampling(), 1, 0, [(1,)]), np.zeros(1, dtype=np.float32), 2) == [0, 0]


def test_the_last_bits_of_the_probabilities_hardly_ever_decide() -> None:
    """With the inverse of the cumulative distribution some 10 of these draws would differ."""
    noise = np.random.default_rng(3).normal(0, 1e-5, 20_000).astype(np.float32)
    row = log_probs(20_000)
    first, second = (Sampler(Sampling(**ALL), 20_000, 0, [(1, 2)]) for _ in range(2))
    assert draws(first, row, 5000) == draws(second, row + noise, 5000)


def test_the_seed_decides() -> None:
    row = log_probs(100)

    def several(*seed: int) -> list[int]:
        return draws(Sampler(Sampling(**ALL), 100, 0, [seed]), row, 50)

    assert several(1, 0) == several(1, 0)
    assert several(1, 0) != several(1, 1)
    assert several(1, 0) != several(2, 0)


def test_samples_drawn_together_are_the_samples_drawn_alone() -> None:
    """Also where some have left, and where their distributions differ much."""
    rows = np.stack([log_probs(2000, seed) * (0.2 + seed % 3) for seed in range(11)])
    rows -= np.log(np.exp(rows.astype(float)).sum(axis=1, keepdims=True)).astype(np.float32)
    for options in ({}, ALL, {"top_k": 40}, {"min_p": 0.05, "top_p": 1.0}, {"repetition_penalty": 1.4}):
        sampling = Sampling(**options)
        seeds = [(7, sample) for sample in range(11)]
        seen = [{sample, 5} for sample in range(11)]
        together = Sampler(sampling, 2000, 0, seeds)
        alone = [Sampler(sampling, 2000, 0, [seed]) for seed in seeds]
        for step in range(70):
            active = [sample for sample in range(11) if sample % 4 != 3 or step < 40]
            drawn = together.draw(rows[active], active, [seen[sample] for sample in active])
            assert drawn == [alone[sample].draw(rows[[sample]], [0], [seen[sample]])[0] for sample in active]


@pytest.mark.parametrize("size", [1, 2, 3, 4, 17, 30_000])
def test_the_blocks_of_a_race_hold_all_units(size: int) -> None:
    races = Races(size, [(1,)])
    assert races.blocks * races.width >= size
    assert max(races.blocks, races.width) <= math.sqrt(size) + 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"temperature": -1.0}, "temperature is -1.0; expected 0 (most probable unit) or more"),
        ({"temperature": math.nan}, "temperature is nan"),
        ({"temperature": math.inf}, "temperature is inf"),
        ({"top_k": -1}, "top_k is -1; expected 1 or more units, or 0 for all"),
        ({"top_p": 0.0}, "top_p is 0.0; expected more than 0 and at most 1"),
        ({"top_p": 1.1}, "top_p is 1.1"),
        ({"top_p": math.nan}, "top_p is nan"),
        ({"min_p": -0.1}, "min_p is -0.1"),
        ({"min_p": math.nan}, "min_p is nan"),
        ({"repetition_penalty": 0.0}, "repetition_penalty is 0.0"),
    ],
)
def test_values_out_of_range(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        Sampling(**options)
    assert message in str(error.value)
    assert "\n" not in str(error.value)
