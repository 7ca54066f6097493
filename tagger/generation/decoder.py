"""The network as generation and scoring use it: streams that read units and tell what may come next."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor

from tagger.corpora.encoding.word_features import WordFeatures
from tagger.models.heads.softmax import AdaptiveSoftmax, Softmax
from tagger.models.layers.recurrence import State as LayerState
from tagger.models.networks.multi_head_network import Network
from tagger.training.objective import word_tensors

CHUNK = 4096


@dataclass(frozen=True, slots=True)
class StreamState:
    """What B streams remember; None before anything was read.

    Args:
        batch: B.
        layers: of each layer.
    """

    batch: int
    layers: Sequence[LayerState] | None = None


class HeadProspects:
    """``tagger.generation.interfaces.Prospects`` out of a head that can score rare units later.

    Args:
        head: of the network.
        table: what it compares states with.
        states: (B, H).
    """

    def __init__(self, head: Softmax, table: Tensor, states: Tensor) -> None:
        self.bounds = head.bounds
        self._head, self._states = head, states
        self._frequent = head.frequent(states, table)
        self.near: np.ndarray = self._frequent.cpu().numpy()

    @torch.inference_mode()
    def whole(self, rows: np.ndarray) -> np.ndarray:
        """(len(rows), V) log-probabilities of all units in some streams."""
        chosen = torch.from_numpy(rows).to(self._states.device)
        found: np.ndarray = self._head.complete(self._states[chosen], self._frequent[chosen]).cpu().numpy()
        return found


class LanguageEngine:
    """Runs the forward stack and its head.

    Every unit is represented once, when the engine is made.

    Args:
        model: with a language-model head.
        features: of the units.
        size: V.
        device: where to compute.
        dtype: of the products: float32, or bfloat16 on processors that multiply it natively.
    """

    def __init__(
        self,
        model: Network,
        features: WordFeatures,
        size: int,
        *,
        device: torch.device,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.size = size
        self.device = device
        self.dtype = dtype
        model = model.to(device).eval()
        self.table = _vectors(model, features, size, device).to(dtype)
        convert = dtype != torch.float32
        stack, head = model.encoder.ahead, model.language["ahead"]
        self.stack = deepcopy(stack).to(dtype) if convert else stack
        self.head = _for_few_rows(cast(Softmax, deepcopy(head).to(dtype)))
        self.rows = _columns_first(self.head.table(model.words.words.weight[:size].to(dtype)).detach())

    def start(self, batch: int) -> StreamState:
        """B streams that have read nothing."""
        return StreamState(batch)

    @torch.inference_mode()
    def states(self, ids: Tensor, state: StreamState) -> tuple[Tensor, StreamState]:
        """Read (T, B) ids, int64; (T, B, H) states of the last layer, and what is remembered."""
        vectors = self.table[ids.to(self.device)]
        if len(ids) > 1 or state.layers is None:
            outputs, layers = self.stack.read(vectors, state.layers)
        else:
            outputs, layers = self.stack.step(vectors, state.layers)
        return outputs, StreamState(state.batch, layers)

    @torch.inference_mode()
    def log_probabilities(self, states: Tensor) -> Tensor:
        """(N, V) float32 natural logarithms of the probability of each unit to come next, from (N, H) states."""
        return self.head.log_probabilities(states, self.rows)

    def read(self, ids: Tensor, state: StreamState) -> tuple[Tensor, StreamState]:
        """Read (T, B) ids; (T, B, V) log-probabilities of the unit after each, and what is remembered."""
        outputs, after = self.states(ids, state)
        steps, batch = ids.shape
        return self.log_probabilities(outputs.flatten(0, 1)).view(steps, batch, -1), after

    def next(self, ids: Tensor, state: StreamState) -> tuple[Tensor, StreamState]:
        """Read (T, B) ids; (B, V) log-probabilities of the unit after the last, and what is remembered."""
        outputs, after = self.states(ids, state)
        return self.log_probabilities(outputs[-1]), after

    @torch.inference_mode()
    def prospects(self, ids: Tensor, state: StreamState, *, repeat: int = 1) -> tuple[HeadProspects, StreamState]:
        """As ``next``, with rare units left for later and each of the streams repeated."""
        outputs, after = self.states(ids, state)
        last = outputs[-1]
        if repeat > 1:
            rows = torch.arange(len(last)).repeat_interleave(repeat)
            last, after = last[rows], self.pick(after, rows)
        return HeadProspects(self.head, self.rows, last), after

    def pick(self, state: StreamState, rows: Tensor) -> StreamState:
        """The streams ``rows``, (B') int64: fewer, in another order, or several times the same."""
        if state.layers is None:
            return StreamState(len(rows))
        return StreamState(len(rows), [tuple(part[:, rows] for part in layer) for layer in state.layers])


@torch.inference_mode()
def _vectors(model: Network, features: WordFeatures, size: int, device: torch.device) -> Tensor:
    """(V, D) vectors of the units."""
    words = features.vocabulary.words[:size]
    parts = [
        model.words(*word_tensors(features.encode(words[start : start + CHUNK]), device))
        for start in range(0, size, CHUNK)
    ]
    return torch.cat(parts)


def _for_few_rows(head: Softmax) -> Softmax:
    """The head with its largest matrices laid out for products with a few states at a time: up to twice as fast."""
    if isinstance(head, AdaptiveSoftmax):
        for matrix in head.rare:
            matrix.data = _columns_first(matrix.data)
    return head


def _columns_first(matrix: Tensor) -> Tensor:
    return matrix.t().contiguous().t()
