"""What may come next, as far as it has been computed: rare units only when somebody asks for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from tagger.generation.interfaces import State, UnitPredictor

LogProbs: TypeAlias = np.ndarray
Rows: TypeAlias = np.ndarray


class Prospects(Protocol):
    """Distributions over the next unit of B streams.

    Attributes:
        bounds: ids below the first are frequent units; from each to the next reaches a cluster of rarer ones. The last
            is V.
        near: (B, bounds[0] + clusters) log-probabilities (nats) of the frequent units, then of entering each cluster.
    """

    @property
    def bounds(self) -> Sequence[int]:
        """See there."""

    @property
    def near(self) -> LogProbs:
        """See there."""

    def whole(self, rows: Rows) -> LogProbs:
        """(len(rows), V) log-probabilities of all units in some streams; ``rows`` are int64."""


@runtime_checkable
class LooksAhead(Protocol):
    """A predictor that can leave rare units for later."""

    def prospects(self, ids: Tensor, state: State, *, repeat: int = 1) -> tuple[Prospects, State]:
        """As ``next_prospects``."""


class WholeProspects:
    """All that is known is known already.

    Args:
        log_probs: (B, V).
    """

    def __init__(self, log_probs: Tensor) -> None:
        self.near: LogProbs = log_probs.detach().cpu().numpy()
        self.bounds = (self.near.shape[1],)

    def whole(self, rows: Rows) -> LogProbs:
        """See ``Prospects``."""
        return np.asarray(self.near[rows])


def next_prospects(engine: UnitPredictor, ids: Tensor, state: State, *, repeat: int = 1) -> tuple[Prospects, State]:
    """As ``engine.next``, with rare units left for later where the engine can.

    Args:
        engine: predicts.
        ids: (T, B).
        state: before them.
        repeat: how often each of the B streams is to follow itself.
    """
    if isinstance(engine, LooksAhead):
        return engine.prospects(ids, state, repeat=repeat)
    log_probs, state = engine.next(ids, state)
    rows = torch.arange(len(log_probs)).repeat_interleave(repeat)
    return WholeProspects(log_probs[rows]), state if repeat == 1 else engine.pick(state, rows)
