"""Side by side is one after the other, to the last bit."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import Tensor

from tagger.models.layers.encoder import Encoder
from tagger.models.layers.parallel import Job, parallel_forward


def gradients(encoder: Encoder, inputs: Tensor, lengths: Tensor) -> tuple[Tensor, list[Tensor]]:
    inputs = inputs.clone().requires_grad_()
    outputs = encoder(inputs, lengths)
    weights = torch.linspace(-1, 1, outputs.numel()).view_as(outputs)
    (outputs.square() * weights).sum().backward()
    found = [inputs.grad, *(p.grad for p in encoder.parameters())]
    for parameter in encoder.parameters():
        parameter.grad = None
    return outputs.detach(), [gradient for gradient in found if gradient is not None]


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("layers", [1, 2])
def test_outputs_and_gradients_are_the_same(cell: str, layers: int) -> None:
    torch.manual_seed(3)
    encoder = Encoder(cell=cell, input_size=5, hidden_size=4, layers=layers)
    inputs, lengths = torch.randn(6, 3, 5), torch.tensor([6, 1, 4])
    expected, expected_gradients = gradients(encoder, inputs, lengths)
    with ThreadPoolExecutor(1) as pool:
        encoder.pool = pool
        for _ in range(5):
            outputs, found = gradients(encoder, inputs, lengths)
            assert torch.equal(outputs, expected)
            assert len(found) == len(expected_gradients) == 1 + len(list(encoder.parameters()))
            for one, other in zip(found, expected_gradients, strict=True):
                assert torch.equal(one, other)


def test_dropout_between_layers_keeps_to_one_thread() -> None:
    """Random numbers drawn on two threads would come in any order."""
    encoder = Encoder(cell="lstm", input_size=5, hidden_size=4, layers=2, dropout=0.5).train()
    inputs, lengths = torch.randn(6, 3, 5), torch.tensor([6, 1, 4])
    torch.manual_seed(1)
    expected, _ = gradients(encoder, inputs, lengths)
    with ThreadPoolExecutor(1) as pool:
        encoder.pool = pool
        torch.manual_seed(1)
        assert torch.equal(gradients(encoder, inputs, lengths)[0], expected)


def test_an_error_in_either_stack_comes_through() -> None:
    encoder = Encoder(cell="lstm", input_size=5, hidden_size=4, layers=1)
    with ThreadPoolExecutor(1) as pool:
        encoder.pool = pool
        with pytest.raises(RuntimeError):
            encoder(torch.randn(6, 3, 7), torch.tensor([6, 1, 4]))


def affine(weight: Tensor) -> Job:
    """A job whose graph is easy to follow."""
    return (lambda inputs: (inputs @ weight).tanh()), [weight]


def test_a_parameter_of_both_jobs_gets_the_sum_of_two_gradients() -> None:
    torch.manual_seed(1)
    weight = torch.randn(3, 3, dtype=torch.float64, requires_grad=True)
    left, right = torch.randn(2, 4, 3, dtype=torch.float64)
    with ThreadPoolExecutor(1) as pool:
        first, second = parallel_forward(affine(weight), affine(weight), (left, right), pool)
        torch.autograd.backward(first.sum() * 2 + second.square().sum())
    found = weight.grad
    weight.grad = None
    torch.autograd.backward((left @ weight).tanh().sum() * 2 + (right @ weight).tanh().square().sum())
    torch.testing.assert_close(found, weight.grad, rtol=1e-14, atol=1e-14)


def test_parameters_that_do_not_learn_or_take_no_part_have_no_gradient() -> None:
    weight, fixed, idle = (torch.ones(3, 3, requires_grad=learns) for learns in (True, False, True))
    jobs: list[Job] = [(lambda inputs: inputs @ weight @ fixed, [weight, fixed, idle]), affine(weight)]
    with ThreadPoolExecutor(1) as pool:
        first, second = parallel_forward(jobs[0], jobs[1], (torch.ones(1, 3), torch.ones(1, 3)), pool)
        torch.autograd.backward(first.sum() + 0 * second.sum())
    assert weight.grad is not None
    assert torch.equal(weight.grad, torch.full((3, 3), 3.0))
    assert fixed.grad is None
    assert idle.grad is None


def test_autocast_holds_on_both_threads() -> None:
    weight = torch.randn(3, 3, requires_grad=True)
    kinds: list[torch.dtype] = []

    def noting(inputs: Tensor) -> Tensor:
        kinds.append((inputs @ weight).dtype)
        return (inputs @ weight).float()

    with ThreadPoolExecutor(1) as pool:
        for half in (True, False):
            with torch.autocast("cpu", torch.bfloat16, enabled=half):
                parallel_forward((noting, [weight]), (noting, [weight]), (torch.ones(1, 3), torch.ones(1, 3)), pool)
    assert kinds == [torch.bfloat16] * 2 + [torch.float32] * 2
