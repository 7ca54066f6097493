"""How well single units were predicted, in bounded memory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

import torch
from torch import Tensor

from tagger.generation.interfaces import State, UnitPredictor

MOST_LOG_PROBS = 1 << 22  # at most so many at once: 16 MB, and as much for what is computed from them
_BITS = 1 / math.log(2)

Measures: TypeAlias = list[tuple[float, int, float]]
"""Surprisal (bits), rank and entropy (bits) of each of T units."""


def measure(
    engine: UnitPredictor, inputs: Sequence[Sequence[int]], targets: Sequence[Sequence[int]], state: State
) -> tuple[list[Measures], State]:
    """Surprisal (bits), rank and entropy (bits) of each target.

    Args:
        engine: predicts.
        inputs: (B, T) what is read.
        targets: (B, T) what was to be predicted after each input.
        state: of B streams.

    Returns:
        (B, T) measures and the new state.
    """
    read, aims = torch.tensor(inputs).T, torch.tensor(targets).T
    steps = max(1, MOST_LOG_PROBS // (engine.size * read.shape[1]))
    parts: list[list[Tensor]] = [[], [], []]
    for start in range(0, len(read), steps):
        log_probs, state = engine.read(read[start : start + steps], state)
        for part, values in zip(parts, measured(log_probs, aims[start : start + steps]), strict=True):
            part.append(values)
    surprisals, ranks, entropies = (torch.cat(part).T.tolist() for part in parts)
    rows = zip(surprisals, ranks, entropies, strict=True)
    return [list(zip(*row, strict=True)) for row in rows], state


def measured(log_probs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Surprisal, rank and entropy.

    Args:
        log_probs: (T, B, V) nats.
        targets: (T, B).

    Returns:
        (T, B) surprisal of the target in bits, its rank from 1, entropy of the distribution in bits.
    """
    found = log_probs.gather(-1, targets.to(log_probs.device)[..., None])
    room = torch.empty_like(log_probs)
    ranks = 1 + torch.gt(log_probs, found, out=room).sum(-1).long()
    entropy = -torch.linalg.vecdot(torch.exp(log_probs, out=room), log_probs)
    if not entropy.isfinite().all():  # 0 log 0
        entropy = -torch.linalg.vecdot(room, log_probs.clamp(min=torch.finfo(log_probs.dtype).min))
    return (-found[..., 0] * _BITS).cpu(), ranks.cpu(), (entropy * _BITS).cpu()
