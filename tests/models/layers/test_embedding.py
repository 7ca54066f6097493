from __future__ import annotations

import pytest
import torch
from torch import nn

from tagger.models.layers.embedding import make_embedding


@pytest.mark.parametrize(("spread", "expected"), [(None, 1.0), (0.25, 0.25)])
def test_vectors_are_normally_distributed(spread: float | None, expected: float) -> None:
    torch.manual_seed(1)
    table = make_embedding(400, 500, spread=spread)
    assert table.weight.std().item() == pytest.approx(expected, rel=0.01)
    assert table.weight.mean().item() == pytest.approx(0, abs=0.01)


def test_the_row_of_padding_is_zero() -> None:
    table = make_embedding(5, 3, padding_idx=0)
    assert not table.weight[0].any()
    assert table.weight[1:].all()
    assert table.padding_idx == 0


def test_without_memory_there_is_a_shape() -> None:
    """Nothing is drawn: the random numbers that come next are the same."""
    torch.manual_seed(1)
    expected = torch.randn(3)
    torch.manual_seed(1)
    with torch.device("meta"):
        table = make_embedding(10**9, 10**6, spread=0.1, padding_idx=0)
    assert table.weight.is_meta
    assert isinstance(table.weight, nn.Parameter)
    assert tuple(table.weight.shape) == (10**9, 10**6)
    assert table.padding_idx == 0
    assert torch.equal(torch.randn(3), expected)
