"""The fused layers against the cells, and the cells against values worked out by hand and by numpy."""

from __future__ import annotations

import random
from itertools import product

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tagger.models.layers.cells import LSTM, Affine, Cell, FusedGRU, PublishedGRU, cell_of, run_cell, run_layers
from tagger.models.layers.encoder import Encoder
from tests import reference

CASES = list(product(("lstm", "gru", "rnn"), (1, 2, 3)))
FORWARD, BACKWARD = 1e-12, 1e-10  # relative errors


def encoder_of(cell: str, layers: int, rng: random.Random) -> tuple[Encoder, int]:
    """An encoder of random sizes and weights, biases too, in float64; and the size of its inputs."""
    torch.manual_seed(rng.randrange(10_000))
    size, hidden = rng.randint(1, 9), rng.randint(1, 9)
    encoder = Encoder(cell=cell, input_size=size, hidden_size=hidden, layers=layers, dropout=0.5)
    for parameter in encoder.parameters():
        nn.init.normal_(parameter, std=0.8)
    return encoder.double().eval(), size


def relative_error(found: Tensor, expected: Tensor) -> float:
    found, expected = found.detach(), expected.detach()
    return float((found - expected).abs().max() / expected.abs().max())


def by_cells(encoder: Encoder, sentence: Tensor) -> Tensor:
    """(T, 2H), one word and one gate after the other."""
    assert encoder.backward_rnn is not None
    forward = run_layers(list(encoder.forward_rnn.layers), sentence)[-1]["hidden_state"]
    backward = run_layers(list(encoder.backward_rnn.layers), sentence, backwards=True)[-1]["hidden_state"]
    return torch.cat([forward, backward], dim=1)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("cell", "layers"), CASES)
def test_the_fused_layers_compute_the_states_of_the_cells(cell: str, layers: int, seed: int) -> None:
    rng = random.Random(seed)
    encoder, size = encoder_of(cell, layers, rng)
    lengths = [rng.randint(1, 12) for _ in range(rng.randint(1, 5))]
    batch = torch.randn(max(lengths), len(lengths), size, dtype=torch.float64)
    with torch.no_grad():
        states = encoder(batch, torch.tensor(lengths))
        for b, length in enumerate(lengths):
            assert relative_error(states[:length, b], by_cells(encoder, batch[:length, b])) < FORWARD


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(("cell", "layers"), CASES)
def test_the_fused_layers_have_the_gradients_of_the_cells(cell: str, layers: int, seed: int) -> None:
    rng = random.Random(100 + seed)
    encoder, size = encoder_of(cell, layers, rng)
    lengths = [rng.randint(2, 9) for _ in range(3)]
    batch = torch.randn(max(lengths), len(lengths), size, dtype=torch.float64, requires_grad=True)
    weights = [torch.randn(length, encoder.output_size, dtype=torch.float64) for length in lengths]
    wanted = [batch, *encoder.parameters()]
    states = encoder(batch, torch.tensor(lengths))
    fast = sum((states[: len(w), b] * w).sum() for b, w in enumerate(weights))
    slow = sum((by_cells(encoder, batch[: len(w), b]) * w).sum() for b, w in enumerate(weights))
    assert isinstance(fast, Tensor)
    assert isinstance(slow, Tensor)
    for found, expected in zip(torch.autograd.grad(fast, wanted), torch.autograd.grad(slow, wanted), strict=True):
        assert relative_error(found, expected) < BACKWARD


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize(("cell", "layers"), CASES)
def test_the_cells_agree_with_the_other_slow_truth(cell: str, layers: int, backwards: bool) -> None:
    encoder, size = encoder_of(cell, layers, random.Random(9))
    sentence = torch.randn(6, size, dtype=torch.float64)
    weights = reference.stack_weights(dict(encoder.named_parameters()), "forward_rnn", layers)
    expected = torch.stack(reference.run_stack(cell, list(sentence), weights, backwards=backwards))
    found = run_layers(list(encoder.forward_rnn.layers), sentence, backwards=backwards)
    assert len(found) == layers
    assert relative_error(found[-1]["hidden_state"], expected) < FORWARD


def affine(w: float, u: float, b: float = 0.0, c: float = 0.0) -> Affine:
    """A gate of one unit that reads one number."""
    return Affine(*(torch.tensor(part, dtype=torch.float64) for part in ([[w]], [[u]], [b], [c])))


def last(cell: Cell, *words: float) -> dict[str, float]:
    """Values at the last of some one-number words."""
    values = run_cell(cell, torch.tensor(words, dtype=torch.float64).unsqueeze(1))
    return {name: float(rows[-1]) for name, rows in values.items()}


def test_an_lstm_by_hand() -> None:
    zero = affine(0, 0)
    values = last(LSTM(zero, zero, affine(1, 0), affine(0, 0, 100)), 1.0, -2.0)
    assert values["input_gate"] == values["forget_gate"] == 0.5
    assert values["output_gate"] == pytest.approx(1)
    assert values["candidate"] == pytest.approx(-0.9640275801)  # tanh -2
    assert values["cell_state"] == pytest.approx(0.5 * 0.5 * 0.7615941560 - 0.5 * 0.9640275801)
    assert values["hidden_state"] == pytest.approx(np.tanh(values["cell_state"]))


