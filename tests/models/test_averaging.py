"""The running average against a hand computation."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tagger.models.averaging import AveragedWeights


def one_weight(value: float) -> nn.Linear:
    module = nn.Linear(1, 1, bias=False).double()
    with torch.no_grad():
        module.weight.fill_(value)
    return module


def put(module: nn.Linear, value: float) -> None:
    with torch.no_grad():
        module.weight.fill_(value)


def test_the_average_follows_quickly_at_first() -> None:
    module = one_weight(1.0)
    average = AveragedWeights(module, decay=0.25)
    put(module, 2.0)
    average.update()  # decay (1 + 1) / (10 + 1) = 2 / 11
    put(module, 4.0)
    average.update()  # decay (1 + 2) / (10 + 2) = 3 / 12 = 0.25
    put(module, 8.0)
    average.update()  # decay min(0.25, 4 / 13)
    first = 1.0 * 2 / 11 + 2.0 * 9 / 11
    second = first * 0.25 + 4.0 * 0.75
    third = second * 0.25 + 8.0 * 0.75
    assert average.averages[0].item() == pytest.approx(third, abs=1e-14)


def test_no_decay_keeps_the_last_weights() -> None:
    module = one_weight(1.0)
    average = AveragedWeights(module, decay=0.0)
    put(module, 3.0)
    average.update()
    assert average.averages[0].item() == 3.0


def test_the_module_computes_with_averages_within_the_block_alone() -> None:
    module = one_weight(1.0)
    average = AveragedWeights(module, decay=0.5)
    put(module, 3.0)
    with average.applied():
        assert module.weight.item() == 1.0
    assert (module.weight.item(), average.averages[0].item()) == (3.0, 1.0)
    with pytest.raises(KeyError), average.applied():
        raise KeyError
    assert (module.weight.item(), average.averages[0].item()) == (3.0, 1.0)


def test_frozen_parameters_are_left_alone() -> None:
    module = nn.Linear(2, 2)
    module.bias.requires_grad_(False)
    assert [tuple(a.shape) for a in AveragedWeights(module, 0.9).averages] == [(2, 2)]
