"""A reader of streams against loops over their steps in float64, equation by equation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
import torch
from torch import Tensor, nn

from tagger.models.heads.softmax import FullSoftmax
from tagger.models.layers.dropout import Dropout
from tagger.models.layers.encoder import DirectionalStack
from tagger.models.networks.bptt_reader import ActivationPenalties, StreamReader
from tests import reference

T, B, D, H, V = 5, 3, 4, 6, 9


def reader(
    cell: str = "lstm",
    *,
    layers: int = 2,
    penalties: ActivationPenalties | None = None,
    inputs: Dropout | None = None,
    outputs: Dropout | None = None,
) -> StreamReader:
    torch.manual_seed(3)
    stack = DirectionalStack(cell=cell, input_size=D, hidden_size=H, layers=layers, dropout=Dropout(0.0, locked=True))
    head = FullSoftmax(input_size=H, num_predicted=V, size=D, tied=True)
    for parameter in [*stack.parameters(), *head.parameters()]:
        nn.init.normal_(parameter, std=0.6)
    return StreamReader(
        stack.double(),
        head.double(),
        nn.Embedding(V, D).double(),
        inputs=inputs or Dropout(0.0, locked=False),
        outputs=outputs or Dropout(0.0, locked=False),
        penalties=penalties or ActivationPenalties(),
        generator=torch.Generator().manual_seed(1),
    )


def stretch(seed: int = 7, steps: int = T) -> tuple[Tensor, Tensor]:
    """(T, B, D) vectors and (T, B) targets."""
    torch.manual_seed(seed)
    return torch.randn(steps, B, D, dtype=torch.float64, requires_grad=True), torch.randint(0, V, (steps, B))


def states_by_loop(cell: str, layers: Sequence[Mapping[str, Tensor]], vectors: Tensor) -> Tensor:
    """(T, B, H) of the last layer, stream by stream, from zero states."""
    columns = [
        torch.stack(reference.run_stack(cell, list(vectors[:, b]), layers, backwards=False))
        for b in range(vectors.shape[1])
    ]
    return torch.stack(columns, 1)


def loss_by_loop(run_context: StreamReader, states: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy of every step of every stream, summed."""
    head = run_context.head
    assert isinstance(head, FullSoftmax)
    assert isinstance(head.projection, nn.Linear)
    total = torch.zeros((), dtype=torch.float64)
    for t in range(targets.shape[0]):
        for b in range(targets.shape[1]):
            scores = run_context.embedding.weight @ (head.projection.weight @ states[t, b]) + head.bias
            total = total + scores.exp().sum().log() - scores[targets[t, b]]
    return total


def layers_of(run_context: StreamReader, number: int = 2) -> list[dict[str, Tensor]]:
    named = {f"forward_rnn.{name}": p for name, p in run_context.stack.named_parameters()}
    return reference.stack_weights(named, "forward_rnn", number)


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_loss_and_gradients_are_those_of_a_loop_over_steps(cell: str) -> None:
    run_context = reader(cell)
    vectors, targets = stretch()
    found = run_context.loss(vectors, targets)
    assert found.shape == (2,)
    assert found[0].item() == found[1].item()
    expected = loss_by_loop(run_context, states_by_loop(cell, layers_of(run_context), vectors), targets)
    assert found[0].item() == pytest.approx(expected.item(), rel=1e-12)
    wanted = (vectors, *run_context.parameters)
    for one, other in zip(torch.autograd.grad(found[0], wanted), torch.autograd.grad(expected, wanted), strict=True):
        assert other.abs().max() > 1e-3
        torch.testing.assert_close(one, other, rtol=0, atol=1e-11)


def test_penalties_by_hand() -> None:
    """Alpha times the mean square of the states, beta times that of their change, each counted once a step."""
    plain, costly = reader(), reader(penalties=ActivationPenalties(activation=2.0, temporal=3.0))
    vectors, targets = stretch()
    states = states_by_loop("lstm", layers_of(plain), vectors).detach()
    activation = sum(float(h) ** 2 for h in states.flatten()) / (T * B * H)
    change = sum(float(states[t + 1, b, h] - states[t, b, h]) ** 2
                 for t in range(T - 1) for b in range(B) for h in range(H)) / ((T - 1) * B * H)  # fmt: skip
    loss, nats = costly.loss(vectors, targets).tolist()
    assert nats == pytest.approx(plain.loss(vectors, targets)[0].item(), rel=1e-12)
    assert loss - nats == pytest.approx(T * B * (2.0 * activation + 3.0 * change), rel=1e-6)


