"""What gates hold: the states that the model computes, each at its word; picking, ranking, mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from tagger.config.tagger import TAG
from tagger.errors import ConfigError
from tagger.inference.tagger import Tagger
from tagger.interpretability.gate_activations import Gates, by_movement
from tagger.interpretability.gate_names import EQUATIONS, NAMES, find_name, meaning
from tagger.interpretability.gates import gates
from tagger.models.layers.encoder import Encoder


@pytest.fixture(scope="module")
def tagger(tiny_model: Path) -> Tagger:
    return Tagger.load(tiny_model, threads=1, precision="float32", device="cpu")


def made(**arrays: list[list[float]]) -> Gates:
    """Forward gates of a GRU's first layer, as given."""
    tokens = ("they", "can", "fish")[: len(next(iter(arrays.values())))]
    return Gates("gru", tokens, {("forward", 1, name): np.array(rows) for name, rows in arrays.items()})


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_hidden_states_are_those_of_the_encoder_word_by_word(cell: str, layers: int) -> None:
    torch.manual_seed(2)
    encoder = Encoder(cell=cell, input_size=4, hidden_size=3, layers=layers, dropout=0.5)
    vectors = torch.randn(6, 4)
    expected = encoder.eval()(vectors.unsqueeze(1), torch.tensor([6]))[:, 0].detach().numpy()
    seen = gates(encoder.train(), vectors, ["a", "b", "c", "d", "e", "f"])  # dropout takes no part
    assert seen.cell == cell
    assert seen.names == NAMES[cell]
    assert seen.places == tuple((d, n) for d in ("forward", "backward") for n in range(1, layers + 1))
    np.testing.assert_allclose(seen["forward", layers, "hidden_state"], expected[:, :3], atol=1e-6)
    np.testing.assert_allclose(seen["backward", layers, "hidden_state"], expected[:, 3:], atol=1e-6)


def test_rows_of_every_array_belong_to_their_words_in_the_backward_direction_too() -> None:
    """The last word is where the backward direction starts, from zero states."""
    encoder = Encoder(cell="lstm", input_size=4, hidden_size=3, layers=1)
    assert encoder.backward_rnn is not None
    vectors = torch.randn(5, 4)
    seen = gates(encoder, vectors, ["a", "b", "c", "d", "e"])
    alone = gates(encoder, vectors[4:], ["e"])
    for name in NAMES["lstm"]:
        np.testing.assert_allclose(seen["backward", 1, name][4], alone["backward", 1, name][0], atol=1e-6)
    kept = seen["backward", 1, "forget_gate"][3] * seen["backward", 1, "cell_state"][4]
    written = seen["backward", 1, "input_gate"][3] * seen["backward", 1, "candidate"][3]
    np.testing.assert_allclose(seen["backward", 1, "cell_state"][3], kept + written, atol=1e-6)


def test_an_encoder_that_reads_forwards_alone() -> None:
    encoder = Encoder(cell="gru", input_size=4, hidden_size=3, layers=2)
    encoder.backward_rnn = None  # as of a causal language model
    network = nn.Module()
    network.encoder = encoder
    seen = gates(network, torch.randn(2, 4), ["a", "b"])
    assert seen.places == (("forward", 1), ("forward", 2))
    with pytest.raises(ConfigError, match="direction is backward; the model has forward"):
        seen.array("update_gate", "backward")


def test_numbers_keep_their_precision() -> None:
    encoder = Encoder(cell="rnn", input_size=4, hidden_size=3, layers=1)
    assert gates(encoder.double(), torch.randn(1, 4).double(), ["a"]).array("hidden_state").dtype == np.float64
    assert gates(encoder.float(), torch.randn(1, 4), ["a"]).array("hidden_state").dtype == np.float32


def test_the_tags_of_a_tagger_follow_from_the_states_shown(tagger: Tagger) -> None:
    text = "They can fish. The dog sees this stone!"
    seen = tagger.gates(text)
    tagged = tagger.tag(text)
    assert seen.tokens == tuple(tagged.tokens)
    assert seen.tags == tuple(tagged.tags)
    states = [seen[direction, 1, "hidden_state"] for direction in ("forward", "backward")]
    logits = tagger.saved.model.heads[TAG](torch.from_numpy(np.concatenate(states, axis=1)))
    assert tuple(tagger.labels[i] for i in logits.argmax(1).tolist()) == seen.tags


def test_every_sentence_of_a_text_starts_from_zero_states(tagger: Tagger) -> None:
    seen = tagger.gates("They can fish. The dog sees this stone!")
    second = tagger.gates(["The", "dog", "sees", "this", "stone", "!"])
    assert seen.starts == (0, 4)
    assert second.starts == (0,)
    for key, values in second.arrays.items():
        np.testing.assert_array_equal(seen[key][4:], values)


