"""Streams cover the text, stretches cover the streams: every step once, in order."""

from __future__ import annotations

import numpy as np
import pytest

from tagger.corpora.subwords.token_stream import batchify, bptt_chunks


@pytest.mark.parametrize("size", [2, 3, 7, 100, 101])
@pytest.mark.parametrize("streams", [1, 2, 7, 50, 1000])
def test_streams_are_the_text_cut_into_parts(size: int, streams: int) -> None:
    ids = np.arange(size, dtype=np.int32)
    layout = batchify(ids, streams)
    steps, columns = layout.shape
    assert steps >= 2, "something follows something"
    assert columns <= streams
    assert size - columns < layout.size <= size, "less than a step of each stream is left out"
    assert layout.T.flatten().tolist() == list(range(layout.size))
    assert np.shares_memory(layout, ids)


def test_more_streams_than_the_text_has_room_for_are_fewer() -> None:
    assert batchify(np.arange(9), 100).tolist() == [[0, 2, 4, 6], [1, 3, 5, 7]]
    assert batchify(np.arange(9), 4).tolist() == [[0, 2, 4, 6], [1, 3, 5, 7]]
    assert batchify(np.arange(9), 3).tolist() == [[0, 3, 6], [1, 4, 7], [2, 5, 8]]


@pytest.mark.parametrize("size", [0, 1])
def test_a_text_of_less_than_two_units_has_no_step(size: int) -> None:
    layout = batchify(np.arange(size), 5)
    assert layout.shape == (size, 1)
    assert bptt_chunks(len(layout) - 1, 35) == []


@pytest.mark.parametrize("length", [1, 3, 5, 35, 70])
@pytest.mark.parametrize("seed", [None, 1, 2, 3])
def test_every_step_is_covered_once_and_in_order(length: int, seed: int | None) -> None:
    for steps in (1, 2, 34, 35, 36, 700):
        rng = None if seed is None else np.random.default_rng(seed)
        found = bptt_chunks(steps, length, rng)
        assert [step for start, end in found for step in range(start, end)] == list(range(steps))
        assert all(end > start for start, end in found)


def test_without_jitter_all_have_the_length_but_the_last() -> None:
    assert bptt_chunks(10, 4) == [(0, 4), (4, 8), (8, 10)]
    assert bptt_chunks(8, 4) == [(0, 4), (4, 8)]
    assert bptt_chunks(3, 4) == [(0, 3)]


@pytest.mark.parametrize("length", [3, 35, 100])
def test_jitter_stays_within_its_bounds(length: int) -> None:
    """Normal around the length, one in twenty around half of it; five at least, or the length where it is less."""
    found = bptt_chunks(300_000, length, np.random.default_rng(5))
    sizes = np.array([end - start for start, end in found[:-1]])
    assert sizes.min() >= min(5, length)
    assert sizes.max() <= length + 6 * 5
    assert len(np.unique(sizes)) > 5
    if length == 100:  # so long that the two hills do not meet
        halves = float((sizes < 0.75 * length).mean())
        assert halves == pytest.approx(0.05, abs=0.02)
        assert float(sizes[sizes >= 0.75 * length].mean()) == pytest.approx(length, abs=1.0)
        assert float(sizes[sizes >= 0.75 * length].std()) == pytest.approx(5, abs=0.6)


def test_the_generator_decides_the_jitter() -> None:
    one, again, other = (bptt_chunks(1000, 35, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert one == again != other
