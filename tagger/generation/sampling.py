"""Draw the next token, after filters have cut the distribution.

The order is fixed: 1. leave ``<unk>`` out, 2. repetition penalty, 3. temperature, 4. top-k, 5. top-p, 6. min-p; each
step sees what the one before has left, renormalised.

Tokens are drawn by races of exponential clocks (as by Gumbel-max): the token with the greatest p / E wins, E ~ Exp(1),
and each token wins with probability p. Rounding differs among batch sizes, and it hardly ever decides a race: only if
the first two arrive together. The inverse of the cumulative distribution has V borders that rounding moves.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import TypeAlias

import numpy as np

from tagger.config.generation import Sampling

Weights: TypeAlias = np.ndarray
Ids: TypeAlias = np.ndarray

_TINY = np.float32(1e-30)


class Sampler:
    """Draws the next tokens of several samples, each with its own random numbers.

    Args:
        sampling: temperature, filters and penalty.
        size: V, tokens in the vocabulary.
        unknown: id of ``<unk>``.
        seeds: seeds of each sample's random numbers, for example the user's and the number of the sample.
    """

    def __init__(self, sampling: Sampling, size: int, unknown: int, seeds: Sequence[Sequence[int]]) -> None:
        self._sampling = sampling
        self._size = size
        self._unknown = unknown if sampling.no_unk and size > 1 else None
        self._width = math.isqrt(size - 1) + 1  # of a block of tokens
        self._blocks = -(-size // self._width)
        self._ones = np.ones(self._width, dtype=np.float32)
        self._weights = np.zeros((len(seeds), self._blocks * self._width), dtype=np.float32)  # the padding stays 0
        self._random = [np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed))) for seed in seeds]

    def draw(
        self, log_probs: Weights, samples: Sequence[int], seen: Sequence[Collection[int]]
    ) -> tuple[list[int], list[float]]:
        """Draw the next token of some samples.

        Args:
            log_probs: (B, V) float32 log-probabilities (nats).
            samples: (B) their numbers.
            seen: (B) tokens that occurred, each once; only the repetition penalty looks at them.

        Returns:
            The tokens, and their log-probabilities before any filter.
        """
        weights = self._weights[: len(log_probs)]
        self._rescale(log_probs, seen, weights[:, : self._size])
        if self._sampling.greedy:
            tokens = weights.argmax(axis=1)
        else:
            blocks = weights.reshape(len(weights), self._blocks, self._width)
            sums = blocks @ self._ones
            tokens = self._race(blocks, sums, samples)
            if self._sampling.filters:
                self._redraw_filtered(weights, sums.sum(axis=1), tokens, samples)
        return tokens.tolist(), log_probs[np.arange(len(tokens)), tokens].tolist()

    def probabilities(self, log_probs: Weights, seen: Collection[int] = ()) -> Weights:
        """Return the (V,) distribution that a token is drawn from, given (V,) log-probabilities."""
        weights = np.empty((1, len(log_probs)), dtype=np.float32)
        self._rescale(log_probs[None], [seen], weights)
        if self._sampling.greedy:
            return np.asarray(np.arange(len(log_probs)) == weights[0].argmax(), dtype=np.float64)
        kept = weights[0] * (weights[0] >= least_kept(weights[0], self._sampling))
        return np.asarray(kept / kept.sum(dtype=np.float64))

    def _rescale(self, log_probs: Weights, seen: Sequence[Collection[int]], weights: Weights) -> None:
        """Turn (B, V) log-probabilities into unnormalised probabilities after penalty and temperature."""
        np.multiply(log_probs, np.float32(1 / self._sampling.divisor), out=weights)
        if self._unknown is not None:
            weights[:, self._unknown] = -np.inf
        if self._sampling.repetition_penalty != 1:
            for row, tokens in zip(weights, seen, strict=True):
                row[np.fromiter(tokens, np.int64, len(tokens))] *= self._sampling.repetition_penalty
        weights -= weights.max(axis=1, keepdims=True)
        np.exp(weights, out=weights)

    def _race(self, blocks: Weights, sums: Weights, samples: Sequence[int]) -> Ids:
        """Draw a token from each row: first a block of about sqrt(V) tokens, then a token of that block.

        So a draw takes 2 sqrt(V) random numbers in place of V.

        Args:
            blocks: (B, blocks, width) weights.
            sums: (B, blocks) of the weights in a block.
            samples: (B) whose random numbers to use.
        """
        count = self._blocks + self._width
        clocks = np.array([self._random[sample].standard_exponential(count, np.float32) for sample in samples])
        np.maximum(clocks, _TINY, out=clocks)
        winners = (sums / clocks[:, : self._blocks]).argmax(axis=1)
        inside = blocks[np.arange(len(blocks)), winners] / clocks[:, self._blocks :]
        return np.asarray(winners * self._width + inside.argmax(axis=1))

    def _redraw_filtered(self, weights: Weights, totals: Weights, tokens: Ids, samples: Sequence[int]) -> None:
        """Draw again where the filters leave the token out; a token that they keep has been drawn from those kept."""
        own = weights[np.arange(len(tokens)), tokens]
        for row in np.flatnonzero(~passes_filters(weights, totals, own, self._sampling)).tolist():
            # A token that is left out is above nothing that is left; with both filters, it may be among the top k.
            above = 0.0 if self._sampling.top_k and self._sampling.top_p < 1 else own[row]
            least = least_kept(weights[row], self._sampling, above)
            if own[row] < least:
                kept = (weights[row] * (weights[row] >= least)).reshape(1, self._blocks, self._width)
                tokens[row] = self._race(kept, kept @ self._ones, [samples[row]])[0]


def passes_filters(weights: Weights, totals: Weights, own: Weights, sampling: Sampling) -> np.ndarray:
    """Tell (B,) whether the filters certainly keep one token of each row.

    Args:
        weights: (B, N), 1 for the most probable token of a row.
        totals: (B,) sums of the weights.
        own: (B,) weight of that token, greater than 0.
        sampling: which filters are set.
    """
    kept = own >= sampling.min_p
    if not sampling.top_k and sampling.top_p == 1:
        return np.asarray(kept)
    places = np.flatnonzero(weights > own[:, None])
    rows = places // weights.shape[1]
    if sampling.top_k:
        kept &= np.bincount(rows, minlength=len(own)) < sampling.top_k
    if sampling.top_p < 1:
        greater = np.bincount(rows, weights.reshape(-1)[places], len(own))
        kept &= greater < sampling.top_p * (greater + own if sampling.top_k else totals)
    return np.asarray(kept)


def least_kept(weights: Weights, sampling: Sampling, above: float = 0.0) -> float:
    """Return the least weight that the filters keep.

    Args:
        weights: (V,).
        sampling: which filters are set.
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
