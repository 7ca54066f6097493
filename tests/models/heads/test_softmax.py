"""The softmax over units against cross-entropy written the slow way, and against torch's own adaptive one."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, linear

from tagger.models.heads import softmax
from tagger.models.heads.softmax import AdaptiveSoftmax, FullSoftmax, Softmax, softmax_loss

N, E, V = 11, 5, 23
CUTOFFS = [4, 11]
KINDS = ("full", "adaptive")


def parts(dtype: torch.dtype = torch.float64, scale: float = 1.0) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """States (N, E), table (V, E), bias (V,), targets (N,)."""
    torch.manual_seed(5)
    made = [(scale * torch.randn(*shape, dtype=dtype)).requires_grad_() for shape in ((N, E), (V, E), (V,))]
    return made[0], made[1], made[2], torch.randint(0, V, (N,))


def gradients(loss: Tensor, inputs: tuple[Tensor, ...]) -> list[Tensor]:
    return list(torch.autograd.grad(loss, inputs))


def make(kind: str, *, tied: bool = False, input_size: int = E, size: int = E, num_predicted: int = V) -> Softmax:
    torch.manual_seed(3)
    options = {"input_size": input_size, "num_predicted": num_predicted, "size": size}
    head: Softmax = (
        FullSoftmax(**options, tied=tied) if kind == "full" else AdaptiveSoftmax(**options, cutoffs=CUTOFFS, tied=tied)
    )
    for parameter in head.parameters():  # biases too: zeros would hide a lost one
        nn.init.normal_(parameter, std=0.8)
    return head.double()


def embedding(rows: int = V + 3) -> nn.Parameter:
    """More rows than units: those of words that cannot be predicted."""
    torch.manual_seed(8)
    return nn.Parameter(torch.randn(rows, E, dtype=torch.float64))


@torch.no_grad()
def log_probs(head: Softmax, states: Tensor, words: Tensor) -> Tensor:
    """(N, V)."""
    return head.predictor(words, states.dtype)(states)


@pytest.mark.parametrize("block", [1, V - 1, V, 2 * V, 3 * V + 1, N * V, 10**9])
def test_value_and_gradients_are_those_of_cross_entropy(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the size of the blocks: a step at a time, some, all."""
    monkeypatch.setattr(softmax, "LARGEST_BLOCK", block)
    states, table, bias, targets = parts()
    found = softmax_loss(states, table, bias, targets)
    expected = cross_entropy(linear(states, table, bias), targets, reduction="sum")
    assert found.item() == pytest.approx(expected.item(), rel=1e-13)
    for one, other in zip(
        gradients(3 * found, (states, table, bias)), gradients(3 * expected, (states, table, bias)), strict=True
    ):
        assert other.abs().max() > 0.1
        torch.testing.assert_close(one, other, rtol=0, atol=1e-12)


