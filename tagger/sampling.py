"""Drawing the next unit, and what is left out of the distribution before.

The order is fixed: 1. ``<unk>`` is left out, 2. repetition penalty, 3. temperature, 4. top-k, 5. top-p, 6. min-p;
each sees what the one before has left, renormalised.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from tagger.errors import ConfigError
from tagger.races import Races

Weights: TypeAlias = np.ndarray
Ids: TypeAlias = np.ndarray

_FIRST_CUT = 1 / 64
_NEGLIGIBLE = 1e-20
_ROWS = 16  # distributions that are worked on at once
_COLD = 1e-6  # below it float32 has no room for log-probabilities, and nothing would ever change


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """What to draw from.

    Args:
        temperature: log-probabilities are divided by it; 0 takes the most probable unit.
        top_k: only the K most probable units (and those that tie with the last of them); 0 for all.
        top_p: only the most probable units that together have at least this probability (Holtzman et al. 2020,
            https://arxiv.org/abs/1904.09751).
        min_p: only units of at least this probability relative to the most probable one
            (https://arxiv.org/abs/2407.01082).
        repetition_penalty: log-probabilities of units that occurred, in the prompt too, are multiplied by it
            (Keskar et al. 2019, https://arxiv.org/abs/1909.05858, with log-probabilities for their scores).
        no_unk: whether ``<unk>`` is left out.

    Raises:
        ConfigError: a value out of range.
    """

    temperature: float = 0.8
    top_k: int = 0
    top_p: float = 0.9
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    no_unk: bool = True

    def __post_init__(self) -> None:
        if not 0 <= self.temperature < math.inf:
            raise ConfigError(f"temperature is {self.temperature}; expected 0 (most probable unit) or more")
        if self.top_k < 0:
            raise ConfigError(f"top_k is {self.top_k}; expected 1 or more units, or 0 for all")
        if not 0 < self.top_p <= 1:
            raise ConfigError(f"top_p is {self.top_p}; expected more than 0 and at most 1 (1 for all units)")
        if not 0 <= self.min_p <= 1:
            raise ConfigError(f"min_p is {self.min_p}; expected 0 (all units) to 1")
        if not 0 < self.repetition_penalty < math.inf:
            raise ConfigError(f"repetition_penalty is {self.repetition_penalty}; expected more than 0 (1 for none)")

    @property
    def greedy(self) -> bool:
        """Whether the most probable unit is always taken."""
        return self.temperature < _COLD

    @property
    def filters(self) -> bool:
        """Whether any of top-k, top-p and min-p is set."""
        return self.top_k > 0 or self.top_p < 1 or self.min_p > 0


class Sampler:
    """Draws the next units of several samples at once, a few rows at a time so that they stay in the cache.

    Args:
        sampling: what to draw from.
        size: V.
        unknown: id of ``<unk>``.
        seeds: of each sample, seeds of its random numbers; for example the user's and the number of the sample.
    """

    def __init__(self, sampling: Sampling, size: int, unknown: int, seeds: Sequence[Sequence[int]]) -> None:
        self._sampling = sampling
        self._size = size
        self._unknown = unknown
        self._races = Races(size, seeds)
        rows = min(_ROWS, len(seeds))
        self._blocks = np.zeros((rows, self._races.blocks, self._races.width), dtype=np.float32)
        self._rows = self._blocks.reshape(rows, -1)[:, :size]

    def draw(self, log_probs: Weights, samples: Sequence[int], seen: Sequence[Collection[int]]) -> list[int]:
        """The next unit of some samples; a sample that was left out once must stay out.

        Args:
            log_probs: (B, V) nats, float32.
            samples: (B) numbers of the samples.
            seen: (B) units that occurred, each once; only the repetition penalty looks at them.
        """
        clocks = self._races.clocks(samples)
        drawn: list[int] = []
        for start in range(0, len(samples), _ROWS):
            part = slice(start, start + _ROWS)
            if self._sampling.greedy:
                drawn += self._score(log_probs[part], seen[part], 1.0).argmax(axis=1).tolist()
                continue
            self._weigh(log_probs[part], seen[part])
            masses, least = self._filter(len(log_probs[part]))
            drawn += self._races.winners(masses, self._blocks[: len(masses)], least, clocks[part])
        return drawn

    def probabilities(self, log_probs: Weights, seen: Collection[int] = ()) -> Weights:
        """(V,) what the next unit of one sample is drawn from, given (V,) log-probabilities."""
        if self._sampling.greedy:
            best = self._score(log_probs[None], [seen], 1.0)[0].argmax()
            return np.asarray(np.arange(self._size) == best, dtype=np.float64)
        self._weigh(log_probs[None], [seen])
        least = self._filter(1)[1]
        weights = self._rows[0] * (self._rows[0] >= least[0])
        return np.asarray(weights / weights.sum(dtype=np.float64))

    def _score(self, log_probs: Weights, seen: Sequence[Collection[int]], temperature: float) -> Weights:
        """(B, V) log-probabilities up to a constant: without ``<unk>``, penalty and temperature applied."""
        rows: Weights = self._rows[: len(log_probs)]
        np.multiply(log_probs, np.float32(1 / temperature), out=rows)
        if self._sampling.no_unk and self._size > 1:
            rows[:, self._unknown] = -np.inf
        if self._sampling.repetition_penalty != 1:
            for row, units in zip(rows, seen, strict=True):
                row[np.fromiter(units, np.int64, len(units))] *= self._sampling.repetition_penalty
        return rows

    def _weigh(self, log_probs: Weights, seen: Sequence[Collection[int]]) -> None:
        """Fill the rows with probabilities before top-k, top-p and min-p, relative to the greatest."""
        scores = self._score(log_probs, seen, self._sampling.temperature)
        np.subtract(scores, scores.max(axis=1, keepdims=True), out=scores)
        np.exp(scores, out=scores)

    def _filter(self, batch: int) -> tuple[Weights, Weights]:
        """(B, blocks) sums of what is left in each block, and (B,) the least weight of what is left.

        Only weights above a cut are sorted. It starts high and falls for the rows that need more: most distributions
        are peaked, and a flat one among them must not cost the others anything.
        """
        blocks = self._blocks[:batch]
        if not self._sampling.filters:
            return blocks.sum(axis=2), np.zeros(batch, dtype=np.float32)
        totals = self._rows[:batch].sum(axis=1)
        masses = np.zeros((batch, blocks.shape[1]))
        least = np.zeros(batch, dtype=np.float32)
        open_ = np.arange(batch)
        cut = _FIRST_CUT
        while len(open_):
            part = blocks if len(open_) == batch else blocks[open_]
            flat, across = part.reshape(-1), part[0].size
            places = np.flatnonzero(flat >= cut)
            found, rows = flat[places], places // across
            best = _sorted_rows(found, rows, len(open_))
            values, known = least_weights(best, cut, totals[open_], self._sampling)
            kept = found * (known[rows] & (found >= values[rows]))
            masses[open_] += np.bincount(places // part.shape[2], kept, len(open_) * part.shape[1]).reshape(
                len(open_), -1
            )
            least[open_] = values
            open_ = open_[~known]
            cut = cut / 8 if cut > _NEGLIGIBLE else 0.0
        return masses, least


def _sorted_rows(found: Weights, rows: Weights, batch: int) -> Weights:
    """(B, M) the weights of each row, greatest first, then zeros; ``rows`` ascends."""
    counts = np.bincount(rows, minlength=batch)
    starts = counts.cumsum() - counts
    table = np.zeros((batch, int(counts.max())), dtype=np.float32)
    table[rows, np.arange(len(found)) - starts[rows]] = found
    table.sort(axis=1)
    return table[:, ::-1]


def least_weights(best: Weights, cut: float, totals: Weights, sampling: Sampling) -> tuple[Weights, np.ndarray]:
    """The weight that a unit must have to be among those of top-k, top-p and min-p.

    Args:
        best: (B, M) the weights that are not below ``cut``, the greatest (1) first, then zeros.
        cut: see there.
        totals: (B,) sums of all V weights.
        sampling: which filters are wanted.

    Returns:
        (B,) weights, and (B,) whether they are right: where not, the answer lies below the cut.
    """
    batch = np.arange(len(best))
    least = np.zeros(len(best), dtype=np.float32)
    known = np.full(len(best), cut == 0 or sampling.top_k > 0 or sampling.top_p < 1 or cut <= sampling.min_p)
    if sampling.top_k:
        if cut:
            known &= best[:, sampling.top_k - 1] > 0 if best.shape[1] >= sampling.top_k else False
        best = best[:, : sampling.top_k]
        least = best[:, -1]
    if sampling.top_p < 1:
        sums = best.cumsum(axis=1, dtype=np.float64)
        needed = sampling.top_p * (sums[:, -1] if sampling.top_k else totals)
        if cut and not sampling.top_k:
            known &= sums[:, -1] >= needed
        last = (sums < needed[:, None]).sum(axis=1)
        least = best[batch, np.minimum(last, best.shape[1] - 1)]
    return np.maximum(least, np.float32(sampling.min_p)), known
