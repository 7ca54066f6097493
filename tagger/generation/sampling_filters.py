"""Top-k, top-p and min-p: which units they leave."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from tagger.config.generation import Sampling

Weights: TypeAlias = np.ndarray

_ROUNDING = 1e-3


class ClusterBounds:
    """What is known of the weights in a cluster of rare units from the probability of entering it alone.

    With probability m of entering it, temperature T and a = 1/T, the weights of its n units add up to something between
    m**a (all on one unit) and n * (m/n)**a (all alike).

    Args:
        sampling: what to draw from.
        sizes: (clusters,) units in each.

    Attributes:
        most: (clusters,) upper bound of the sum of the weights, divided by m**a.
        least: (clusters,) the lower one.
        hold: False where a repetition penalty may raise weights beyond any bound.
    """

    def __init__(self, sampling: Sampling, sizes: np.ndarray) -> None:
        alike = sizes ** (1 - 1 / sampling.divisor)
        self.most = (np.maximum(alike, 1) * (1 + _ROUNDING)).astype(np.float32)
        self.least = (np.minimum(alike, 1) * (1 - _ROUNDING)).astype(np.float32)
        if sampling.repetition_penalty > 1:
            self.least[:] = 0
        self.hold = not len(sizes) or sampling.repetition_penalty >= 1


def block_masses(blocks: Weights) -> Weights:
    """(B, N) sums of (B, N, W)."""
    return blocks @ np.ones(blocks.shape[2], dtype=blocks.dtype)


def passes_filters(
    weights: Weights,
    own: Weights,
    totals: Weights,
    sampling: Sampling,
    entries: Weights | None = None,
    clusters: ClusterBounds | None = None,
) -> np.ndarray:
    """(B,) whether the filters certainly leave a unit of each row.

    Args:
        weights: (B, N).
        own: (B,) that of the unit, greater than 0.
        totals: (B,) sums of the weights.
        sampling: which filters are wanted.
        entries: (B, clusters) weight that no unit of a cluster exceeds, for clusters that are not among the weights.
        clusters: bounds of the sums of their weights.
    """
    if entries is None or clusters is None:
        entries, clusters = np.zeros((len(own), 0), dtype=np.float32), ClusterBounds(sampling, np.zeros(0))
    kept = np.ones(len(own), dtype=bool)
    if sampling.min_p:
        kept &= own >= sampling.min_p * np.maximum(weights.max(axis=1), entries.max(axis=1, initial=0))
    if not sampling.top_k and sampling.top_p == 1:
        return kept
    places = np.flatnonzero(weights > own[:, None])
    rows = places // weights.shape[1]
    rivals = entries > own[:, None]
    if sampling.top_k:
        kept &= (np.bincount(rows, minlength=len(own)) < sampling.top_k) & ~rivals.any(axis=1)
    if sampling.top_p < 1:
        greater = np.bincount(rows, weights.reshape(-1)[places], len(own)) + (rivals * entries) @ clusters.most
        least = greater + own if sampling.top_k else totals + entries @ clusters.least
        kept &= greater < sampling.top_p * least
    return kept


def least_kept(weights: Weights, sampling: Sampling, above: float = 0.0) -> float:
    """The least weight that the filters leave.

    Args:
        weights: (V,).
        sampling: which filters are wanted.
        above: weights below it are known to be left out; the fewer are sorted.
    """
    best = np.sort(weights[weights >= above])[::-1]
    least, total = sampling.min_p * best[0], weights.sum()
    if sampling.top_k:
        best = best[: sampling.top_k]
        least, total = max(least, best[-1]), best.sum()
    if sampling.top_p < 1:
        place = np.searchsorted(best.cumsum(dtype=np.float64), sampling.top_p * total)
        least = max(least, best[min(place, len(best) - 1)])
    return float(least)
