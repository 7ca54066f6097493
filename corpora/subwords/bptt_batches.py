"""A text as B parallel streams, cut into chunks for truncated back-propagation through time (BPTT)."""

from __future__ import annotations

import numpy as np

SHORTEST = 5
SPREAD = 5.0
HALVED = 0.05


def batchify(ids: np.ndarray, streams: int) -> np.ndarray:
    """Cut a text into B streams of equal length, one a column.

    Args:
        ids: (N,) int32.
        streams: B; fewer where the text has fewer than two tokens for each.

    Returns:
        (N // B, B), a view: column b continues where column b - 1 ends. Up to B - 1 tokens at the end are left out.
    """
    streams = max(1, min(streams, len(ids) // 2))
    steps = len(ids) // streams
    return ids[: steps * streams].reshape(streams, steps).T


def bptt_chunks(steps: int, length: int, rng: np.random.Generator | None = None) -> list[tuple[int, int]]:
    """Cut the steps of a layout into chunks.

    Args:
        steps: steps that have a successor, one less than the rows of the layout.
        length: steps of a chunk.
        rng: jitters the lengths, so that chunks end elsewhere in each epoch: normal around ``length`` (one time
            in twenty around half of it) with a standard deviation of 5, at least 5 (Merity et al. 2018, section 4.1);
            None keeps them equal.

    Returns:
        (start, end) pairs that cover 0 to ``steps`` without gaps.
    """
    chunks: list[tuple[int, int]] = []
    start = 0
    while start < steps:
        size = length
        if rng is not None:
            mean = length / 2 if rng.random() < HALVED else length
            size = max(min(SHORTEST, length), int(rng.normal(mean, SPREAD)))
        chunks.append((start, min(steps, start + size)))
        start += size
    return chunks
