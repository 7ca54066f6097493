"""The stacks against the equations, step by step; padding and companions change nothing."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tagger.models.layers.dropout import Dropout
from tagger.models.layers.encoder import DirectionalStack, Encoder, flip_index
from tests import reference

CELLS = ("lstm", "gru", "rnn")
LENGTHS = (5, 1, 3, 4)
D, H = 3, 4


def make(cell: str, layers: int, **options: object) -> Encoder:
    torch.manual_seed(7)
    encoder = Encoder(cell=cell, input_size=D, hidden_size=H, layers=layers, **options)  # type: ignore[arg-type]
    for parameter in encoder.parameters():  # biases too: zeros would hide a lost bias
        torch.nn.init.normal_(parameter, std=0.7)
    return encoder.double()


def batch(lengths: tuple[int, ...] = LENGTHS, steps: int | None = None) -> tuple[list[Tensor], Tensor, Tensor]:
    """Sentences, the padded (T, B, D) batch with rubbish in the padding, and the lengths."""
    torch.manual_seed(11)
    sentences = [torch.randn(n, D, dtype=torch.float64) for n in lengths]
    padded = 50 * torch.randn(steps or max(lengths), len(lengths), D, dtype=torch.float64)
    for b, sentence in enumerate(sentences):
        padded[: len(sentence), b] = sentence
    return sentences, padded, torch.tensor(lengths)


def by_loop(encoder: Encoder, cell: str, layers: int, sentence: Tensor) -> Tensor:
    parameters = dict(encoder.named_parameters())
    forward, backward = (reference.stack_weights(parameters, name, layers) for name in ("forward_rnn", "backward_rnn"))
    return reference.encode(cell, sentence, forward, backward)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("cell", CELLS)
def test_states_are_those_of_the_equations(cell: str, layers: int) -> None:
    encoder = make(cell, layers).eval()
    sentences, padded, lengths = batch()
    states = encoder(padded, lengths)
    assert states.shape == (5, 4, encoder.output_size) == (5, 4, 2 * H)
    for b, sentence in enumerate(sentences):
        expected = by_loop(encoder, cell, layers, sentence)
        torch.testing.assert_close(states[: len(sentence), b], expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("cell", CELLS)
def test_gradients_are_those_of_the_equations(cell: str, layers: int) -> None:
    encoder = make(cell, layers).eval()
    sentences, padded, lengths = batch()
    weights = [torch.randn(len(s), 2 * H, dtype=torch.float64) for s in sentences]
    padded.requires_grad_(True)
    states = encoder(padded, lengths)
    sum((states[: len(w), b] * w).sum() for b, w in enumerate(weights)).backward()
    found = {name: parameter.grad for name, parameter in encoder.named_parameters()}
    encoder.zero_grad()
    for sentence in sentences:
        sentence.requires_grad_(True)
    total = sum((by_loop(encoder, cell, layers, s) * w).sum() for s, w in zip(sentences, weights, strict=True))
    total.backward()  # type: ignore[union-attr]
    for name, parameter in encoder.named_parameters():
        assert parameter.grad is not None
        assert parameter.grad.abs().max() > 1e-3, name  # a gradient of zero would prove nothing
        torch.testing.assert_close(found[name], parameter.grad, rtol=0, atol=1e-11)
    assert padded.grad is not None
    for b, sentence in enumerate(sentences):
        torch.testing.assert_close(padded.grad[: len(sentence), b], sentence.grad, rtol=0, atol=1e-11)
        assert not padded.grad[len(sentence) :, b].any(), "padding receives a gradient"


@pytest.mark.parametrize("cell", CELLS)
def test_companions_and_padding_change_nothing(cell: str) -> None:
    encoder = make(cell, 2).eval()
    sentences, padded, lengths = batch(steps=9)
    together = encoder(padded, lengths)
    for b, sentence in enumerate(sentences):
        alone = encoder(sentence.unsqueeze(1), lengths[b : b + 1])[:, 0]
        torch.testing.assert_close(together[: len(sentence), b], alone, rtol=0, atol=1e-12)


def test_two_sentences_keep_their_states_when_they_change_places() -> None:
    encoder = make("lstm", 2).eval()
    _, padded, lengths = batch()
    order = torch.tensor([2, 0, 3, 1])
    moved = encoder(padded[:, order], lengths[order])
    for new, old in enumerate(order.tolist()):
        n = int(lengths[old])
        torch.testing.assert_close(moved[:n, new], encoder(padded, lengths)[:n, old], rtol=0, atol=1e-12)


def test_the_forward_stack_is_causal_and_the_backward_one_is_not() -> None:
    encoder = make("lstm", 2).eval()
    _, padded, lengths = batch((6,))
    changed = padded.clone()
    changed[3] += 1.0
    difference = (encoder(padded, lengths) != encoder(changed, lengths)).squeeze(1)
    assert difference[:, :H].any(1).tolist() == [False, False, False, True, True, True]
    assert difference[:, H:].any(1).tolist() == [True, True, True, True, False, False]


def test_flip_index_reverses_each_sentence_and_undoes_itself() -> None:
    lengths = torch.tensor(LENGTHS)
    flip = flip_index(lengths, 6)
    words = torch.tensor([[10 * b + t for b in range(4)] for t in range(6)])
    flipped = words.flatten()[flip].view(6, 4)
    for b, n in enumerate(LENGTHS):
        real = words[:n, b].tolist()
        assert flipped[:, b].tolist() == [*reversed(real), *words[n:, b].tolist()]
    assert torch.equal(flip[flip], torch.arange(24))


def test_layers_start_orthogonal_with_open_forget_gates() -> None:
    stack = DirectionalStack(cell="lstm", input_size=D, hidden_size=H, layers=2, dropout=Dropout(0.0, locked=False))
    for layer in stack.layers:
        parameters = dict(layer.named_parameters())
        for gate in torch.split(parameters["weight_hh_l0"], H):
            torch.testing.assert_close(gate @ gate.T, torch.eye(H), rtol=0, atol=1e-5)
        assert parameters["bias_ih_l0"].tolist() == [0.0] * H + [1.0] * H + [0.0] * 2 * H
        assert not parameters["bias_hh_l0"].any()
        assert parameters["weight_ih_l0"].abs().max() <= (6 / (H + parameters["weight_ih_l0"].shape[1])) ** 0.5


def test_dropout_lies_between_layers_only() -> None:
    one, two = (make("lstm", layers, dropout=0.5).train() for layers in (1, 2))
    _, padded, lengths = batch()
    assert torch.equal(one(padded, lengths), one.eval()(padded, lengths))
    trained = two(padded, lengths)
    assert not torch.equal(trained, two(padded, lengths)), "two layers: a new mask at every call"
    assert torch.equal(two.eval()(padded, lengths), two(padded, lengths))


@pytest.mark.parametrize("locked", [True, False])
def test_the_kind_of_dropout_is_the_one_asked_for(locked: bool) -> None:
    encoder = make("rnn", 2, dropout=0.5, locked=locked).train()
    assert encoder.backward_rnn is not None
    assert encoder.forward_rnn.dropout.locked is encoder.backward_rnn.dropout.locked is locked


@pytest.mark.parametrize("cell", CELLS)
def test_without_a_backward_stack_the_forward_states_are_all(cell: str) -> None:
    both, one = make(cell, 2).eval(), make(cell, 2, backward=False).eval()
    assert one.backward_rnn is None
    one.forward_rnn.load_state_dict(both.forward_rnn.state_dict())
    _, padded, lengths = batch()
    assert one.output_size == H
    assert torch.equal(one(padded, lengths), both(padded, lengths)[..., :H])


def test_the_last_layers_may_have_another_size() -> None:
    encoder = make("lstm", 2, output_size=2)
    _, padded, lengths = batch()
    assert encoder(padded, lengths).shape == (5, 4, encoder.output_size) == (5, 4, 4)
