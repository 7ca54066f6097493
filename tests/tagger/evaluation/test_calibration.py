"""The temperature against a fine grid, and what it must not change."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from tagger.evaluation.calibration import apply_temperature, best_temperature


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("sharpness", [0.3, 1.0, 4.0])
def test_temperature_is_the_best_of_a_grid(seed: int, sharpness: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    honest = 2 * torch.randn(3000, 6, generator=generator)
    targets = torch.multinomial(honest.softmax(1), 1, generator=generator).squeeze(1)
    logits = sharpness * honest
    grid = [math.exp(x / 200) for x in range(-400, 401)]
    best = min(grid, key=lambda t: float(cross_entropy(logits.double() / t, targets)))
    assert best_temperature(logits, targets) == pytest.approx(best, rel=0.01)
    assert best_temperature(logits, targets) == pytest.approx(sharpness, rel=0.1)


def test_steps_without_a_label_do_not_count() -> None:
    logits = torch.tensor([[2.0, 0.0], [0.0, 2.0], [9.0, 0.0]])
    with_gap = torch.tensor([0, 0, -1])
    assert best_temperature(logits, with_gap) == best_temperature(logits[:2], with_gap[:2])
    assert best_temperature(logits, torch.tensor([-1, -1, -1])) == 1.0


def test_applied_temperature_divides_scores_and_keeps_tags() -> None:
    head = nn.Linear(4, 3)
    states = torch.randn(50, 4)
    before = head(states)
    apply_temperature(head, 2.5)
    torch.testing.assert_close(head(states), before / 2.5)
    assert torch.equal(head(states).argmax(1), before.argmax(1))


@pytest.mark.parametrize("number", [5, 33, 400])
def test_few_labels_without_an_error_leave_doubt(number: int) -> None:
    # Two labels with equal margins: the best probability is the smoothed share (N + 1) / (N + 2).
    logits, targets = torch.tensor([[3.0, 0.0]] * number), torch.zeros(number, dtype=torch.int64)
    confidence = float((logits[0] / best_temperature(logits, targets)).softmax(0)[0])
    assert confidence == pytest.approx((number + 1) / (number + 2), abs=1e-3)
