"""Batches of sentences of similar length under a token budget."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tagger.corpora.encoding.encoded_split import EncodedSplit

POOL = 100
"""Number of batches whose sentences are sorted together: still random, and 95 % of the steps are real."""


@dataclass(frozen=True, slots=True)
class Batch:
    """B sentences, padded on the right to T steps; N real steps, U distinct words.

    Args:
        types: (U,) int64 rows of the split's distinct words.
        hidden: (U,) bool, words whose embedding word dropout hides.
        steps: (T, B) int64, the number of the word at each step; 0 in the padding.
        lengths: (B,) int64.
        positions: (N,) int64, positions of the real steps in the split, sentence after sentence.
    """

    types: np.ndarray
    hidden: np.ndarray
    steps: np.ndarray
    lengths: np.ndarray
    positions: np.ndarray


def plan(lengths: np.ndarray, batch_tokens: int, rng: np.random.Generator | None = None) -> list[np.ndarray]:
    """Divide sentences into batches of at most ``batch_tokens`` padded steps (one sentence at least).

    Args:
        lengths: (S,) tokens of each sentence.
        batch_tokens: largest number of steps of a batch, padding included.
        rng: shuffles sentences before pooling and batches after it; None sorts all sentences by length.

    Returns:
        Sentence numbers of each batch; each sentence that has words occurs exactly once.
    """
    filled = np.flatnonzero(lengths)
    if rng is None:
        return list(_cut(filled[np.argsort(-lengths[filled], kind="stable")], lengths, batch_tokens))
    order = rng.permutation(filled)
    pool = max(1, int(POOL * batch_tokens / float(lengths[filled].mean()))) if len(filled) else 1
    batches: list[np.ndarray] = []
    for start in range(0, len(order), pool):
        part = order[start : start + pool]
        batches += _cut(part[np.argsort(-lengths[part], kind="stable")], lengths, batch_tokens)
    return [batches[i] for i in rng.permutation(len(batches))]


def _cut(order: np.ndarray, lengths: np.ndarray, batch_tokens: int) -> Iterator[np.ndarray]:
    """Cut sentences, sorted from long to short, where the budget is full."""
    start = 0
    while start < len(order):
        size = max(1, batch_tokens // int(lengths[order[start]]))
        yield order[start : start + size]
        start += size


def assemble(
    split: EncodedSplit,
    sentences: Sequence[int] | np.ndarray,
    hide: np.ndarray | None = None,
    rng: np.random.Generator | None = None,
) -> Batch:
    """Lay out a batch of sentences, chosen by their numbers in the split.

    With `hide`, the (U,) probabilities of word dropout for the distinct words of the split, `rng` draws the hidden
    tokens.
    """
    chosen = np.asarray(sentences)
    lengths = split.offsets[chosen + 1] - split.offsets[chosen]
    steps = int(lengths.max(initial=0))
    grid = np.arange(steps)[None, :] < lengths[:, None]  # (B, T)
    positions = (split.offsets[chosen][:, None] + np.arange(steps)[None, :])[grid]  # (N,)
    types = split.type_ids[positions]
    hidden = np.zeros(len(types), dtype=bool) if hide is None or rng is None else rng.random(len(types)) < hide[types]
    keys, rows = np.unique(types * 2 + hidden, return_inverse=True)
    table = np.zeros(grid.shape, dtype=np.int64)
    table[grid] = rows
    return Batch(keys // 2, keys % 2 == 1, np.ascontiguousarray(table.T), lengths, positions)


def divided(batch: Batch, parts: int) -> list[Batch]:
    """Divide a batch into at most ``parts`` batches with about the same number of sentences."""
    ends = np.cumsum(batch.lengths)
    batches = []
    for chosen in np.array_split(np.arange(len(ends)), min(parts, len(ends))):
        lengths = batch.lengths[chosen]
        longest = int(lengths.max())
        types, steps = np.unique(batch.steps[:longest, chosen], return_inverse=True)
        positions = batch.positions[ends[chosen[0]] - lengths[0] : ends[chosen[-1]]]
        steps = steps.reshape(longest, len(chosen))
        batches.append(Batch(batch.types[types], batch.hidden[types], steps, lengths, positions))
    return batches
