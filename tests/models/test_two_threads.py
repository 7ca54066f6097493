"""Side by side is one after the other, to the last bit."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import Tensor

from tagger.models.encoder import Encoder


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
