"""A layer with other recurrent weights than its own, states that are carried, and weight drop that is live."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from tagger.models.layers.dropout import Dropout
from tagger.models.layers.encoder import DirectionalStack
from tagger.models.layers.recurrence import CELLS, State, detached, drop_weights, run_layer
from tests import reference

T, B, D, H = 6, 3, 4, 5


def make(cell: str) -> nn.RNNBase:
    torch.manual_seed(2)
    layer = CELLS[cell](D, H)
    for parameter in layer.parameters():
        nn.init.normal_(parameter, std=0.6)
    return layer.double()


def stack(cell: str = "lstm", layers: int = 2, *, output_size: int = 0, dropout: float = 0.0) -> DirectionalStack:
    torch.manual_seed(2)
    made = DirectionalStack(
        cell=cell,
        input_size=D,
        hidden_size=H,
        layers=layers,
        dropout=Dropout(dropout, locked=False),
        output_size=output_size,
    )
    return made.double()


def inputs() -> Tensor:
    return torch.randn(T, B, D, dtype=torch.float64, generator=torch.Generator().manual_seed(4))


def state_of(cell: str) -> State:
    torch.manual_seed(9)
    return tuple(torch.randn(1, B, H, dtype=torch.float64) for _ in range(2 if cell == "lstm" else 1))


@pytest.mark.parametrize("given", [True, False])
@pytest.mark.parametrize("cell", CELLS)
def test_the_own_matrix_makes_the_own_states(cell: str, given: bool) -> None:
    layer = make(cell)
    state = state_of(cell) if given else None
    found, after = run_layer(layer, inputs(), state, layer.get_parameter("weight_hh_l0"))
    expected, last = run_layer(layer, inputs(), state)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-14)
    assert len(after) == len(last) == (2 if cell == "lstm" else 1)
    for one, other in zip(after, last, strict=True):
        assert one.shape == (1, B, H)
        torch.testing.assert_close(one, other, rtol=0, atol=1e-14)
    module = layer(inputs(), (state if cell == "lstm" else state[0]) if state else None)[0]
    assert torch.equal(expected, module)


@pytest.mark.parametrize("cell", CELLS)
def test_another_matrix_makes_the_states_of_its_equations(cell: str) -> None:
    layer = make(cell)
    other = torch.randn_like(layer.get_parameter("weight_hh_l0"))
    found, _ = run_layer(layer, inputs(), None, other)
    weights = {**dict(layer.named_parameters()), "weight_hh_l0": other}
    for b in range(B):
        expected = torch.stack(reference.run_layer(cell, list(inputs()[:, b]), weights))
        torch.testing.assert_close(found[:, b], expected, rtol=0, atol=1e-12)
    assert not torch.equal(layer.get_parameter("weight_hh_l0"), other), "the layer keeps its own"


@pytest.mark.parametrize("cell", CELLS)
def test_gradients_reach_the_matrix_that_was_given(cell: str) -> None:
    layer = make(cell)
    given = layer.get_parameter("weight_hh_l0").detach().clone().requires_grad_()
    run_layer(layer, inputs(), None, given)[0].square().sum().backward()  # type: ignore[no-untyped-call]
    found = given.grad
    assert layer.get_parameter("weight_hh_l0").grad is None
    run_layer(layer, inputs())[0].square().sum().backward()  # type: ignore[no-untyped-call]
    expected = layer.get_parameter("weight_hh_l0").grad
    assert expected is not None
    assert found is not None
    assert expected.abs().max() > 1e-2
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("cuts", [(1, 2, 3, 4, 5), (2,), (3, 4)])
@pytest.mark.parametrize("cell", CELLS)
def test_reading_in_stretches_is_reading_at_once(cell: str, cuts: tuple[int, ...]) -> None:
    reader = stack(cell).eval()
    expected, last = reader.read(inputs())
    assert torch.equal(reader(inputs()), expected)
    found, states = [], None
    for start, end in zip((0, *cuts), (*cuts, T), strict=True):
        outputs, states = reader.read(inputs()[start:end], states)
        found.append(outputs)
    torch.testing.assert_close(torch.cat(found), expected, rtol=0, atol=1e-13)
    assert states is not None
    for one, other in zip(states, last, strict=True):
        for part, wanted in zip(one, other, strict=True):
            torch.testing.assert_close(part, wanted, rtol=0, atol=1e-13)


@pytest.mark.parametrize("given", [True, False])
@pytest.mark.parametrize("cell", CELLS)
def test_a_single_step_is_that_of_a_stretch(cell: str, given: bool) -> None:
    """Generation steps through another kernel than reading does."""
    reader = stack(cell, dropout=0.5).eval()
    states = reader.read(inputs()[:3])[1] if given else [state_of(cell), state_of(cell)]
    expected, last = reader.read(inputs()[3:4], states)
    found, after = reader.step(inputs()[3:4], states)
    assert found.shape == (1, B, H)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-13)
    for one, other in zip(after, last, strict=True):
        for part, wanted in zip(one, other, strict=True):
            assert part.shape == (1, B, H)
            torch.testing.assert_close(part, wanted, rtol=0, atol=1e-13)


def test_detached_states_hold_the_same_and_no_past() -> None:
    _, states = stack().read(inputs().requires_grad_())
    cut = detached(states)
    assert all(part.requires_grad for state in states for part in state)
    assert not any(part.requires_grad for state in cut for part in state)
    for one, other in zip(states, cut, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_dropped_weights_are_zero_or_scaled() -> None:
    torch.manual_seed(1)
    weights = torch.randn(400, 100, dtype=torch.float64)
    found = drop_weights(weights, 0.3)
    gone = found == 0
    torch.testing.assert_close(found[~gone], weights[~gone] / 0.7, rtol=1e-14, atol=0)
    assert float(gone.double().mean()) == pytest.approx(0.3, abs=5 * (0.3 * 0.7 / 40_000) ** 0.5)
    assert torch.equal(drop_weights(weights, 0.0), weights)


def test_the_expectation_of_dropped_weights_is_the_weights() -> None:
    generator = torch.Generator().manual_seed(1)
    weights = torch.full((8, 2), 2.0, dtype=torch.float64)
    mean = torch.stack([drop_weights(weights, 0.5, generator) for _ in range(4000)]).mean(0)
    torch.testing.assert_close(mean, weights, rtol=0, atol=5 * 2 / 4000**0.5)


def test_the_generator_decides_what_is_dropped() -> None:
    weights = torch.ones(20, 5)
    one, again, other = (drop_weights(weights, 0.5, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


def test_gradients_pass_through_the_weights_that_are_left() -> None:
    weights = torch.randn(20, 5, dtype=torch.float64, requires_grad=True)
    found = drop_weights(weights, 0.5, torch.Generator().manual_seed(1))
    found.sum().backward()  # type: ignore[no-untyped-call]
    assert weights.grad is not None
    assert torch.equal(weights.grad, 2.0 * (found != 0))


@pytest.mark.parametrize("cell", CELLS)
def test_weight_drop_is_live(cell: str) -> None:
    """In training two passes differ, though nothing else is dropped; in evaluation they do not; gradients arrive.

    Versions of PyTorch that keep a copy of the weights for their kernels have silently switched this off in code that
    replaced the attribute of the module.
    """
    reader = stack(cell).train()
    still = reader(inputs())
    assert torch.equal(reader(inputs()), still)
    reader.weight_drop = 0.5
    first, second = reader(inputs()), reader(inputs())
    assert not torch.equal(first, second)
    assert not torch.equal(first, still)
    assert torch.equal(first[0], still[0]), "zero states: there is nothing yet to forget"
    first.square().sum().backward()
    for layer in reader.layers:
        gradient = layer.get_parameter("weight_hh_l0").grad
        assert gradient is not None
        assert 0.2 < float((gradient == 0).double().mean()) < 0.8, "what was dropped learns nothing"
    reader.eval()
    torch.testing.assert_close(reader(inputs()), still, rtol=0, atol=1e-14)
    assert torch.equal(reader(inputs()), reader(inputs()))


def test_the_mask_is_one_for_the_whole_sequence_and_all_of_its_streams() -> None:
    """A plain RNN whose states are found again with the weights that are left."""
    reader = stack("rnn", layers=1).train()
    reader.weight_drop = 0.5
    found, _ = reader.read(inputs(), None, torch.Generator().manual_seed(6))
    weights = dict(reader.layers[0].named_parameters())
    left = drop_weights(weights["weight_hh_l0"], 0.5, torch.Generator().manual_seed(6))
    for b in range(B):
        expected = torch.stack(reference.run_layer("rnn", list(inputs()[:, b]), {**weights, "weight_hh_l0": left}))
        torch.testing.assert_close(found[:, b], expected, rtol=0, atol=1e-12)


def test_the_generator_decides_all_that_a_stack_drops() -> None:
    reader = stack(dropout=0.5).train()
    reader.weight_drop = 0.3
    found = [reader.read(inputs(), None, torch.Generator().manual_seed(seed))[0] for seed in (1, 1, 2)]
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])


@pytest.mark.parametrize("layers", [1, 3])
def test_the_last_layer_may_have_another_size(layers: int) -> None:
    reader = stack(layers=layers, output_size=2)
    assert [layer.hidden_size for layer in reader.layers] == [H] * (layers - 1) + [2]
    outputs, states = reader.read(inputs())
    assert outputs.shape == (T, B, reader.output_size) == (T, B, 2)
    assert [state[0].shape[2] for state in states] == [H] * (layers - 1) + [2]
    assert stack(layers=layers).output_size == H
