"""Numbers of rows that vary from product to product, filled up to a few sizes."""

from __future__ import annotations

import torch
from torch import Tensor

GRAIN = 32
"""Rows are filled up to a multiple of it: for each number of rows that it has not met oneDNN writes machine code, which
takes as long as the products themselves, and keeps two megabytes of it."""


def filled_up(rows: Tensor) -> Tensor:
    """(n,) numbers of rows, and so many zeros that ``GRAIN`` divides the whole."""
    return torch.cat([rows, rows.new_zeros(-len(rows) % GRAIN)])
