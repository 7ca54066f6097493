"""Tables of vectors."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def make_embedding(
    rows: int, size: int, *, spread: float | None = None, padding_idx: int | None = None
) -> nn.Embedding:
    """A table of normally distributed vectors; on the meta device, where there is no memory for them, just the shape.

    (Drawing on the meta device would import a second's worth of code that nothing else here needs.)

    Args:
        rows: vectors.
        size: E of each.
        spread: standard deviation; 1 if None.
        padding_idx: of a row that stays zero.
    """
    if torch.get_default_device().type == "meta":
        return nn.Embedding(rows, size, padding_idx, _weight=torch.empty(rows, size))
    table = nn.Embedding(rows, size, padding_idx)
    if spread is not None:
        nn.init.normal_(table.weight, std=spread)
    return table


GRAIN = 32
"""Rows are filled up to a multiple of it: for each number of rows that it has not met oneDNN writes machine code, which
takes as long as the products themselves, and keeps two megabytes of it."""


def pad_to_multiple(rows: Tensor) -> Tensor:
    """(n,) numbers of rows, and so many zeros that ``GRAIN`` divides the whole."""
    return torch.cat([rows, rows.new_zeros(-len(rows) % GRAIN)])
