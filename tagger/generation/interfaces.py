"""What generation and scoring need of a language model, whatever network is behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from tagger.corpora.encoding.vocabulary import Vocabulary
from tagger.corpora.tokenization.passages import TextSegment

State: TypeAlias = Any
"""What the network remembers of B streams; only the predictor looks inside."""


class TokenPredictor(Protocol):
    """Reads units and predicts the next one. Before the first sentence callers read one ``<eos>``."""

    @property
    def size(self) -> int:
        """V."""

    def start(self, batch: int) -> State:
        """The state of B streams that have read nothing."""

    def read(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """Read (T, B) ids; (T, B, V) float32 log-probabilities (nats) of the unit after each, and the new state."""

    def next(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """Read (T, B) ids; (B, V) log-probabilities after the last of them, and the new state."""

    def pick(self, state: State, rows: Tensor) -> State:
        """The state of the streams ``rows`` (B'), which may repeat."""


class TokenCodec(Protocol):
    """The part of ``tagger.corpora.subwords.base.SubwordTokenizer`` that is needed here.

    Attributes:
        vocabulary: words, pieces or characters by id.
        kind: "word", "bpe" or "char".
        end: id of ``<eos>``.
    """

    @property
    def vocabulary(self) -> Vocabulary:
        """See class."""

    @property
    def kind(self) -> str:
        """See class."""

    @property
    def end(self) -> int:
        """See class."""

    def encode(self, passage: TextSegment) -> tuple[list[int], list[int]]:
        """Unit ids without the end, and the number of the word that each belongs to."""

    def symbols(self, ids: Sequence[int]) -> list[str]:
        """The units as strings."""

    def decode(self, ids: Sequence[int]) -> str:
        """Readable text."""


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


def next_prospects(engine: TokenPredictor, ids: Tensor, state: State, *, repeat: int = 1) -> tuple[Prospects, State]:
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
