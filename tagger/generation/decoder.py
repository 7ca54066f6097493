"""Run a language model token by token: streams read tokens and predict the next one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, cast

import numpy as np
import torch
from torch import Tensor

from tagger.corpora.encoding.word_features import WordFeatures
from tagger.models.heads.softmax import Softmax
from tagger.models.layers.recurrence import State as LayerState
from tagger.models.networks.multi_head_network import Network
from tagger.training.objective import word_tensors

CHUNK = 4096


State: TypeAlias = Any
"""What a network remembers of B streams; only the predictor looks inside."""


class TokenPredictor(Protocol):
    """Reads tokens and predicts the next one. Callers begin with one ``<eos>``."""

    @property
    def size(self) -> int:
        """V, tokens in the vocabulary."""

    def start(self, batch: int) -> State:
        """Return the state of B streams that have read nothing."""

    def read(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """Read (T, B) ids: (T, B, V) float32 log-probabilities (nats) of the token after each, and the new state."""

    def next(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """Read (T, B) ids: (B, V) log-probabilities of the token after the last, and the new state."""

    def next_tokens(self, ids: Tensor, state: State) -> tuple[NextTokens, State]:
        """Read (T, B) ids: as ``next``, but rare tokens are computed on demand."""

    def pick(self, state: State, rows: Tensor) -> State:
        """Return the state of the streams ``rows`` (B'), which may repeat."""


@dataclass(frozen=True, slots=True)
class NextTokens:
    """Distributions of the next token of B streams; rare tokens are computed on demand.

    Args:
        bounds: ids at which the frequent tokens and each cluster of rare ones end; the last is V.
        head: (B, frequent + clusters) log-probabilities (nats) of the frequent tokens, then of entering each cluster.
        full: computes the (N, V) log-probabilities of N streams from their numbers.
    """

    bounds: Sequence[int]
    head: np.ndarray
    full: Callable[[np.ndarray], np.ndarray]

    @classmethod
    def known(cls, log_probs: np.ndarray) -> NextTokens:
        """Make distributions whose (B, V) log-probabilities are all known."""
        return cls([log_probs.shape[1]], log_probs, lambda rows: np.asarray(log_probs[rows]))

    def repeated(self, number: int) -> NextTokens:
        """Repeat the distribution of a single stream."""
        return NextTokens(self.bounds, self.head.repeat(number, axis=0), lambda rows: self.full(np.zeros_like(rows)))


@dataclass(frozen=True, slots=True)
class StreamState:
    """States of B streams.

    Args:
        batch: B.
        layers: of each layer; None before anything was read.
    """

    batch: int
    layers: Sequence[LayerState] | None = None


class LanguageEngine:
    """Runs the forward RNN of a language model and its head.

    The vectors of all tokens are computed once, when the engine is made.

    Args:
        model: a network with a language-model head.
        features: how tokens become numbers.
        size: V, tokens that can be predicted.
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
        self.bounds = self.predict.bounds

    def start(self, batch: int) -> StreamState:
        """Return the state of B streams that have read nothing."""
        return StreamState(batch)

    @torch.inference_mode()
    def states(self, ids: Tensor, state: StreamState) -> tuple[Tensor, StreamState]:
        """Read (T, B) int64 ids: (T, B, H) outputs of the last layer, and the new state."""
        vectors = self.table[ids.to(self.device)]
        if len(ids) > 1 or state.layers is None:
            outputs, layers = self.stack.read(vectors, state.layers)
        else:
            outputs, layers = self.stack.step(vectors, state.layers)
        return outputs, StreamState(state.batch, layers)

    @torch.inference_mode()
    def log_probabilities(self, states: Tensor) -> Tensor:
        """Return (N, V) float32 log-probabilities (nats) of the next token, from (N, H) outputs."""
        return self.predict(states)

    def read(self, ids: Tensor, state: StreamState) -> tuple[Tensor, StreamState]:
        """See ``TokenPredictor``."""
        outputs, after = self.states(ids, state)
        steps, batch = ids.shape
        return self.log_probabilities(outputs.flatten(0, 1)).view(steps, batch, -1), after

    def next(self, ids: Tensor, state: StreamState) -> tuple[Tensor, StreamState]:
        """See ``TokenPredictor``."""
        outputs, after = self.states(ids, state)
        return self.log_probabilities(outputs[-1]), after

    @torch.inference_mode()
    def next_tokens(self, ids: Tensor, state: StreamState) -> tuple[NextTokens, StreamState]:
        """See ``TokenPredictor``."""
        outputs, after = self.states(ids, state)
        last = outputs[-1]
        head = self.predict.head(last)

        def full(rows: np.ndarray) -> np.ndarray:
            with torch.inference_mode():
                chosen = torch.from_numpy(rows).to(head.device)
                return np.asarray(self.predict.complete(last[chosen], head[chosen]).cpu())

        return NextTokens(self.bounds, head.cpu().numpy(), full), after

    def pick(self, state: StreamState, rows: Tensor) -> StreamState:
        """See ``TokenPredictor``; ``rows`` are int64."""
        if state.layers is None:
            return StreamState(len(rows))
        return StreamState(len(rows), [tuple(part[:, rows] for part in layer) for layer in state.layers])


@torch.inference_mode()
def _vectors(model: Network, features: WordFeatures, size: int, device: torch.device) -> Tensor:
    """Compute the (V, D) vectors of all tokens."""
    words = features.vocabulary.words[:size]
    parts = [
        model.words(*word_tensors(features.encode(words[start : start + CHUNK]), device))
        for start in range(0, size, CHUNK)
    ]
    return torch.cat(parts)