@pytest.mark.parametrize("penalties", [ActivationPenalties(activation=2.0), ActivationPenalties(temporal=2.0)])
def test_each_penalty_has_a_gradient_of_its_own(penalties: ActivationPenalties) -> None:
    plain, costly = reader(), reader(penalties=penalties)
    vectors, targets = stretch()
    (one,), (other,) = (torch.autograd.grad(r.loss(vectors, targets)[0], [vectors]) for r in (plain, costly))
    assert (one - other).abs().max() > 1e-4


def test_the_activation_penalty_sees_dropped_states_and_the_temporal_one_whole_states() -> None:
    """As in the code of Merity et al.: alpha acts on what the head reads, beta on what the layer says."""
    vectors, targets = stretch()
    parts = []
    for penalties in (ActivationPenalties(activation=1.0), ActivationPenalties(temporal=1.0)):
        run_context = reader(penalties=penalties, outputs=Dropout(0.5, locked=True))
        loss, nats = run_context.loss(vectors, targets)
        parts.append((loss - nats).item() / (T * B))
    run_context = reader()
    states = states_by_loop("lstm", layers_of(run_context), vectors).detach()
    mask = torch.empty(1, B, H, dtype=torch.float64).bernoulli_(0.5, generator=torch.Generator().manual_seed(1)) / 0.5
    assert parts[0] == pytest.approx(float((states * mask).square().mean()), rel=1e-6)
    assert parts[1] == pytest.approx(float(states.diff(dim=0).square().mean()), rel=1e-6)


def test_one_step_has_no_change_to_be_punished() -> None:
    run_context = reader(penalties=ActivationPenalties(temporal=2.0))
    loss, nats = run_context.loss(*stretch(steps=1)).tolist()
    assert loss == nats


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_states_are_carried_from_stretch_to_stretch(cell: str) -> None:
    run_context = reader(cell)
    vectors, targets = stretch()
    whole = run_context.loss(vectors, targets)[1].item()
    run_context.restart()
    parts = [run_context.loss(vectors[a:b], targets[a:b])[1].item() for a, b in ((0, 2), (2, 3), (3, T))]
    assert sum(parts) == pytest.approx(whole, rel=1e-12)
    again = run_context.loss(vectors, targets)[1].item()
    assert abs(again - whole) > 1e-3, "goes on from the states of the last stretch"
    run_context.restart()
    assert run_context.loss(vectors, targets)[1].item() == pytest.approx(whole, rel=1e-14)


def test_no_gradient_goes_back_beyond_the_stretch() -> None:
    run_context = reader()
    first, second = stretch(1), stretch(2)
    run_context.loss(*first)
    assert run_context.states is not None
    before = [tuple(part.detach().clone() for part in state) for state in run_context.states]
    (gradient,) = torch.autograd.grad(run_context.loss(*second)[0], [first[0]], allow_unused=True)
    assert gradient is None
    run_context.states = before
    found = torch.autograd.grad(run_context.loss(*second)[0], run_context.parameters)
    run_context.restart()
    run_context.loss(*first)
    expected = torch.autograd.grad(run_context.loss(*second)[0], run_context.parameters)
    assert all(torch.equal(one, other) for one, other in zip(found, expected, strict=True))


@pytest.mark.parametrize("where", ["inputs", "outputs", "layers", "weights"])
@pytest.mark.parametrize("locked", [True, False])
def test_what_is_dropped_is_dropped_in_training_alone(where: str, locked: bool) -> None:
    plain = reader()
    run_context = reader(
        inputs=Dropout(0.5 if where == "inputs" else 0.0, locked=locked),
        outputs=Dropout(0.5 if where == "outputs" else 0.0, locked=locked),
    )
    run_context.stack.dropout = Dropout(0.5 if where == "layers" else 0.0, locked=locked)
    run_context.stack.weight_drop = 0.5 if where == "weights" else 0.0
    vectors, targets = stretch()
    expected = plain.loss(vectors, targets)[0].item()
    trained = []
    for _ in range(2):
        run_context.restart()
        trained.append(run_context.loss(vectors, targets)[0].item())
    assert len({*trained, expected}) == 3
    run_context.stack.eval()
    run_context.restart()
    assert run_context.loss(vectors, targets)[0].item() == pytest.approx(expected, rel=1e-14)
    run_context.stack.train()
    run_context.restart()
    assert run_context.loss(vectors, targets)[0].item() not in (expected, *trained)


def test_two_readers_with_like_generators_drop_the_same() -> None:
    torch.manual_seed(0)
    vectors, targets = stretch()
    one, other = (reader(inputs=Dropout(0.5, locked=True), outputs=Dropout(0.5, locked=True)) for _ in range(2))
    first = one.loss(vectors, targets)[0].item()
    torch.manual_seed(99)  # the generator that all share decides nothing
    assert other.loss(vectors, targets)[0].item() == first
