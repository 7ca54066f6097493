"""Evaluate a language model on a text that is read once, with or without a neural cache."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import inf, isnan

import numpy as np
import torch
from torch import Tensor

from tagger.corpora.encoding.vocabulary import UNKNOWN_ID
from tagger.corpora.subwords.base import TokenStream
from tagger.evaluation.perplexity import CacheScore, LanguageScores
from tagger.generation.decoder import LanguageEngine

BLOCK_SCORES = 8_000_000
"""Log-probabilities held at a time: 32 MB."""
LONGEST_BLOCK = 1024
WINDOWS = (500, 2000)
THETAS = (0.1, 0.3, 0.6, 1.0)
WEIGHTS = (0.05, 0.1, 0.2, 0.3)


@dataclass(frozen=True, slots=True)
class CacheSettings:
    """A neural cache (Grave et al. 2017, "Improving Neural Language Models with a Continuous Cache").

    Args:
        window: tokens remembered.
        theta: times the inner product of the states.
        weight: lambda, the share of the cache in the mixture.
    """

    window: int
    theta: float
    weight: float


def evaluate(
    engine: LanguageEngine, stream: TokenStream, unit: str, end: int, cache: CacheSettings | None = None
) -> LanguageScores:
    """Score a text as one stream that begins after ``end``, the id of ``<eos>``.

    A cache adds its perplexity; the plain figures stay as they are.
    """
    nats = unknown_nats = mixed = 0.0
    memory = _ContinuousCache(cache.window) if cache else None
    for states, targets, log_probs in _blocks(engine, stream.ids, end):
        nats -= float(log_probs.double().sum())
        unknown_nats -= float(log_probs[targets == UNKNOWN_ID].double().sum())
        if cache and memory:
            cached = memory.probabilities(states, targets, [cache.theta])[0]
            mixed -= _mixture(log_probs, cached, cache.weight)
    unknown = int(np.count_nonzero(stream.ids == UNKNOWN_ID))
    scores = LanguageScores(
        unit, len(stream), stream.words, stream.characters, nats, unknown, unknown_nats, stream.passages
    )
    if cache is None:
        return scores
    perplexity = replace(scores, nats=mixed).perplexity
    return replace(scores, cache=CacheScore(perplexity, cache.window, cache.theta, cache.weight))


def choose_cache(engine: LanguageEngine, stream: TokenStream, end: int) -> CacheSettings:
    """Choose the best of a small grid of caches on a validation text."""
    totals = dict.fromkeys(product(WINDOWS, THETAS, WEIGHTS), 0.0)
    memories = {window: _ContinuousCache(window) for window in WINDOWS}
    for states, targets, log_probs in _blocks(engine, stream.ids, end):
        for window, memory in memories.items():
            for theta, cached in zip(THETAS, memory.probabilities(states, targets, THETAS), strict=True):
                for weight in WEIGHTS:
                    totals[window, theta, weight] -= _mixture(log_probs, cached, weight)
    return CacheSettings(*min(totals, key=lambda settings: inf if isnan(totals[settings]) else totals[settings]))


@torch.inference_mode()
def _blocks(engine: LanguageEngine, ids: np.ndarray, end: int) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Yield (T, H) states before each token, (T,) tokens and their (T,) log-probabilities, block by block."""
    state = engine.start(1)
    size = max(1, min(LONGEST_BLOCK, BLOCK_SCORES // engine.size))
    before = end
    for start in range(0, len(ids), size):
        targets = torch.from_numpy(ids[start : start + size].astype(np.int64))
        read = torch.cat([torch.tensor([before]), targets[:-1]])
        outputs, state = engine.states(read[:, None], state)
        states = outputs[:, 0]
        log_probs = engine.log_probabilities(states).gather(1, targets[:, None].to(states.device))[:, 0]
        yield states.float().cpu(), targets, log_probs.cpu()
        before = int(targets[-1])


class _ContinuousCache:
    """The last ``window`` states and the tokens that followed them."""

    def __init__(self, window: int) -> None:
        self.window = window
        self.states: Tensor | None = None
        self.tokens = torch.zeros(0, dtype=torch.int64)

    def probabilities(self, states: Tensor, targets: Tensor, thetas: Sequence[float]) -> list[Tensor]:
        """Compute for each theta the (T,) probabilities that the cache alone gives the tokens, NaN while it is empty.

        Grave et al. 2017, equation 3: exp(theta h_t . h_i) over the i with x_{i+1} = w, normalised over the window.
        """
        past = states[:0] if self.states is None else self.states
        keys, tokens = torch.cat([past, states]), torch.cat([self.tokens, targets])
        here = torch.arange(len(states))[:, None] + len(past)  # place of each step among the keys
        there = torch.arange(len(keys))[None, :]
        visible = (there < here) & (there >= here - self.window)
        products = states @ keys.t()
        same = tokens[None, :] == targets[:, None]
        weights = ((theta * products).masked_fill(~visible, -inf).softmax(1) for theta in thetas)
        probabilities = [(share * same).sum(1) for share in weights]
        self.states, self.tokens = keys[-self.window :], tokens[-self.window :]
        return probabilities


def _mixture(log_probs: Tensor, cached: Tensor, weight: float) -> float:
    """Sum the log-probabilities of model and cache mixed; of the model alone where the cache is empty."""
    alone = log_probs.double().exp()
    mixed = torch.where(cached.isnan(), alone, (1 - weight) * alone + weight * cached.double())
    return float(mixed.clamp_min(1e-300).log().sum())
