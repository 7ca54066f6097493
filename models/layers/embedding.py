"""Tables of vectors."""

from __future__ import annotations

import torch
from torch import nn


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
