"""Draws that the last bits of the probabilities do not disturb.

A race of exponential clocks: the unit with the greatest p / E wins, E ~ Exp(1), and each wins with probability p.
There are two, one between blocks of about sqrt(V) neighbouring ids, one inside the block that won, so that a draw
takes 2 sqrt(V) random numbers and not V.

A batch of another size gives log-probabilities that differ in the last bits. The inverse of the cumulative
distribution would now and then turn that into another unit, for it has V borders to fall across; a race is decided
differently only if its first two arrive together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

Weights: TypeAlias = np.ndarray

_TABLE_STEPS = 32  # random numbers of so many draws are made at once
_TINY = np.float32(1e-30)


class Races:
    """The random numbers of several samples, each with its own, and the races they decide.

    Args:
        size: V.
        seeds: of each sample: non-negative integers.

    Attributes:
        blocks: number of blocks.
        width: units in a block; the last blocks may be shorter, or empty.
    """

    def __init__(self, size: int, seeds: Sequence[Sequence[int]]) -> None:
        self.blocks = math.isqrt(size - 1) + 1
        self.width = -(-size // self.blocks)
        self._random = [np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed))) for seed in seeds]
        self._table = np.empty((_TABLE_STEPS, len(seeds), 2, self.blocks), dtype=np.float32)
        self._step = _TABLE_STEPS

    def clocks(self, samples: Sequence[int]) -> Weights:
        """(B, 2, blocks) exponential random numbers of these samples for one draw."""
        if self._step == _TABLE_STEPS:
            for sample in samples:
                drawn = self._random[sample].standard_exponential((_TABLE_STEPS, 2, self.blocks), dtype=np.float32)
                np.maximum(drawn, _TINY, out=self._table[:, sample])
            self._step = 0
        self._step += 1
        return np.asarray(self._table[self._step - 1, samples])

    def winners(self, masses: Weights, weights: Weights, least: Weights, clocks: Weights) -> list[int]:
        """The units that win.

        Args:
            masses: (B, blocks) sums of the weights that are not below ``least``.
            weights: (B, blocks, width).
            least: (B,), see there.
            clocks: (B, 2, blocks).
        """
        blocks = (masses / clocks[:, 0]).argmax(axis=1)
        chosen = weights[np.arange(len(blocks)), blocks]
        chosen *= chosen >= least[:, None]
        chosen /= clocks[:, 1, : self.width]
        units: list[int] = (blocks * self.width + chosen.argmax(axis=1)).tolist()
        return units
