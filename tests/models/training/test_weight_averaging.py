"""The running average against hand computations."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tagger.models.training.weight_averaging import AveragedWeights, TriggeredAverage


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
    assert [present.item() for present in average.ema_weights] == [3.0]
    with average.applied():
        assert module.weight.item() == 3.0
    assert module.weight.item() == 3.0


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


def test_nothing_is_averaged_before_the_loss_has_stopped_falling() -> None:
    module = one_weight(1.0)
    average = TriggeredAverage(module, patience=2)
    for value, loss in ((2.0, 9.0), (3.0, 8.0), (4.0, 7.0)):
        put(module, value)
        average.update()
        average.epoch_done(loss)
        assert [present.item() for present in average.ema_weights] == [value]
        with average.applied():
            assert module.weight.item() == value


def test_the_triggered_average_is_the_mean_of_all_weights_since() -> None:
    """Algorithm 1 of Merity et al. 2018: the sum of w_T to w_k over k - T + 1."""
    module = one_weight(1.0)
    average = TriggeredAverage(module, patience=0)
    average.epoch_done(5.0)
    put(module, 4.0)
    average.update()
    average.epoch_done(6.0)  # worse than the best of all epochs before: T is now
    seen = [4.0]
    for value in (10.0, 1.0, -7.0):
        put(module, value)
        average.update()
        seen.append(value)
        assert average.ema_weights[0].item() == pytest.approx(sum(seen) / len(seen), abs=1e-14)
        assert module.weight.item() == value, "the steps go on from the weights, not from their average"
    with average.applied():
        assert module.weight.item() == pytest.approx(2.0, abs=1e-14)
    average.epoch_done(1.0)
    average.epoch_done(99.0)
    put(module, 2.0)
    average.update()
    assert average.ema_weights[0].item() == pytest.approx(2.0, abs=1e-14), "it begins once"


@pytest.mark.parametrize(
    ("patience", "losses", "begins"),
    [
        (2, [9, 8, 7, 6, 5], None),
        (2, [5, 9, 9, 9], 3),  # above the best of more than two epochs ago at the fourth epoch, not before
        (2, [5, 9, 9], None),
        (2, [9, 5, 8, 8, 8], 4),  # at the fourth, 8 is below 9; at the fifth it is above 5
        (2, [5, 5, 5, 5, 5], None),
        (0, [5, 6], 1),
        (1, [5, 6, 6], 2),
    ],
)
def test_when_the_average_begins(patience: int, losses: list[float], begins: int | None) -> None:
    """Merity's ``val_loss > min(best_val_loss[:-nonmono])``, where there are more than nonmono losses before."""
    average = TriggeredAverage(one_weight(1.0), patience)
    begun = []
    for loss in losses:
        average.epoch_done(loss)
        begun.append(bool(average.averages))
    expected = None
    for n, loss in enumerate(losses):
        earlier = losses[: n - patience] if n > patience else []
        if expected is None and earlier and loss > min(earlier):
            expected = n
    assert expected == begins
    assert (begun.index(True) if any(begun) else None) == begins


def test_epochs_without_a_dev_loss_do_not_count() -> None:
    average = TriggeredAverage(one_weight(1.0), 0)
    for loss in (1.0, None, None):
        average.epoch_done(loss)
    assert not average.averages
