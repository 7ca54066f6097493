"""Locked dropout: one mask a sentence, the right scale, off outside training."""

from __future__ import annotations

import pytest
import torch

from tagger.models.dropout import LockedDropout


@pytest.mark.parametrize("p", [0.2, 0.5])
def test_the_mask_is_the_same_at_all_steps_and_has_the_right_scale(p: float) -> None:
    torch.manual_seed(3)
    masks = LockedDropout(p).train()(torch.ones(7, 40, 50))
    assert torch.equal(masks, masks[:1].expand_as(masks))
    values = masks[0].unique().tolist()
    assert values == pytest.approx([0.0, 1 / (1 - p)])
    assert float(masks[0].mean()) == pytest.approx(1.0, abs=5 * (p / (1 - p) / 2000) ** 0.5)


def test_sentences_have_masks_of_their_own_and_calls_too() -> None:
    torch.manual_seed(3)
    dropout = LockedDropout(0.5).train()
    first, second = dropout(torch.ones(2, 3, 64)), dropout(torch.ones(2, 3, 64))
    assert not torch.equal(first[:, 0], first[:, 1])
    assert not torch.equal(first, second)


def test_it_is_the_identity_in_evaluation_and_at_zero() -> None:
    inputs = torch.randn(4, 2, 8)
    assert LockedDropout(0.9).eval()(inputs) is inputs
    assert LockedDropout(0.0).train()(inputs) is inputs


def test_gradients_pass_through_kept_units_alone() -> None:
    torch.manual_seed(3)
    inputs = torch.ones(4, 2, 8, requires_grad=True)
    outputs = LockedDropout(0.5).train()(inputs)
    outputs.sum().backward()
    assert inputs.grad is not None
    assert torch.equal(inputs.grad, outputs.detach())


def test_it_shows_its_probability() -> None:
    assert repr(LockedDropout(0.25)) == "LockedDropout(p=0.25)"
