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
from tagger.generation.decoder import NextTokens

Weights: TypeAlias = np.ndarray
Ids: TypeAlias = np.ndarray

_TINY = np.float32(1e-30)
_MARGIN = np.float32(1.001)  # of bounds, for rounding


class Sampler:
    """Draws the next tokens of several samples, each with its own random numbers.

    Frequent tokens and clusters of rare ones are drawn first, a cluster with an upper bound of the weight of its
    tokens. Most draws end there, since comparisons with bounds show that the filters keep the token. The others need
    the weights of all tokens; a cluster is rejected with the probability by which its bound exceeds its weight.

    Args:
        sampling: temperature, filters and penalty.
        bounds: see ``NextTokens``.
        unknown: id of ``<unk>``, a frequent token.
        seeds: seeds of each sample's random numbers, for example the user's and the number of the sample.
    """

    def __init__(self, sampling: Sampling, bounds: Sequence[int], unknown: int, seeds: Sequence[Sequence[int]]) -> None:
        self._sampling = sampling
        self._bounds = bounds
        self._unknown = unknown if sampling.no_unk and bounds[-1] > 1 else None
        # With probability p of entering a cluster, the weights p_i^(1 / T) of its n tokens have at most this sum / p.
        spread = np.diff(bounds) ** max(0.0, 1 - 1 / sampling.divisor)
        self._most = (spread * _MARGIN).astype(np.float32)
        self._bounded = len(bounds) == 1 or sampling.repetition_penalty >= 1
        self._random = [np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed))) for seed in seeds]

    def draw(
        self, tokens: NextTokens, samples: Sequence[int], seen: Sequence[Collection[int]]
    ) -> tuple[list[int], list[float]]:
        """Draw the next token of some samples.

        Args:
            tokens: distributions of B samples.
            samples: (B) their numbers.
            seen: (B) tokens that occurred, each once; only the repetition penalty looks at them.

        Returns:
            The tokens, and their log-probabilities before any filter.
        """
        rows = np.arange(len(samples))
        frequent = self._bounds[0]
        weights, tops = self._weights(tokens.head, seen)
        weights[:, frequent:] *= self._most
        drawn = weights.argmax(axis=1) if self._sampling.greedy else self._race(weights, samples)
        certain = (drawn < frequent) & self._bounded
        if self._sampling.filters and not self._sampling.greedy:
            certain &= passes_filters(weights, weights[rows, drawn], frequent, self._sampling)
        log_probs = tokens.head[rows, drawn]
        uncertain = np.flatnonzero(~certain)
        if len(uncertain):
            for row, full in zip(uncertain.tolist(), tokens.full(uncertain), strict=True):
                drawn[row] = self._draw_from_all(
                    full, seen[row], samples[row], drawn[row], tops[row] + np.log(weights[row, drawn[row]])
                )
                log_probs[row] = full[drawn[row]]
        return drawn.tolist(), log_probs.tolist()

    def probabilities(self, log_probs: Weights, seen: Collection[int] = ()) -> Weights:
        """Return the (V,) distribution that a token is drawn from, given (V,) log-probabilities."""
        weights = self._weights(log_probs[None], [seen])[0][0]
        if self._sampling.greedy:
            return np.asarray(np.arange(len(log_probs)) == weights.argmax(), dtype=np.float64)
        kept = weights * (weights >= least_kept(weights, self._sampling))
        return np.asarray(kept / kept.sum(dtype=np.float64))

    def _draw_from_all(
        self, log_probs: Weights, seen: Collection[int], sample: int, drawn: int, log_bound: float
    ) -> int:
        """Draw a token of one sample, given the log-probabilities of all.

        Args:
            log_probs: (V,).
            seen: tokens that occurred.
            sample: its number.
            drawn: the frequent token, or the cluster, that was drawn first.
            log_bound: logarithm of the weight with which it was drawn.
        """
        all_weights, tops = self._weights(log_probs[None], [seen])
        weights = all_weights[0]
        if self._sampling.greedy:
            return int(weights.argmax())
        if not self._bounded:
            drawn = int(self._race(all_weights, [sample])[0])
        elif drawn >= self._bounds[0]:
            start, end = self._bounds[drawn - self._bounds[0] :][:2]
            share = weights[start:end].sum() * math.exp(float(tops[0]) - log_bound)
            if self._random[sample].random() < share:
                drawn = start + int(self._race(all_weights[:, start:end], [sample])[0])
            else:
                drawn = int(self._race(all_weights, [sample])[0])
        if self._sampling.filters:
            # A token that is left out is above nothing that is left; with both filters, it may be among the top k.
            above = 0.0 if self._sampling.top_k and self._sampling.top_p < 1 else weights[drawn]
            least = least_kept(weights, self._sampling, above)
            if weights[drawn] < least:
                drawn = int(self._race(all_weights * (all_weights >= least), [sample])[0])
        return int(drawn)

    def _weights(self, log_probs: Weights, seen: Sequence[Collection[int]]) -> tuple[Weights, Weights]:
        """Turn (B, N) log-probabilities into weights after penalty and temperature.

        Returns:
            (B, N) weights, 1 for the greatest of a row, and the (B,) logarithms that 1 stands for.
        """
        scores = log_probs * np.float32(1 / self._sampling.divisor)
        if self._unknown is not None:
            scores[:, self._unknown] = -np.inf
        if self._sampling.repetition_penalty != 1:
            limit = self._bounds[-1] if scores.shape[1] == self._bounds[-1] else self._bounds[0]
            for row, tokens in zip(scores, seen, strict=True):
                row[[token for token in tokens if token < limit]] *= self._sampling.repetition_penalty
        tops = scores.max(axis=1)
        scores -= tops[:, None]
        return np.exp(scores, out=scores), tops

    def _race(self, weights: Weights, samples: Sequence[int]) -> Ids:
        """Draw a (B,) column of (B, N) weights: first a block of about sqrt(N) columns, then one of that block.

        So a draw takes 2 sqrt(N) random numbers in place of N.
        """
        rows, size = weights.shape
        width = math.isqrt(size - 1) + 1
        count = -(-size // width)
        blocks = np.zeros((rows, count * width), dtype=np.float32)
        blocks[:, :size] = weights
        blocks = blocks.reshape(rows, count, width)
        clocks = np.array([self._random[sample].standard_exponential(count + width, np.float32) for sample in samples])
        np.maximum(clocks, _TINY, out=clocks)
        winners = (blocks.sum(axis=2) / clocks[:, :count]).argmax(axis=1)
        inside = blocks[np.arange(rows), winners] / clocks[:, count:]
        return np.asarray(winners * width + inside.argmax(axis=1))


def passes_filters(weights: Weights, own: Weights, frequent: int, sampling: Sampling) -> np.ndarray:
    """Tell (B,) whether the filters certainly keep one token of each row.

    Args:
        weights: (B, N) weights of frequent tokens, then upper bounds of the sum in each cluster.
        own: (B,) weight of that token, greater than 0.
        frequent: number of frequent tokens.
        sampling: which filters are set.
    """
    kept = own >= sampling.min_p * weights.max(axis=1)
    if not sampling.top_k and sampling.top_p == 1:
        return np.asarray(kept)
    greater = weights > own[:, None]
    if sampling.top_k:
        kept &= (greater.sum(axis=1) < sampling.top_k) & ~greater[:, frequent:].any(axis=1)
    if sampling.top_p < 1:
        above = (weights * greater).sum(axis=1)
        total = above + own if sampling.top_k else weights[:, :frequent].sum(axis=1)
        kept &= above < sampling.top_p * total
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
