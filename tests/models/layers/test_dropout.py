"""Dropout: one mask a sentence, a step or a word, the right scale, off outside training."""

from __future__ import annotations

import pytest
import torch

from tagger.models.layers.dropout import Dropout, dropped


@pytest.mark.parametrize("p", [0.2, 0.5])
def test_the_mask_is_the_same_at_all_steps_and_has_the_right_scale(p: float) -> None:
    torch.manual_seed(3)
    masks = Dropout(p, locked=True).train()(torch.ones(7, 40, 50))
    assert torch.equal(masks, masks[:1].expand_as(masks))
    values = masks[0].unique().tolist()
    assert values == pytest.approx([0.0, 1 / (1 - p)])
    assert float(masks[0].mean()) == pytest.approx(1.0, abs=5 * (p / (1 - p) / 2000) ** 0.5)


def test_sentences_have_masks_of_their_own_and_calls_too() -> None:
    torch.manual_seed(3)
    dropout = Dropout(0.5, locked=True).train()
    first, second = dropout(torch.ones(2, 3, 64)), dropout(torch.ones(2, 3, 64))
    assert not torch.equal(first[:, 0], first[:, 1])
    assert not torch.equal(first, second)


def test_it_is_the_identity_in_evaluation_and_at_zero() -> None:
    inputs = torch.randn(4, 2, 8)
    assert Dropout(0.9, locked=True).eval()(inputs) is inputs
    assert Dropout(0.0, locked=True).train()(inputs) is inputs


def test_gradients_pass_through_kept_units_alone() -> None:
    torch.manual_seed(3)
    inputs = torch.ones(4, 2, 8, requires_grad=True)
    outputs = Dropout(0.5, locked=True).train()(inputs)
    outputs.sum().backward()
    assert inputs.grad is not None
    assert torch.equal(inputs.grad, outputs.detach())


def test_it_shows_its_probability() -> None:
    assert repr(Dropout(0.25, locked=True)) == "Dropout(p=0.25, locked=True)"


@pytest.mark.parametrize("locked", [True, False])
def test_the_two_kinds(locked: bool) -> None:
    torch.manual_seed(3)
    masks = Dropout(0.5, locked=locked).train()(torch.ones(7, 40, 50))
    assert torch.equal(masks, masks[:1].expand_as(masks)) == locked
    assert masks.unique().tolist() == [0.0, 2.0]


@pytest.mark.parametrize("locked", [True, False])
def test_a_generator_decides_what_is_dropped(locked: bool) -> None:
    dropout = Dropout(0.5, locked=locked).train()
    one, again, other = (dropout(torch.ones(4, 2, 8), torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    torch.manual_seed(1)
    shared = torch.rand(3)
    torch.manual_seed(1)
    dropout(torch.ones(4, 2, 8), torch.Generator().manual_seed(5))
    assert torch.equal(torch.rand(3), shared), "the generator of all others is left as it was"


def test_whole_words_are_dropped_by_a_mask_of_one_column() -> None:
    found = dropped(torch.ones(2000, 6, dtype=torch.float64), 0.25, (2000, 1), torch.Generator().manual_seed(1))
    assert torch.equal(found, found[:, :1].expand_as(found))
    assert sorted(set(found.flatten().tolist())) == pytest.approx([0.0, 4 / 3])
    assert float(found.mean()) == pytest.approx(1.0, abs=5 * (1 / 3 / 2000) ** 0.5)
    words = torch.randn(3, 2)
    assert dropped(words, 0.0, (3, 1)) is words


def test_halves_stay_halves() -> None:
    found = Dropout(0.2, locked=False).train()(torch.ones(5, 2, 8, dtype=torch.bfloat16))
    assert found.dtype == torch.bfloat16
    assert found.unique().tolist() == [0.0, 1.25]
