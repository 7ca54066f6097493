"""Softmax over V tokens, in full or by clusters of rare ones; its loss keeps no scores."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, log_softmax

from tagger.models.layers.embedding import pad_to_multiple

LARGEST_BLOCK = 4_000_000
"""Scores held at a time while a loss is computed: 8 MB in bfloat16."""
TINY = 1e-30


def softmax_loss(states: Tensor, table: Tensor, bias: Tensor, targets: Tensor) -> Tensor:
    """Sum the cross-entropy of the softmax over ``states @ table.T + bias`` over steps.

    Value and gradients are those of ``cross_entropy(linear(states, table, bias), targets, reduction="sum")``, computed
    in one go, block by block: the (N, V) scores are never kept. Under autocast the products and the softmax are those
    of bfloat16.

    Args:
        states: (N, E).
        table: (V, E), a row a token.
        bias: (V,).
        targets: (at most N,) int64; states beyond them are padding.

    Returns:
        A scalar in nats.
    """
    loss: Tensor = _SoftmaxLoss.apply(states, table, bias, targets)  # type: ignore[no-untyped-call]
    return loss


class _SoftmaxLoss(torch.autograd.Function):
    """A loss whose gradient, probabilities less the targets, is known as soon as its value."""

    @staticmethod
    def forward(ctx: Any, states: Tensor, table: Tensor, bias: Tensor, targets: Tensor) -> Tensor:
        kind = states.device.type
        half = torch.is_autocast_enabled(kind)
        with torch.autocast(kind, enabled=False):
            dtype = torch.bfloat16 if half else states.dtype
            rows, weights, offsets = states.to(dtype), table.to(dtype), bias.to(dtype)
            nats = torch.zeros((), dtype=bias.dtype, device=bias.device)
            gradients = torch.empty_like(rows), torch.zeros_like(table), torch.zeros_like(bias)
            size = max(1, LARGEST_BLOCK // max(1, len(table)))
            for start in range(0, len(rows), size):
                block, wanted = rows[start : start + size], targets[start : start + size].unsqueeze(1)
                scores = torch.softmax(linear(block, weights, offsets), 1)
                known = scores[: len(wanted)]
                chosen = known.gather(1, wanted)
                nats -= chosen.to(nats.dtype).clamp_min(TINY).log().sum()
                known.scatter_(1, wanted, chosen - 1)
                scores[len(wanted) :] = 0
                gradients[0][start : start + size] = scores @ weights
                gradients[1].add_(scores.t() @ block)
                gradients[2].add_(scores.sum(0, dtype=bias.dtype))
        ctx.save_for_backward(gradients[0].to(states.dtype), *gradients[1:])
        return nats

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:
        return (*(gradient * upstream[0].to(gradient.dtype) for gradient in ctx.saved_tensors), None)


class LogProbabilities:
    """Log-probabilities of all tokens, from copies of a head's weights that suit few states at a time.

    Products with matrices whose columns lie together are up to twice as fast then.

    Args:
        head: gives the projection of states and the bias.
        table: rows that states are compared with: of frequent tokens, then of clusters.
        size: V.
        clusters: of each cluster of rare tokens the narrow projection, the table and the bias.
        dtype: of the products.
    """

    def __init__(
        self,
        head: FullSoftmax | AdaptiveSoftmax,
        table: Tensor,
        size: int,
        clusters: Sequence[tuple[Tensor, ...]],
        dtype: torch.dtype,
    ) -> None:
        projection = head.projection
        self.projection = _columns_first(projection.weight, dtype) if isinstance(projection, nn.Linear) else None
        self.table, self.bias = _columns_first(table, dtype), _columns_first(head.bias, dtype)
        self.size = size
        self.clusters = [[_columns_first(weight, dtype) for weight in weights] for weights in clusters]

    @property
    def bounds(self) -> list[int]:
        """Ids at which the frequent tokens and each cluster of rare ones end; the last is V."""
        frequent = len(self.table) - len(self.clusters)
        return list(accumulate((len(rare) for _, rare, _ in self.clusters), initial=frequent))

    def __call__(self, states: Tensor) -> Tensor:
        """Return (N, V) natural logarithms, float32 or better, from (N, H) states."""
        return self.complete(states, self.head(states))

    def head(self, states: Tensor) -> Tensor:
        """Return log-probabilities of the frequent tokens, then of entering each cluster: (N, frequent + clusters)."""
        return log_softmax(_wide(linear(self._projected(states), self.table, self.bias)), 1)

    def complete(self, states: Tensor, head: Tensor) -> Tensor:
        """Return (N, V) log-probabilities, given those that ``head`` returned."""
        if not self.clusters:
            return head
        states = self._projected(states)
        frequent = head.shape[1] - len(self.clusters)
        log_probs = head.new_empty(len(states), self.size)
        log_probs[:, :frequent] = head[:, :frequent]
        start = frequent
        for column, (narrow, rare, bias) in enumerate(self.clusters, frequent):
            scores = log_softmax(_wide(linear(linear(states, narrow), rare, bias)), 1)
            end = start + len(rare)
            torch.add(scores, head[:, column, None], out=log_probs[:, start:end])
            start = end
        return log_probs

    def _projected(self, states: Tensor) -> Tensor:
        return states if self.projection is None else linear(states, self.projection)


def _columns_first(weights: Tensor, dtype: torch.dtype) -> Tensor:
    weights = weights.detach().to(dtype)
    return weights.t().contiguous().t()


class FullSoftmax(nn.Module):
    """Scores of every token at every step.

    Args:
        input_size: H of the states.
        num_predicted: V.
        size: E of the table of tokens; states are projected to it where H differs.
        tied: whether the table is the word embedding (Press and Wolf 2017; Inan et al. 2017), handed in at each call.
    """

    def __init__(self, *, input_size: int, num_predicted: int, size: int, tied: bool) -> None:
        super().__init__()
        self.num_predicted = num_predicted
        self.projection = nn.Identity() if input_size == size else nn.Linear(input_size, size, bias=False)
        self.weight = None if tied else nn.Parameter(torch.empty(num_predicted, size).uniform_(-0.1, 0.1))
        self.bias = nn.Parameter(torch.zeros(num_predicted))

    def start_from(self, frequencies: Tensor) -> None:
        """Set the biases to the logarithms of (V,) relative frequencies, so that training starts from unigrams."""
        self.bias.data.copy_(frequencies.clamp_min(1e-9).log())

    def loss(self, states: Tensor, targets: Tensor, embedding: Tensor) -> Tensor:
        """Sum the cross-entropy in nats.

        Args:
            states: (N, H).
            targets: (N,) int64, less than V.
            embedding: (at least V, E) word embedding; its first V rows are the tokens, where tied.
        """
        return softmax_loss(self.projection(states), self.table(embedding), self.bias, targets)

    def predictor(self, embedding: Tensor, dtype: torch.dtype = torch.float32) -> LogProbabilities:
        """Prepare the prediction of the next token, with products of type `dtype`; `embedding` as for ``loss``."""
        return LogProbabilities(self, self.table(embedding), self.num_predicted, [], dtype)

    def table(self, embedding: Tensor) -> Tensor:
        """Return the rows that states are compared with; `embedding` as for ``loss``."""
        return embedding[: self.num_predicted] if self.weight is None else self.weight


class AdaptiveSoftmax(nn.Module):
    """Scores of frequent tokens at every step, of rare ones by clusters when needed (Grave et al. 2017).

    Ids go from frequent to rare. A head scores the first ``cutoffs[0]`` tokens and the clusters; the tokens of cluster
    i are scored against a projection of the state to E / 4**i dimensions, at least 16.

    Args:
        input_size: H of the states.
        num_predicted: V.
        size: E.
        cutoffs: where the head and each cluster but the last end, rising, less than V.
        tied: whether the rows of the head are those of the word embedding.
    """

    def __init__(self, *, input_size: int, num_predicted: int, size: int, cutoffs: Sequence[int], tied: bool) -> None:
        super().__init__()
        self.num_predicted = num_predicted
        self.bounds = [*cutoffs, num_predicted]
        self.projection = nn.Identity() if input_size == size else nn.Linear(input_size, size, bias=False)
        own = len(cutoffs) if tied else cutoffs[0] + len(cutoffs)
        self.tied = tied
        self.weight = nn.Parameter(torch.empty(own, size).uniform_(-0.1, 0.1))
        self.bias = nn.Parameter(torch.zeros(cutoffs[0] + len(cutoffs)))
        widths = [max(16, size // 4 ** (i + 1)) for i in range(len(cutoffs))]
        self.narrow = nn.ModuleList(nn.Linear(size, width, bias=False) for width in widths)
        self.rare = nn.ParameterList(
            nn.Parameter(torch.empty(end - start, width).uniform_(-0.1, 0.1))
            for (start, end), width in zip(pairwise(self.bounds), widths, strict=True)
        )
        self.rare_bias = nn.ParameterList(
            nn.Parameter(torch.zeros(end - start)) for start, end in pairwise(self.bounds)
        )

    def start_from(self, frequencies: Tensor) -> None:
        """Set the biases as ``FullSoftmax.start_from``."""
        logs = frequencies.clamp_min(1e-9)
        parts = [logs[start:end] for start, end in pairwise(self.bounds)]
        self.bias.data.copy_(torch.cat([logs[: self.bounds[0]], torch.stack([p.sum() for p in parts])]).log())
        for bias, part in zip(self.rare_bias, parts, strict=True):
            bias.data.copy_((part / part.sum()).log())

    def loss(self, states: Tensor, targets: Tensor, embedding: Tensor) -> Tensor:
        """Sum the cross-entropy as ``FullSoftmax.loss``."""
        states = self.projection(states)
        heads = targets.clone()
        total = torch.zeros((), dtype=states.dtype, device=states.device)
        for i, (start, end) in enumerate(pairwise(self.bounds)):
            inside = (targets >= start) & (targets < end)
            heads[inside] = self.bounds[0] + i
            rows = inside.nonzero().squeeze(1)
            if len(rows):
                narrow = self.narrow[i](states[pad_to_multiple(rows)])
                total = total + softmax_loss(narrow, self.rare[i], self.rare_bias[i], targets[rows] - start)
        return total + softmax_loss(states, self.table(embedding), self.bias, heads)

    def predictor(self, embedding: Tensor, dtype: torch.dtype = torch.float32) -> LogProbabilities:
        """Prepare the prediction as ``FullSoftmax.predictor``."""
        narrow = [cast(nn.Linear, projection).weight for projection in self.narrow]
        clusters = list(zip(narrow, self.rare, self.rare_bias, strict=True))
        return LogProbabilities(self, self.table(embedding), self.num_predicted, clusters, dtype)

    def table(self, embedding: Tensor) -> Tensor:
        """Return the rows of the head, frequent tokens and clusters; `embedding` as for ``FullSoftmax.loss``."""
        return torch.cat([embedding[: self.bounds[0]], self.weight]) if self.tied else self.weight


def _wide(scores: Tensor) -> Tensor:
    return scores.float() if scores.dtype == torch.bfloat16 else scores


Softmax = FullSoftmax | AdaptiveSoftmax
