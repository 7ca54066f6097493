"""Drawing the next unit, and what is left out of the distribution before.

The order is fixed: 1. ``<unk>`` is left out, 2. repetition penalty, 3. temperature, 4. top-k, 5. top-p, 6. min-p;
each sees what the one before has left, renormalised.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TypeAlias

import numpy as np

from tagger.config.generation import Sampling
from tagger.generation.interfaces import Prospects
from tagger.generation.races import Races
from tagger.generation.sampling_filters import ClusterBounds, block_masses, least_kept, passes_filters

Weights: TypeAlias = np.ndarray
Ids: TypeAlias = np.ndarray

_ROWS = 16  # whole distributions that are worked on at once


class Sampler:
    """Draws the next units of several samples at once.

    Frequent units race first. Who wins and is among those that the filters leave has been drawn from these; whether it
    is needs a comparison with its weight and no sorting, and of a cluster of rare units only bounds. Where that does
    not decide, all units are weighed, and the same clocks run again.

    Args:
        sampling: what to draw from.
        bounds: as in ``Prospects``.
        unknown: id of ``<unk>``, a frequent unit.
        seeds: of each sample, seeds of its random numbers; for example the user's and the number of the sample.
    """

    def __init__(self, sampling: Sampling, bounds: Sequence[int], unknown: int, seeds: Sequence[Sequence[int]]) -> None:
        self._sampling = sampling
        self._unknown = unknown if sampling.no_unk and bounds[-1] > 1 else None
        self._races = races = Races(bounds, seeds)
        self._clusters = ClusterBounds(sampling, np.diff(bounds))
        self._near = np.zeros((len(seeds), races.near * races.width), dtype=np.float32)
        self._all = np.zeros((min(_ROWS, len(seeds)), races.blocks * races.width), dtype=np.float32)

    def draw(
        self, prospects: Prospects, samples: Sequence[int], seen: Sequence[Collection[int]]
    ) -> tuple[list[int], list[float]]:
        """The next unit of some samples, and its log-probability; a sample that was left out once must stay out.

        Args:
            prospects: of the B samples.
            samples: (B) their numbers.
            seen: (B) units that occurred, each once; only the repetition penalty looks at them.
        """
        clocks = self._races.clocks(samples)
        near = prospects.near
        units, sure = self._glance(near, clocks, seen)
        log_probs = near[np.arange(len(near)), units]
        unsure = np.flatnonzero(~sure)
        for start in range(0, len(unsure), _ROWS):
            rows = unsure[start : start + _ROWS]
            whole = prospects.whole(rows)
            units[rows] = self._look(whole, [samples[row] for row in rows], [seen[row] for row in rows], clocks[rows])
            log_probs[rows] = whole[np.arange(len(rows)), units[rows]]
        return units.tolist(), log_probs.tolist()

    def probabilities(self, log_probs: Weights, seen: Collection[int] = ()) -> Weights:
        """(V,) what the next unit of one sample is drawn from, given (V,) log-probabilities."""
        weights = log_probs[None] / np.float32(self._sampling.divisor)
        self._repetition_penalty(weights, [seen], lambda units: units)
        if self._sampling.greedy:
            return np.asarray(np.arange(len(log_probs)) == weights[0].argmax(), dtype=np.float64)
        _exponentiate(weights, weights.max(axis=1))
        weights *= weights >= least_kept(weights[0], self._sampling)
        return np.asarray(weights[0] / weights.sum(dtype=np.float64))

    def _glance(self, near: Weights, clocks: Weights, seen: Sequence[Collection[int]]) -> tuple[Ids, np.ndarray]:
        """(B,) units drawn from the frequent ones, and (B,) whether they are certainly right."""
        frequent = near.shape[1] - self._races.clusters
        cells = self._near[: len(near)]
        weights = cells[:, :frequent]
        np.multiply(near[:, :frequent], np.float32(1 / self._sampling.divisor), out=weights)
        self._repetition_penalty(weights, seen, lambda units: units[units < frequent])
        entries = near[:, frequent:] * np.float32(1 / self._sampling.divisor)
        best, rival = weights.max(axis=1), entries.max(axis=1, initial=-np.inf)
        if self._sampling.greedy:
            return weights.argmax(axis=1), (best > rival) & self._clusters.hold
        top = np.maximum(best, rival)
        _exponentiate(weights, top)
        _exponentiate(entries, top)
        blocks = cells.reshape(len(near), self._races.near, -1)
        masses = block_masses(blocks)
        units, sure = self._races.near_winners(masses, blocks, entries * self._clusters.most, clocks)
        if self._sampling.filters:
            own = weights[np.arange(len(units)), units]
            sure &= passes_filters(cells, own, masses.sum(axis=1), self._sampling, entries, self._clusters)
        return units, sure & self._clusters.hold

    def _look(
        self, log_probs: Weights, samples: Sequence[int], seen: Sequence[Collection[int]], clocks: Weights
    ) -> Ids:
        """(B,) units drawn from all, given (B, V) log-probabilities."""
        if self._sampling.greedy:
            return np.asarray([self.probabilities(*one).argmax() for one in zip(log_probs, seen, strict=True)])
        cells = self._all[: len(log_probs)]
        self._races.spread(log_probs, 1 / self._sampling.divisor, cells)
        self._repetition_penalty(cells, seen, self._races.cells)
        _exponentiate(cells, cells.max(axis=1))
        blocks = cells.reshape(len(cells), self._races.blocks, -1)
        masses = block_masses(blocks)
        units = self._races.winners(masses, blocks, clocks)
        if not self._sampling.filters:
            return units
        own = cells[np.arange(len(units)), self._races.cells(units)]
        for row in np.flatnonzero(~passes_filters(cells, own, masses.sum(axis=1), self._sampling)).tolist():
            # A unit that is left out is above nothing that is left; with both filters, it may be among the top k.
            above = 0.0 if self._sampling.top_k and self._sampling.top_p < 1 else own[row]
            least = least_kept(cells[row], self._sampling, above)
            if own[row] < least:
                left = blocks[row : row + 1] * (blocks[row : row + 1] >= least)
                fresh = self._races.fresh_clocks(samples[row])
                units[row] = self._races.winners(block_masses(left), left, fresh)[0]
        return units

    def _repetition_penalty(
        self, scores: Weights, seen: Sequence[Collection[int]], places: Callable[[Ids], Ids]
    ) -> None:
        """Leave ``<unk>`` out of (B, N) log-probabilities, and multiply those of units seen by the penalty."""
        if self._unknown is not None:
            scores[:, self._unknown] = -np.inf
        if self._sampling.repetition_penalty != 1:
            for row, units in zip(scores, seen, strict=True):
                row[places(np.fromiter(units, np.int64, len(units)))] *= self._sampling.repetition_penalty


def _exponentiate(scores: Weights, top: Weights) -> None:
    np.subtract(scores, top[:, None], out=scores)
    np.exp(scores, out=scores)