@pytest.mark.parametrize("nothing", ["", " \n", []])
def test_no_word_no_gates(tagger: Tagger, nothing: str | list[str]) -> None:
    with pytest.raises(ConfigError, match="the text has no words; expected at least one"):
        tagger.gates(nothing)


def test_means_over_units() -> None:
    seen = made(update_gate=[[0.0, 1.0], [0.5, 0.25]], hidden_state=[[-1.0, 1.0], [0.5, -0.5]])
    assert seen.mean("update_gate").tolist() == [0.5, 0.375]
    assert seen.mean("hidden_state").tolist() == [0, 0]
    assert seen.mean("hidden_state", size=True).tolist() == [1, 0.5]


def test_the_units_that_move_most_and_where() -> None:
    seen = made(
        reset_gate=[[0.9, 0.5], [0.1, 0.5], [0.5, 0.5]],
        update_gate=[[0.0, 0.2], [0.0, 0.2], [0.9, 0.5]],
        hidden_state=[[1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]],
    )
    first, second, third = seen.top(3)
    assert (first.name, first.unit, first.position, first.token) == ("update_gate", 0, 2, "fish")
    assert (first.value, first.mean) == pytest.approx((0.9, 0.3))
    assert (second.name, second.unit, second.token) == ("reset_gate", 0, "they")
    assert (third.name, third.unit, third.value) == ("update_gate", 1, 0.5)
    assert [move.name for move in seen.top(9, ["hidden"])] == ["hidden_state"] * 2
    assert len(seen.top(9)) == 4, "states are not ranked among gates"


def test_the_units_that_vary_most() -> None:
    """Unit 1 goes up and down; unit 0 moves further, but once."""
    steps = [[0.0, 0.8], [0.0, 0.2], [0.0, 0.8], [0.0, 0.2], [0.7, 0.8]]
    seen = Gates("gru", tuple("abcde"), {("forward", 1, "update_gate"): np.array(steps)})
    assert [move.unit for move in seen.top(2)] == [0, 1]
    assert next(move for move in seen.top(9) if move.unit == 1).deviation == pytest.approx(
        np.std([0.8, 0.2, 0.8, 0.2, 0.8])
    )


def test_one_word_moves_nothing() -> None:
    assert made(update_gate=[[0.1, 0.9]]).top() == []


def test_units_in_the_order_of_the_words_where_they_move() -> None:
    values = np.array([[0.0, 0.0, 0.5, 0.9], [0.0, 0.8, 0.0, 0.0], [0.6, 0.0, 0.0, 0.0]])
    assert by_movement(values).tolist() == [3, 2, 1, 0]


def test_picking(tagger: Tagger) -> None:
    seen = tagger.gates("They can fish.")
    picked = seen.pick(names=["forget", "cell-state"], direction="backward", layer=1, units=[7, 2])
    assert list(picked.arrays) == [("backward", 1, "forget_gate"), ("backward", 1, "cell_state")]
    expected = seen["backward", 1, "forget_gate"][:, [7, 2]]
    np.testing.assert_array_equal(picked.array("forget_gate", "backward"), expected)
    assert {move.unit for move in picked.top()} == {2, 7}
    again = picked.pick(units=[2])
    np.testing.assert_array_equal(again.array("forget gate", "backward"), expected[:, 1:])
    with pytest.raises(ConfigError, match="unit is 3; picked are 7, 2"):
        picked.pick(units=[3])


def test_an_unknown_unit_layer_or_gate_is_explained(tagger: Tagger) -> None:
    seen = tagger.gates(["fish"])
    with pytest.raises(ConfigError, match="unit is 12; a layer has 12 units, numbered from 0 to 11"):
        seen.pick(units=[3, 12])
    with pytest.raises(ConfigError, match="layer is 3; the model has 1"):
        seen.array("forget_gate", layer=3)
    with pytest.raises(ConfigError, match=r"gate is 'forgot', but the model is an LSTM .* did you mean 'forget_gate'"):
        seen.array("forgot")
    assert find_name("Update Gate", "gru") == "update_gate"
    with pytest.raises(ConfigError, match="'forget_gate', but the model is a plain RNN and has no gates, only hidden"):
        find_name("forget_gate", "rnn")


def test_every_name_is_explained() -> None:
    for cell, names in NAMES.items():
        assert len(EQUATIONS[cell]) == len(names)
        assert all(meaning(name) for name in names)


def test_plain_values_are_json(tagger: Tagger) -> None:
    seen = tagger.gates("They can fish.")
    read = json.loads(json.dumps(seen.to_dict()))
    assert read["cell"] == "lstm"
    assert read["tokens"] == ["They", "can", "fish", "."]
    assert len(read["arrays"]) == 2 * 6
    for one in read["arrays"]:
        expected = seen[one["direction"], one["layer"], one["name"]]
        np.testing.assert_allclose(one["values"], expected, rtol=0, atol=6e-7)
