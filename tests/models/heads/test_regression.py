"""The regression head: loss and gradients against a loop over steps in plain float64, masks, the causal stack."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from tagger.models.heads.regression import LossKind, RegressionHead, regression_loss
from tagger.models.layers.encoder import Encoder
from tagger.models.networks.causal_networks import SeriesNetwork, SymbolNetwork
from tagger.models.training.gradient_flow import gradient_norms

KINDS: list[LossKind] = ["squared", "absolute", "huber"]
DELTA = 0.7


def one_error(difference: float, kind: str) -> tuple[float, float]:
    """The loss of one number and its derivative, written out."""
    size = abs(difference)
    sign = math.copysign(1.0, difference)
    if kind == "squared":
        return difference * difference, 2 * difference
    if kind == "absolute":
        return size, sign
    if size <= DELTA:
        return difference * difference / 2, difference
    return DELTA * (size - DELTA / 2), DELTA * sign


def loop(
    states: Tensor, head: RegressionHead, targets: Tensor, kind: str
) -> tuple[float, list[list[float]], list[float]]:
    """Summed loss, its gradient by the weights and by the biases, step by step and number by number."""
    weight, bias = head.linear.weight.tolist(), head.linear.bias.tolist()
    total = 0.0
    by_weight = [[0.0] * len(row) for row in weight]
    by_bias = [0.0] * len(bias)
    for step, row in enumerate(states.tolist()):
        for k, target in enumerate(targets[step].tolist()):
            if math.isnan(target):
                continue
            predicted = sum(w * h for w, h in zip(weight[k], row, strict=True)) + bias[k]
            loss, slope = one_error(predicted - target, kind)
            total += loss
            by_bias[k] += slope
            for place, h in enumerate(row):
                by_weight[k][place] += slope * h
    return total, by_weight, by_bias


@pytest.mark.parametrize("kind", KINDS)
def test_loss_and_gradients_are_the_sum_over_steps(kind: LossKind) -> None:
    torch.manual_seed(3)
    head = RegressionHead(5, 2).double()
    with torch.no_grad():
        for parameter in head.parameters():
            parameter.normal_()
    states = torch.randn(40, 5, dtype=torch.float64)
    targets = torch.randn(40, 2, dtype=torch.float64)
    targets[3, 0] = targets[7] = math.nan
    loss = regression_loss(head(states), targets, kind=kind, delta=DELTA)
    loss.backward()  # type: ignore[no-untyped-call]
    total, by_weight, by_bias = loop(states, head, targets, kind)
    assert float(loss.detach()) == pytest.approx(total, rel=1e-12)
    torch.testing.assert_close(
        head.linear.weight.grad, torch.tensor(by_weight, dtype=torch.float64), rtol=0, atol=1e-12
    )
    torch.testing.assert_close(head.linear.bias.grad, torch.tensor(by_bias, dtype=torch.float64), rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_what_has_no_target_teaches_nothing(kind: LossKind) -> None:
    predicted = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64, requires_grad=True)
    targets = torch.tensor([math.nan, 5.0, math.nan], dtype=torch.float64)
    regression_loss(predicted, targets, kind=kind).backward()  # type: ignore[no-untyped-call]
    assert predicted.grad is not None
    assert predicted.grad[[0, 2]].tolist() == [0.0, 0.0]
    assert predicted.grad[1] < 0


def make_network(cell: str = "lstm", horizon: int = 2) -> SeriesNetwork:
    torch.manual_seed(5)
    encoder = Encoder(cell=cell, input_size=4, hidden_size=6, layers=2, backward=False)
    network = SeriesNetwork(
        input_size=3, embedding_size=4, encoder=encoder, targets=2, horizon=horizon, dropout=0.0
    ).double()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.normal_(std=0.5)
    return network.eval()


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_no_output_depends_on_a_later_input(cell: str) -> None:
    """The derivative of every output by every input: exactly zero from the future, and not zero from the past."""
    network = make_network(cell)
    inputs = torch.randn(7, 1, 3, dtype=torch.float64)
    jacobian = torch.autograd.functional.jacobian(lambda x: network(x)[:, 0], inputs)  # type: ignore[no-untyped-call]
    slopes = jacobian[:, :, :, 0].abs().sum((1, 3))  # (T out, T in)
    assert slopes.triu(1).abs().max() == 0
    assert (slopes.tril() > 0).sum() == 28


def test_an_untrained_network_predicts_the_last_value() -> None:
    torch.manual_seed(1)
    encoder = Encoder(cell="gru", input_size=4, hidden_size=6, layers=1, backward=False)
    network = SeriesNetwork(input_size=3, embedding_size=4, encoder=encoder, targets=2, horizon=3, dropout=0.0)
    inputs = torch.randn(5, 2, 3)
    torch.testing.assert_close(network(inputs), torch.cat([inputs[..., :2]] * 3, dim=-1), rtol=0, atol=0)


def test_reading_in_pieces_is_reading_at_once() -> None:
    network = make_network()
    inputs = torch.randn(9, 2, 3, dtype=torch.float64)
    first, states = network.read(inputs[:4])
    second, _ = network.read(inputs[4:], states)
    torch.testing.assert_close(torch.cat([first, second]), network(inputs), rtol=0, atol=1e-12)


def test_a_stack_that_reads_backwards_is_refused() -> None:
    encoder = Encoder(cell="lstm", input_size=4, hidden_size=6, layers=1)
    with pytest.raises(ValueError, match="backward"):
        SeriesNetwork(input_size=3, embedding_size=4, encoder=encoder, targets=1, horizon=1, dropout=0.0)


def test_gradients_that_go_back_are_those_of_a_product_of_matrices() -> None:
    """Of a linear loss and an Elman network: d loss / d h(T - k) is a product of k Jacobians diag(1 - h^2) U."""
    torch.manual_seed(2)
    encoder = Encoder(cell="rnn", input_size=3, hidden_size=4, layers=1, backward=False).double()
    stack = encoder.forward_rnn
    inputs = torch.randn(6, 1, 3, dtype=torch.float64)
    direction = torch.randn(4, dtype=torch.float64)
    norms = gradient_norms(stack, inputs, lambda output: (output @ direction).sum())
    assert list(norms) == ["hidden state"]
    states = stack(inputs)[:, 0]
    recurrent = dict(stack.layers[0].named_parameters())["weight_hh_l0"]
    gradient = direction
    for back in range(6):
        assert float(norms["hidden state"][back, 0]) == pytest.approx(float(gradient.detach().norm()), rel=1e-10)
        slope = 1 - states[5 - back] ** 2
        gradient = (gradient * slope) @ recurrent


def test_an_lstm_tells_of_its_cell_state_too() -> None:
    encoder = Encoder(cell="lstm", input_size=3, hidden_size=4, layers=1, backward=False)
    norms = gradient_norms(encoder.forward_rnn, torch.randn(5, 2, 3), lambda output: output.square().sum())
    assert {name: tuple(values.shape) for name, values in norms.items()} == {
        "hidden state": (5, 2),
        "cell state": (5, 2),
    }
    assert (norms["cell state"][1:] > 0).all()


def test_symbols_are_answered_after_the_last_step() -> None:
    encoder = Encoder(cell="lstm", input_size=3, hidden_size=4, layers=1, backward=False)
    network = SymbolNetwork(symbols=5, embedding_size=3, encoder=encoder, answers=2)
    symbols = torch.randint(0, 5, (6, 3))
    states = encoder.forward_rnn(network.embedding(symbols))
    torch.testing.assert_close(network(symbols), network.head(states[-1]))
