"""The whole model: loss against a loop over steps, states of real steps only, batches that change nothing."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from tagger.models.layers.encoder import Encoder
from tagger.models.layers.word_representation import WordRepresentation
from tagger.models.networks.multi_head_network import Network, real_steps, summed_loss
from tests import reference

LENGTHS = (4, 1, 3)
K = 5


def make(dropout: float = 0.0, locked: bool = True, **heads: int) -> Network:
    torch.manual_seed(9)
    words = WordRepresentation(num_words=8, embedding_size=3, output_size=3)
    encoder = Encoder(cell="lstm", input_size=3, hidden_size=4, layers=1, dropout=dropout, locked=locked)
    model = Network(words=words, encoder=encoder, heads=heads or {"tag": K}, dropout=dropout, locked=locked)
    return model.double()


def batch(steps: int = 4) -> tuple[Tensor, Tensor, Tensor]:
    """(U, D) vectors of words, (T, B) rows with other words in the padding, (B,) lengths."""
    torch.manual_seed(4)
    return torch.randn(8, 3, dtype=torch.float64), torch.randint(0, 8, (steps, 3)), torch.tensor(LENGTHS)


def test_scores_come_sentence_after_sentence_without_padding() -> None:
    model = make().eval()
    vectors, steps, lengths = batch(steps=6)
    scores = model(vectors, steps, lengths)["tag"]
    assert scores.shape == (sum(LENGTHS), K)
    start = 0
    for b, n in enumerate(LENGTHS):
        alone = model(vectors, steps[:n, b : b + 1], lengths[b : b + 1])["tag"]
        torch.testing.assert_close(scores[start : start + n], alone, rtol=0, atol=1e-12)
        start += n


def test_every_head_is_a_linear_layer_over_the_same_states() -> None:
    model = make(tag=K, xpos=3).eval()
    states = model.encode(*batch())
    scores = model(*batch())
    assert list(scores) == ["tag", "xpos"]
    for name, head in model.heads.items():
        assert isinstance(head, nn.Linear)
        torch.testing.assert_close(scores[name], states @ head.weight.T + head.bias, rtol=0, atol=1e-12)


def test_real_steps() -> None:
    assert real_steps(torch.tensor([2, 0, 3]), 3).tolist() == [[True, True, False], [False] * 3, [True] * 3]


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_loss_is_the_sum_over_steps(smoothing: float) -> None:
    torch.manual_seed(1)
    logits = 4 * torch.randn(20, K, dtype=torch.float64)
    targets = torch.randint(0, K, (20,))
    targets[[3, 11]] = -1
    expected = sum(
        reference.step_loss(row, target, smoothing)
        for row, target in zip(logits.tolist(), targets.tolist(), strict=True)
        if target >= 0
    )
    found = summed_loss(logits, targets, label_smoothing=smoothing)
    assert found.item() == pytest.approx(expected, abs=1e-12)


def test_label_smoothing_by_hand() -> None:
    logits = torch.tensor([[0.0, 1.0]], dtype=torch.float64)
    total = torch.tensor([0.0, 1.0], dtype=torch.float64).exp().sum().log().item()  # ln(1 + e)
    found = summed_loss(logits, torch.tensor([1]), label_smoothing=0.2).item()
    assert found == pytest.approx(0.9 * (total - 1.0) + 0.1 * total, abs=1e-14)


def test_steps_without_a_label_teach_nothing() -> None:
    logits = torch.randn(3, K, dtype=torch.float64, requires_grad=True)
    summed_loss(logits, torch.tensor([2, -1, 0]), label_smoothing=0.1).backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    assert logits.grad.any(1).tolist() == [True, False, True]


def test_the_gradient_of_a_batch_is_the_sum_over_its_sentences() -> None:
    model = make().eval()
    vectors, steps, lengths = batch()
    targets = torch.arange(sum(LENGTHS)) % K
    summed_loss(model(vectors, steps, lengths)["tag"], targets).backward()  # type: ignore[no-untyped-call]
    together = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    start = 0
    for b, n in enumerate(LENGTHS):
        scores = model(vectors, steps[:n, b : b + 1], lengths[b : b + 1])["tag"]
        summed_loss(scores, targets[start : start + n]).backward()  # type: ignore[no-untyped-call]
        start += n
    assert together
    for name, parameter in model.named_parameters():
        if name in together:
            torch.testing.assert_close(parameter.grad, together[name], rtol=0, atol=1e-12)


@pytest.mark.parametrize("locked", [True, False])
def test_dropout_is_drawn_in_training_alone(locked: bool) -> None:
    model = make(dropout=0.5, locked=locked)
    vectors, steps, lengths = batch()
    assert not torch.equal(model.train().encode(vectors, steps, lengths), model.encode(vectors, steps, lengths))
    assert torch.equal(model.eval().encode(vectors, steps, lengths), model.encode(vectors, steps, lengths))


def test_locked_dropout_drops_a_unit_of_a_sentence_at_all_of_its_steps() -> None:
    model = make(dropout=0.5, locked=True).train()
    dropped = model.encode(*batch()) == 0  # (N, 2H)
    start = 0
    for n in LENGTHS:
        assert torch.equal(dropped[start : start + n], dropped[start : start + 1].expand(n, -1))
        start += n
    assert dropped.any()


def test_uniform_initialisation_is_that_of_the_published_recipe() -> None:
    from tagger.models.heads.softmax import FullSoftmax
    from tagger.models.networks.multi_head_network import initialise_uniformly

    words = WordRepresentation(num_words=300, embedding_size=16, output_size=0)
    encoder = Encoder(cell="lstm", input_size=16, hidden_size=16, layers=2, backward=False)
    head = FullSoftmax(input_size=16, num_predicted=300, size=16, tied=True)
    head.start_from(torch.full((300,), 1 / 300))
    network = Network(words=words, encoder=encoder, heads={}, lm_heads={"forward_rnn": head}, dropout=0.0, locked=True)
    torch.manual_seed(1)
    initialise_uniformly(network)
    assert 0.09 < float(words.embedding.weight.detach().abs().max()) <= 0.1
    largest = [float(weight.detach().abs().max()) for weight in encoder.forward_rnn.layers.parameters()]
    assert all(0.8 * 0.25 < value <= 0.25 for value in largest), "1 / sqrt(H), biases too"
    assert not head.bias.detach().any()