@pytest.mark.parametrize("block", [1, 3 * V, 10**9])
@pytest.mark.parametrize("number", [0, 1, 7, N - 1])
def test_states_beyond_the_targets_are_padding(block: int, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(softmax, "LARGEST_BLOCK", block)
    states, table, bias, targets = parts()
    found = softmax_loss(states, table, bias, targets[:number])
    expected = cross_entropy(linear(states[:number], table, bias), targets[:number], reduction="sum")
    assert found.item() == pytest.approx(expected.item(), rel=1e-13)
    inputs = (states, table, bias)
    for one, other in zip(gradients(found, inputs), gradients(expected, inputs), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-12)


def test_clusters_meet_few_numbers_of_rows() -> None:
    """Each new one costs time and memory; values and gradients are tested below."""
    head = make("adaptive")
    assert isinstance(head, AdaptiveSoftmax)
    met = set()
    for narrow in head.narrow:
        narrow.register_forward_pre_hook(lambda _, inputs: met.add(len(inputs[0])))
    torch.manual_seed(2)
    for number in range(1, 80):
        head.loss(torch.randn(number, E).double(), torch.randint(0, V, (number,)), embedding())
    assert met == {32, 64}


def test_gradients_are_those_of_differences() -> None:
    states, table, bias, targets = parts()
    assert torch.autograd.gradcheck(softmax_loss, (states, table, bias, targets))


def test_parts_that_do_not_learn_are_no_obstacle() -> None:
    states, table, bias, targets = parts()
    (expected,) = gradients(softmax_loss(states, table, bias, targets), (table,))
    (found,) = gradients(softmax_loss(states.detach(), table, bias.detach(), targets), (table,))
    assert torch.equal(found, expected)


def test_no_steps_cost_nothing() -> None:
    states, table, bias, _ = parts()
    loss = softmax_loss(states[:0], table, bias, torch.zeros(0, dtype=torch.int64))
    assert loss.item() == 0
    assert not any(gradient.any() for gradient in gradients(loss, (table, bias)))


def test_scores_that_would_overflow_do_not() -> None:
    """Scores of a thousand: exp of them has no number."""
    states, table, bias, targets = parts(scale=0.1)
    with torch.no_grad():
        bias[3] = 1000.0
    targets[:] = 3
    assert softmax_loss(states, table, bias, targets).item() == pytest.approx(0.0, abs=1e-12)


def test_a_state_that_is_not_finite_makes_a_loss_that_is_not() -> None:
    """The training loop stops at such a loss; a number in its place would hide the trouble."""
    states, table, bias, targets = parts()
    with torch.no_grad():
        states[4, 2] = float("nan")
    assert softmax_loss(states, table, bias, targets).isnan()


def test_in_bfloat16_it_is_the_same_within_its_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(softmax, "LARGEST_BLOCK", 4 * V)
    states, table, bias, targets = parts(torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        found = softmax_loss(states, table, bias, targets)
        halves = softmax_loss(states.bfloat16(), table, bias, targets)  # as a recurrent layer hands them over
    expected = cross_entropy(linear(states, table, bias), targets, reduction="sum")
    assert found.dtype == torch.float32
    assert torch.equal(found, halves)
    assert found.item() == pytest.approx(expected.item(), rel=0.02)
    for one, other in zip(
        gradients(found, (states, table, bias)), gradients(expected, (states, table, bias)), strict=True
    ):
        assert one.dtype == torch.float32
        assert float((one - other).norm() / other.norm()) < 0.02


def test_the_full_softmax_written_out() -> None:
    head = make("full", input_size=E + 2)
    assert isinstance(head, FullSoftmax)
    assert isinstance(head.projection, nn.Linear)
    assert head.projection.bias is None
    states = torch.randn(N, E + 2, dtype=torch.float64)
    found = log_probs(head, states, embedding())
    assert head.weight is not None
    for n in range(N):
        scores = head.weight @ (head.projection.weight @ states[n]) + head.bias
        torch.testing.assert_close(found[n], scores - scores.exp().sum().log(), rtol=0, atol=1e-12)


def test_a_tied_table_is_the_beginning_of_the_word_embedding() -> None:
    words = embedding()
    tied, untied = make("full", tied=True), make("full")
    assert isinstance(tied, FullSoftmax)
    assert isinstance(untied, FullSoftmax)
    assert [tuple(p.shape) for p in tied.parameters()] == [(V,)]
    with torch.no_grad():
        assert untied.weight is not None
        untied.weight.copy_(words[:V])
        untied.bias.copy_(tied.bias)
    states, targets = torch.randn(N, E, dtype=torch.float64), torch.arange(N)
    assert torch.equal(log_probs(tied, states, words), log_probs(untied, states, words))
    (found,) = gradients(tied.loss(states, targets, words), (words,))
    (expected,) = gradients(untied.loss(states, targets, words), (untied.weight,))
    assert torch.equal(found[:V], expected)
    assert not found[V:].any(), "words that cannot be predicted"


def torchs_own(head: AdaptiveSoftmax) -> nn.AdaptiveLogSoftmaxWithLoss:
    """The same weights, but for the biases of the clusters, which torch's has not."""
    made = nn.AdaptiveLogSoftmaxWithLoss(E, V, cutoffs=CUTOFFS, div_value=1.0, head_bias=True).double()
    with torch.no_grad():
        made.head.weight.copy_(head.weight)
        made.head.bias.copy_(head.bias)
        for i, rare in enumerate(head.rare):
            narrow = head.narrow[i].get_parameter("weight")
            tail = nn.Sequential(
                nn.Linear(E, len(narrow), bias=False), nn.Linear(len(narrow), len(rare), bias=False)
            ).double()
            tail.get_parameter("0.weight").copy_(narrow)
            tail.get_parameter("1.weight").copy_(rare)
            made.tail[i] = tail
            head.rare_bias[i].zero_()
    return made


def test_the_adaptive_softmax_is_that_of_torch() -> None:
    head = make("adaptive")
    assert isinstance(head, AdaptiveSoftmax)
    other = torchs_own(head)
    states = torch.randn(N, E, dtype=torch.float64, requires_grad=True)
    targets = torch.tensor([0, 3, 4, 4, 7, 10, 11, 15, 22, 2, 12])  # every cluster, and its ends
    found, expected = head.loss(states, targets, embedding()), N * other(states, targets).loss
    assert found.item() == pytest.approx(expected.item(), rel=1e-13)
    torch.testing.assert_close(log_probs(head, states, embedding()), other.log_prob(states), rtol=0, atol=1e-12)
    own = (states, head.weight, head.bias, *(n.get_parameter("weight") for n in head.narrow), *head.rare)
    theirs = (
        states, other.head.weight, other.head.bias,
        *(tail.get_parameter(f"{n}.weight") for n in (0, 1) for tail in other.tail),
    )  # fmt: skip
    for one, two in zip(gradients(found, own), gradients(expected, theirs), strict=True):
        assert two.any()
        torch.testing.assert_close(one, two, rtol=0, atol=1e-12)


def test_the_biases_of_clusters_count() -> None:
    head = make("adaptive")
    assert isinstance(head, AdaptiveSoftmax)
    states = torch.randn(1, E, dtype=torch.float64)
    before = log_probs(head, states, embedding())[0].exp()
    with torch.no_grad():
        head.rare_bias[0][2] += 1.0
    after = log_probs(head, states, embedding())[0].exp()
    inside = before[4:11]
    grown = inside * torch.tensor([1.0, 1, math.e, 1, 1, 1, 1], dtype=torch.float64)
    torch.testing.assert_close(after[4:11], grown * inside.sum() / grown.sum(), rtol=1e-12, atol=0)
    torch.testing.assert_close(after[:4], before[:4], rtol=1e-12, atol=0)
    torch.testing.assert_close(after[11:], before[11:], rtol=1e-12, atol=0)


def test_the_tied_head_of_an_adaptive_softmax_holds_word_vectors() -> None:
    words = embedding()
    tied, untied = make("adaptive", tied=True), make("adaptive")
    assert isinstance(tied, AdaptiveSoftmax)
    assert isinstance(untied, AdaptiveSoftmax)
    assert tied.weight.shape == (2, E), "the clusters alone have rows of their own"
    with torch.no_grad():
        untied.weight.copy_(torch.cat([words[:4], tied.weight]))
        for one, other in zip(list(untied.parameters())[1:], list(tied.parameters())[1:], strict=True):
            one.copy_(other)
    states, targets = torch.randn(V, E, dtype=torch.float64), torch.arange(V)
    torch.testing.assert_close(log_probs(tied, states, words), log_probs(untied, states, words), rtol=0, atol=1e-12)
    own, clusters = gradients(tied.loss(states, targets, words), (words, tied.weight))
    (theirs,) = gradients(untied.loss(states, targets, words), (untied.weight,))
    torch.testing.assert_close(torch.cat([own[:4], clusters]), theirs, rtol=0, atol=1e-12)
    assert not own[4:].any()


def test_widths_of_clusters_fall_by_four_to_sixteen() -> None:
    head = AdaptiveSoftmax(input_size=200, num_predicted=100, size=200, cutoffs=[10, 30, 60], tied=True)
    assert [n.weight.shape for n in head.narrow] == [(50, 200), (16, 200), (16, 200)]
    assert [tuple(rare.shape) for rare in head.rare] == [(20, 50), (30, 16), (40, 16)]


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("input_size", [E, E + 3])
@pytest.mark.parametrize("kind", KINDS)
def test_probabilities_sum_to_one_and_make_the_loss(kind: str, input_size: int, tied: bool) -> None:
    head, words = make(kind, tied=tied, input_size=input_size), embedding()
    states, targets = torch.randn(N, input_size, dtype=torch.float64), torch.randint(0, V, (N,))
    found = log_probs(head, states, words)
    assert found.shape == (N, V)
    torch.testing.assert_close(found.exp().sum(1), torch.ones(N, dtype=torch.float64), rtol=0, atol=1e-12)
    expected = -found.gather(1, targets[:, None]).sum()
    assert head.loss(states, targets, words).item() == pytest.approx(expected.item(), rel=1e-13)


@pytest.mark.parametrize("targets", [[0, 1, 3], [4, 10], [11, 22], [0, 22]])
def test_clusters_without_a_target_are_left_alone(targets: list[int]) -> None:
    head = make("adaptive")
    assert isinstance(head, AdaptiveSoftmax)
    states, wanted = torch.randn(len(targets), E, dtype=torch.float64), torch.tensor(targets)
    head.loss(states, wanted, embedding()).backward()  # type: ignore[no-untyped-call]
    asked = [any(start <= t < end for t in targets) for start, end in ((4, 11), (11, V))]
    assert [rare.grad is not None for rare in head.rare] == asked
    assert wanted.tolist() == targets, "the targets are those of the caller"


@pytest.mark.parametrize("kind", KINDS)
def test_training_starts_from_the_shares_of_the_units(kind: str) -> None:
    torch.manual_seed(6)
    shares = torch.rand(V, dtype=torch.float64).softmax(0)
    head = make(kind, tied=True)
    head.start_from(shares)
    found = log_probs(head, torch.zeros(2, E, dtype=torch.float64), embedding())
    torch.testing.assert_close(found.exp(), shares.expand(2, V), rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_probabilities_of_bfloat16_weights_are_wide(kind: str) -> None:
    head, words = make(kind), embedding()
    states = torch.randn(N, E, dtype=torch.float64)
    expected = log_probs(head, states, words)
    found = log_probs(head.bfloat16(), states.bfloat16(), words.bfloat16())
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.double(), expected, rtol=0, atol=0.3)
    torch.testing.assert_close(found.exp().sum(1), torch.ones(N), rtol=0, atol=1e-5)
