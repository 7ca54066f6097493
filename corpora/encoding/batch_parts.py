"""A batch of sentences in parts, each a batch: what is computed where memory does not reach for the whole."""

from __future__ import annotations

import numpy as np

from tagger.corpora.encoding.batching import Batch


def divided(batch: Batch, parts: int) -> list[Batch]:
    """Parts of like many sentences each: at most so many, and no more than there are sentences."""
    ends = np.cumsum(batch.lengths)
    made = []
    for chosen in np.array_split(np.arange(len(ends)), min(parts, len(ends))):
        lengths = batch.lengths[chosen]
        longest = int(lengths.max())
        types, steps = np.unique(batch.steps[:longest, chosen], return_inverse=True)
        positions = batch.positions[ends[chosen[0]] - lengths[0] : ends[chosen[-1]]]
        steps = steps.reshape(longest, len(chosen))
        made.append(Batch(batch.types[types], batch.hidden[types], steps, lengths, positions))
    return made
