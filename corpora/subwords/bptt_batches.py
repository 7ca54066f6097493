"""A text without end as B streams side by side, in stretches for truncated back-propagation through time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

SHORTEST = 5
SPREAD = 5.0
HALVED = 0.05


def lay_out(ids: np.ndarray, streams: int) -> np.ndarray:
    """Cut a text into B parts of like length and lay them side by side.

    Args:
        ids: (N,) int32.
        streams: B; fewer where the text has not two units for each.

    Returns:
        (N // B, B), a view: column b goes on where column b - 1 ends. Up to B - 1 units at the end are left out.
    """
    streams = max(1, min(streams, len(ids) // 2))
    steps = len(ids) // streams
    return ids[: steps * streams].reshape(streams, steps).T


def stretches(steps: int, length: int, rng: np.random.Generator | None = None) -> list[tuple[int, int]]:
    """Where each stretch begins and ends.

    Args:
        steps: steps that have a successor, one less than the rows of the layout.
        length: steps of a stretch.
        rng: jitters lengths, so that not always the same steps lose their past: normal around ``length`` (one time
            in twenty around half of it) with a standard deviation of 5, at least 5 (Merity et al. 2018, section 4.1);
            None keeps them equal.

    Returns:
        Pairs that cover 0 to ``steps`` without gaps.
    """
    return list(_stretches(steps, length, rng))


def _stretches(steps: int, length: int, rng: np.random.Generator | None) -> Iterator[tuple[int, int]]:
    start = 0
    while start < steps:
        size = length
        if rng is not None:
            mean = length / 2 if rng.random() < HALVED else length
            size = max(min(SHORTEST, length), int(rng.normal(mean, SPREAD)))
        yield start, min(steps, start + size)
        start += size
