"""Draws that the last bits of the probabilities do not disturb.

A race of exponential clocks: the unit with the greatest p / E wins, E ~ Exp(1), and each wins with probability p.
There are up to three: between clusters and blocks of about sqrt(V) frequent units, between the blocks of the cluster
that won, between the units of the block that won. So a draw takes some 2 sqrt(V) random numbers and not V, and a
cluster that is certain to lose need not be computed.

A batch of another size gives log-probabilities that differ in the last bits. The inverse of the cumulative
distribution would now and then turn that into another unit, for it has V borders to fall across; a race is decided
differently only if its first two arrive together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TypeAlias

import numpy as np

Weights: TypeAlias = np.ndarray
Ids: TypeAlias = np.ndarray

_TABLE_STEPS = 32  # random numbers of so many draws are made at once
_TINY = np.float32(1e-30)


class Races:
    """The random numbers of several samples, each with its own, and the races they decide.

    Units lie in cells, those in blocks of equal width; a cluster begins with a new block, and what is left of its last
    block is padding.

    Args:
        bounds: as in ``Prospects``.
        seeds: of each sample: non-negative integers.

    Attributes:
        width: units in a block.
        blocks: number of blocks.
        near: blocks of the frequent units.
        clusters: number of clusters.
    """

    def __init__(self, bounds: Sequence[int], seeds: Sequence[Sequence[int]]) -> None:
        self.width = math.isqrt(bounds[-1] - 1) + 1
        self._firsts = [0, *bounds]
        counts = [-(-(end - first) // self.width) for first, end in pairwise(self._firsts)]
        self._starts = [0, *np.cumsum(counts).tolist()]
        self.near, self.clusters, self.blocks = counts[0], len(counts) - 1, self._starts[-1]
        self._ends = [self.near + self.clusters, max(counts[1:], default=0), self.width]
        self._random = [np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed))) for seed in seeds]
        self._table = np.empty((_TABLE_STEPS, len(seeds), sum(self._ends)), dtype=np.float32)
        self._step = _TABLE_STEPS

    def spread(self, values: Weights, factor: float, cells: Weights) -> None:
        """Put (B, V) values of units, times a factor, in their places among (B, cells); padding becomes -inf."""
        for region, (first, end) in enumerate(pairwise(self._firsts)):
            start, stop = (place * self.width for place in self._starts[region : region + 2])
            np.multiply(values[:, first:end], np.float32(factor), out=cells[:, start : start + end - first])
            cells[:, start + end - first : stop] = -np.inf

    def cells(self, units: Ids) -> Ids:
        """The places of units among the cells."""
        regions = np.searchsorted(self._firsts[1:], units, side="right")
        return np.asarray(units - np.take(self._firsts, regions) + np.take(self._starts, regions) * self.width)

    def clocks(self, samples: Sequence[int]) -> Weights:
        """(B, R) exponential random numbers of these samples for one draw."""
        if self._step == _TABLE_STEPS:
            for sample in samples:
                self._table[:, sample] = self._drawn(sample, _TABLE_STEPS)
            self._step = 0
        self._step += 1
        return np.asarray(self._table[self._step - 1, samples])

    def fresh_clocks(self, sample: int) -> Weights:
        """(1, R) exponential random numbers for one more draw of this sample at the same step."""
        return self._drawn(sample, 1)

    def _drawn(self, sample: int, draws: int) -> Weights:
        drawn = self._random[sample].standard_exponential((draws, sum(self._ends)), dtype=np.float32)
        return np.maximum(drawn, _TINY, out=drawn)

    def near_winners(
        self, masses: Weights, weights: Weights, entries: Weights, clocks: Weights
    ) -> tuple[Ids, np.ndarray]:
        """(B,) the frequent units that win if no cluster does, and (B,) whether certainly none does.

        Args:
            masses: (B, near) sums of weights.
            weights: (B, near, width).
            entries: (B, clusters) what the weights of each cluster add up to at most.
            clocks: (B, R).
        """
        times = masses / clocks[:, : self.near]
        blocks = times.argmax(axis=1)
        best = times[np.arange(len(blocks)), blocks]
        rivals = (entries / clocks[:, self.near : self._ends[0]]).max(axis=1, initial=0.0)
        return self._inside(blocks, weights, clocks), best > rivals * 1.001

    def winners(self, masses: Weights, weights: Weights, clocks: Weights) -> Ids:
        """(B,) the units that win.

        Args:
            masses: (B, blocks) sums of weights.
            weights: (B, blocks, width).
            clocks: (B, R).
        """
        entries = [masses[:, first:end].sum(axis=1) for first, end in pairwise(self._starts[1:])]
        first = np.column_stack([masses[:, : self.near], *entries]) / clocks[:, : self._ends[0]]
        blocks = first.argmax(axis=1)
        for row in np.flatnonzero(blocks >= self.near):
            start, end = self._starts[blocks[row] - self.near + 1 :][:2]
            times = masses[row, start:end] / clocks[row, self._ends[0] :][: end - start]
            blocks[row] = start + times.argmax()
        return self._inside(blocks, weights, clocks)

    def _inside(self, blocks: Ids, weights: Weights, clocks: Weights) -> Ids:
        times = weights[np.arange(len(blocks)), blocks] / clocks[:, -self.width :]
        regions = np.searchsorted(self._starts[1:], blocks, side="right")
        firsts = np.take(self._firsts, regions) + (blocks - np.take(self._starts, regions)) * self.width
        return np.asarray(firsts + times.argmax(axis=1))
