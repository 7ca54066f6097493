from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from tagger.config.generation import Sampling
from tagger.errors import ConfigError
from tagger.generation.decoder import NextTokens
from tagger.generation.sampling import Sampler

ALL: dict[str, Any] = {"temperature": 1.0, "top_p": 1.0}


def log_probs(size: int, seed: int = 1) -> np.ndarray:
    scores = np.random.default_rng(seed).normal(0, 2, size)
    return np.asarray(scores - np.log(np.exp(scores).sum()), dtype=np.float32)


def draws(sampler: Sampler, row: np.ndarray, number: int) -> list[int]:
    """So many draws of one sample from the same distribution."""
    return [draw(sampler, row[None])[0] for _ in range(number)]


def draw(
    sampler: Sampler, rows: np.ndarray, samples: Sequence[int] = (0,), seen: Sequence[Collection[int]] = ((),)
) -> list[int]:
    """One draw of each sample."""
    units, log_probs = sampler.draw(NextTokens.known(rows), samples, seen)
    assert log_probs == [row[unit] for row, unit in zip(rows, units, strict=True)]
    return units


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


def once_in_100_000(freedom: int) -> float:
    """What chi-square exceeds once in so many trials (Wilson and Hilferty 1931)."""
    spread = 2 / (9 * freedom) if freedom else 0.0
    return float(freedom * (1 - spread + 4.265 * math.sqrt(spread)) ** 3)


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
        sampler = Sampler(sampling, [size], 0, [(1,)])
        for seed in (trial, trial + 1000):  # the second row meets a sampler that has seen one
            row = log_probs(size, seed)
            np.testing.assert_allclose(sampler.probabilities(row, seen), slow(row, seen, sampling), atol=2e-6)


def test_draws_follow_the_distribution() -> None:
    """Chi-square over 10,000 draws; its mean is 29 with 29 degrees of freedom, and 67 is exceeded once in 10^4."""
    row = log_probs(30)
    for options in (ALL, {**ALL, "top_k": 30}):
        sampler = Sampler(Sampling(**options, no_unk=False), [30], 0, [(5,)])
        counts = np.bincount(draws(sampler, row, 10_000), minlength=30)
        expected = 10_000 * np.exp(row.astype(float))
        assert ((counts - expected) ** 2 / expected).sum() < 67


@pytest.mark.slow
@pytest.mark.parametrize(
    "options", [{"top_p": 0.6}, {"top_k": 9}, {"min_p": 0.1}, {"top_k": 12, "top_p": 0.6}, {"temperature": 1.7}]
)
def test_draws_follow_what_the_filters_leave(options: dict[str, Any]) -> None:
    """Chi-square over 10,000 draws against the definitions."""
    row = log_probs(60)
    sampling = Sampling(**{**ALL, **options})
    counts = np.bincount(draws(Sampler(sampling, [60], 0, [(5,)]), row, 10_000), minlength=60)
    expected = 10_000 * slow(row, set(), sampling)
    left = expected > 0
    assert counts[~left].sum() == 0
    assert ((counts - expected)[left] ** 2 / expected[left]).sum() < once_in_100_000(left.sum() - 1)


def clustered(rows: np.ndarray, bounds: list[int], asked: list[int]) -> NextTokens:
    """Distributions whose rare tokens are computed on demand; how many were asked for is appended to a list."""
    entries = [np.logaddexp.reduce(rows[:, first:end], axis=1) for first, end in pairwise(bounds)]

    def full(numbers: np.ndarray) -> np.ndarray:
        asked.append(len(numbers))
        return np.asarray(rows[numbers])

    return NextTokens(bounds, np.column_stack([rows[:, : bounds[0]], *entries]).astype(np.float32), full)


CLUSTERED: list[dict[str, Any]] = [
    {"top_p": 1.0, "temperature": 1.0},
    {},
    {"temperature": 1.6},
    {"temperature": 0.0},
    {"temperature": 0.02, "top_p": 1.0},
    {"top_k": 7},
    {"top_k": 12, "top_p": 0.7},
    {"min_p": 0.1, "top_p": 1.0},
    {"repetition_penalty": 1.5},
    {"repetition_penalty": 0.6},
]


@pytest.mark.parametrize("options", CLUSTERED)
@pytest.mark.parametrize("bounds", [[15, 25, 60], [60]], ids=["clusters", "full"])
def test_draws_of_many_samples_follow_what_the_filters_leave(bounds: list[int], options: dict[str, Any]) -> None:
    """Chi-square as above: frequent tokens, a middling and a large cluster, one of them more probable than the rest."""
    sampling = Sampling(**options)
    for lift in (-2.0, 0.0, 2.0):
        scores = np.random.default_rng(4).normal(0, 2, 60) + np.where(np.arange(60) < 15, 2.0, lift)
        row = (scores - np.logaddexp.reduce(scores)).astype(np.float32)
        rows = np.broadcast_to(row, (40, 60))
        sampler = Sampler(sampling, bounds, 0, [(sample,) for sample in range(40)])
        counts = np.zeros(60)
        for _ in range(100):
            tokens, log_probs = sampler.draw(clustered(rows, bounds, []), range(40), 40 * [{3, 20, 40}])
            assert log_probs == row[tokens].tolist()
            counts += np.bincount(tokens, minlength=60)
        truth = sampler.probabilities(row, {3, 20, 40})
        if not sampling.greedy:
            np.testing.assert_allclose(truth, slow(row, {3, 20, 40}, sampling), atol=2e-6)
        expected = 4000 * truth
        left = expected > 0
        assert counts[~left].sum() == 0
        assert ((counts - expected)[left] ** 2 / expected[left]).sum() <= once_in_100_000(left.sum() - 1)