def test_an_open_forget_gate_only_adds_up_as_in_1997() -> None:
    layer = nn.LSTM(3, 4).double()
    with torch.no_grad():
        dict(layer.named_parameters())["bias_ih_l0"][4:8] = 1e6  # the forget gate; the others stay as drawn
        values = run_cell(cell_of(layer), torch.randn(7, 3, dtype=torch.float64))
    added = torch.cumsum(values["input_gate"] * values["candidate"], dim=0)
    torch.testing.assert_close(values["cell_state"], added, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(values["hidden_state"], values["output_gate"] * torch.tanh(added))


@pytest.mark.parametrize("kind", [PublishedGRU, FusedGRU])
@pytest.mark.parametrize(("bias", "expected"), [(100.0, 0.0), (-100.0, 0.9640275801)])
def test_an_update_gate_near_one_keeps_the_state_as_in_2014(
    kind: type[PublishedGRU], bias: float, expected: float
) -> None:
    """And near zero takes the candidate: not as Chung et al. 2014 write it."""
    assert last(kind(affine(0, 0), affine(0, 0, bias), affine(1, 0)), 2.0)["hidden_state"] == pytest.approx(expected)


def test_where_the_reset_gate_acts_by_hand() -> None:
    """One unit, state h = tanh(1) / 2 after the first word, r = 1/2, U = 3, c = 0.4."""
    gates = affine(0, 0), affine(0, 0), affine(1, 3, 0, 0.4)
    first = np.tanh(1 + 0.4) / 2
    assert last(PublishedGRU(*gates), 1.0)["hidden_state"] == pytest.approx(first)
    published = np.tanh(-1 + 3 * (0.5 * first) + 0.4)
    assert last(PublishedGRU(*gates), 1.0, -1.0)["candidate"] == pytest.approx(published)
    start = np.tanh(1 + 0.5 * 0.4) / 2
    fused = np.tanh(-1 + 0.5 * (3 * start + 0.4))
    assert last(FusedGRU(*gates), 1.0, -1.0)["candidate"] == pytest.approx(fused)


def numpy_gru(words: np.ndarray, gates: list[list[np.ndarray]], *, before: bool) -> np.ndarray:
    """(T, H) states of either variant, by matrix algebra alone."""

    def sigmoid(a: np.ndarray) -> np.ndarray:
        opened: np.ndarray = 1 / (1 + np.exp(-a))
        return opened

    h = np.zeros(len(gates[0][2]))
    states = []
    (wr, ur, br, cr), (wz, uz, bz, cz), (wn, un, bn, cn) = gates
    for x in words:
        r, z = sigmoid(wr @ x + br + ur @ h + cr), sigmoid(wz @ x + bz + uz @ h + cz)
        n = np.tanh(wn @ x + bn + (un @ (r * h) + cn if before else r * (un @ h + cn)))
        h = z * h + (1 - z) * n
        states.append(h)
    return np.stack(states)


@pytest.mark.parametrize(("kind", "before"), [(PublishedGRU, True), (FusedGRU, False)])
def test_both_grus_against_matrix_algebra(kind: type[PublishedGRU], before: bool) -> None:
    rng = np.random.default_rng(4)
    gates = [[rng.normal(size=shape) for shape in ((5, 3), (5, 5), (5,), (5,))] for _ in range(3)]
    words = rng.normal(size=(8, 3))
    cell = kind(*(Affine(*map(torch.from_numpy, parts)) for parts in gates))
    found = run_cell(cell, torch.from_numpy(words))["hidden_state"].numpy()
    np.testing.assert_allclose(found, numpy_gru(words, gates, before=before), rtol=0, atol=1e-13)
    assert np.abs(found - numpy_gru(words, gates, before=not before)).max() > 0.01


def test_both_grus_agree_where_the_recurrent_matrix_is_diagonal() -> None:
    torch.manual_seed(5)
    layer = nn.GRU(3, 4, bias=False).double()
    with torch.no_grad():
        dict(layer.named_parameters())["weight_hh_l0"][8:] = torch.diag(torch.randn(4, dtype=torch.float64))
        fused = cell_of(layer)
        assert isinstance(fused, FusedGRU)
        published = PublishedGRU(fused.reset_gate, fused.update_gate, fused.candidate)
        words = torch.randn(6, 3, dtype=torch.float64)
        expected = layer(words)[0]
        for cell in (fused, published):
            torch.testing.assert_close(run_cell(cell, words)["hidden_state"], expected, rtol=0, atol=1e-14)


def test_every_value_has_a_row_a_word_and_gates_lie_between_zero_and_one() -> None:
    torch.manual_seed(3)
    encoder = Encoder(cell="lstm", input_size=3, hidden_size=5, layers=2)
    first, second = run_layers(list(encoder.forward_rnn.layers), 9 * torch.randn(4, 3))
    names = ["input_gate", "forget_gate", "output_gate", "candidate", "cell_state", "hidden_state"]
    assert list(first) == list(second) == names
    assert {tuple(rows.shape) for values in (first, second) for rows in values.values()} == {(4, 5)}
    for name in names[:3]:
        assert ((first[name] >= 0) & (first[name] <= 1)).all()


@pytest.mark.parametrize(
    "layer",
    [
        nn.LSTM(2, 3, num_layers=2),
        nn.GRU(2, 3, bidirectional=True),
        nn.LSTM(2, 3, proj_size=2),
        nn.RNN(2, 3, nonlinearity="relu"),
        nn.Linear(2, 3),
    ],
)
def test_other_layers_are_refused(layer: nn.Module) -> None:
    with pytest.raises(TypeError, match=r"expected one layer|expected an LSTM"):
        cell_of(layer)
