"""The network as generation and scoring use it: streams that read units and tell what may come next."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor

from tagger.corpora.encoding.word_features import WordFeatures
from tagger.models.heads.softmax import Softmax
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
        stack, head = model.encoder.forward_rnn, model.lm_heads["forward_rnn"]
        self.stack = deepcopy(stack).to(dtype) if convert else stack
        self.predict = cast(Softmax, head).predictor(model.words.embedding.weight, dtype)

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
        return self.predict(states)

    def read(self, ids: Tensor, state: StreamState) -> tuple[Tensor, StreamState]:
        """Read (T, B) ids; (T, B, V) log-probabilities of the unit after each, and what is remembered."""
        outputs, after = self.states(ids, state)
        steps, batch = ids.shape
        return self.log_probabilities(outputs.flatten(0, 1)).view(steps, batch, -1), after

    def next(self, ids: Tensor, state: StreamState) -> tuple[Tensor, StreamState]:
        """Read (T, B) ids; (B, V) log-probabilities of the unit after the last, and what is remembered."""
        outputs, after = self.states(ids, state)
        return self.log_probabilities(outputs[-1]), after

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
