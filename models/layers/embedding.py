"""Tables of vectors."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def make_embedding(
    rows: int, size: int, *, spread: float | None = None, padding_idx: int | None = None
) -> nn.Embedding:
    """Make a table of normally distributed vectors; on the meta device only its shape.

    Drawing on the meta device would import a second's worth of code that nothing else here needs.

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


ROWS = 32
"""The multiple to which numbers of rows are filled up: oneDNN compiles code for each new number of rows, which takes as
long as the products themselves, and keeps two megabytes of it."""


def pad_to_multiple(rows: Tensor) -> Tensor:
    """Add zeros to (n,) row numbers until ``ROWS`` divides their number."""
    return torch.cat([rows, rows.new_zeros(-len(rows) % ROWS)])