def test_rare_tokens_are_computed_when_they_matter() -> None:
    scores = np.arange(1000.0)[None] * -0.05
    rows = (scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)).astype(np.float32)
    sampler, asked = Sampler(Sampling(), [100, 300, 1000], 0, [(1,)]), list[int]()
    for _ in range(200):
        sampler.draw(clustered(rows, [100, 300, 1000], asked), [0], [()])
    assert 0 < len(asked) < 100


@pytest.mark.parametrize("size", [1, 2, 3, 4, 17, 30_000])
def test_every_token_can_be_drawn(size: int) -> None:
    sampler = Sampler(Sampling(**ALL, no_unk=False), [size], 0, [(1,)])
    for token in {0, 1, size // 2, size - 1} & set(range(size)):
        row = np.full((1, size), -200.0, dtype=np.float32)
        row[0, token] = 0.0
        assert draw(sampler, row) == [token]


def test_nothing_that_was_filtered_out_is_drawn() -> None:
    row = log_probs(500)
    for options in ({"top_k": 5}, {"top_p": 0.3}, {"min_p": 0.2}, {"no_unk": True}):
        sampler = Sampler(Sampling(**{**ALL, **options}), [500], 0, [(2,)])
        allowed = set(np.flatnonzero(sampler.probabilities(row)).tolist())
        assert set(draws(sampler, row, 2000)) <= allowed


def test_a_temperature_of_zero_takes_the_most_probable() -> None:
    row = np.log(np.array([0.6, 0.1, 0.3], dtype=np.float32))
    assert draw(Sampler(Sampling(temperature=0, no_unk=False), [3], 0, [(1,)]), row[None]) == [0]
    assert draw(Sampler(Sampling(temperature=0), [3], 0, [(1,)]), row[None]) == [2]
    assert draw(Sampler(Sampling(temperature=1e-40), [3], 0, [(1,)]), row[None]) == [2]
    penalised = Sampling(temperature=0, repetition_penalty=2)  # 0.3 squared is less than 0.1
    assert draw(Sampler(penalised, [3], 0, [(1,)]), row[None], [0], [{2}]) == [1]


def test_the_unknown_word_is_drawn_where_it_is_the_only_one() -> None:
    assert draws(Sampler(Sampling(), [1], 0, [(1,)]), np.zeros(1, dtype=np.float32), 2) == [0, 0]


def test_the_last_bits_of_the_probabilities_hardly_ever_decide() -> None:
    """With the inverse of the cumulative distribution some 10 of these draws would differ."""
    noise = np.random.default_rng(3).normal(0, 1e-5, 20_000).astype(np.float32)
    row = log_probs(20_000)
    first, second = (Sampler(Sampling(**ALL), [20_000], 0, [(1, 2)]) for _ in range(2))
    assert draws(first, row, 5000) == draws(second, row + noise, 5000)


def test_the_seed_decides() -> None:
    row = log_probs(100)

    def several(*seed: int) -> list[int]:
        return draws(Sampler(Sampling(**ALL), [100], 0, [seed]), row, 50)

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
        together = Sampler(sampling, [2000], 0, seeds)
        alone = [Sampler(sampling, [2000], 0, [seed]) for seed in seeds]
        for step in range(70):
            active = [sample for sample in range(11) if sample % 4 != 3 or step < 40]
            drawn = draw(together, rows[active], active, [seen[sample] for sample in active])
            assert drawn == [draw(alone[sample], rows[[sample]], [0], [seen[sample]])[0] for sample in active]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"temperature": -1.0}, "generation: 'temperature' is -1.0; expected 0 (the most probable token) or more"),
        ({"temperature": math.nan}, "generation: 'temperature' is nan"),
        ({"temperature": math.inf}, "generation: 'temperature' is inf"),
        ({"top_k": -1}, "generation: 'top_k' is -1; expected at least 0"),
        ({"top_p": 0.0}, "generation: 'top_p' is 0.0; expected more than 0 and at most 1"),
        ({"top_p": 1.1}, "generation: 'top_p' is 1.1"),
        ({"top_p": math.nan}, "generation: 'top_p' is nan"),
        ({"min_p": -0.1}, "generation: 'min_p' is -0.1"),
        ({"min_p": math.nan}, "generation: 'min_p' is nan"),
        ({"repetition_penalty": 0.0}, "generation: 'repetition_penalty' is 0.0"),
    ],
)
def test_values_out_of_range(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        Sampling(**options)
    assert message in str(error.value)
    assert "\n" not in str(error.value)
