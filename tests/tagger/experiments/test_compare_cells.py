"""Cells side by side: the formula of their parameters, equal sizes, gradients before and after."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tagger.experiments.compare_cells import BLOCKS, equal_size, factor_per_step, follow_gradients, layer_parameters
from tagger.models.layers.recurrence import CELLS


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_the_formula_counts_what_pytorch_has(cell: str) -> None:
    layer = CELLS[cell](7, 11)
    assert layer_parameters(cell, 7, 11) == sum(parameter.numel() for parameter in layer.parameters())
    assert dict(layer.named_parameters())["weight_hh_l0"].shape[0] == BLOCKS[cell] * 11


def test_equal_parameters_are_as_near_as_can_be() -> None:
    wanted = layer_parameters("lstm", 200, 64)
    assert equal_size("lstm", 200, wanted) == 64
    size = equal_size("rnn", 200, wanted)
    off = abs(layer_parameters("rnn", 200, size) - wanted)
    assert off <= min(abs(layer_parameters("rnn", 200, other) - wanted) for other in (size - 1, size + 1))


def test_what_a_step_leaves() -> None:
    assert factor_per_step([5.0] + [0.8**k for k in range(1, 30)]) == pytest.approx(0.8)
    assert factor_per_step([1.0, 0.0, 0.0]) == 0.0


def test_gradients_in_running_text(tiny_corpus: Path) -> None:
    """The row of k = 0 is the gradient of the loss by the head's own input: (softmax - one hot) @ W, by hand."""
    from tagger.config.defaults import Facts, resolve
    from tagger.config.tagger import TAG, Config
    from tagger.corpora.read_corpus import read_corpus
    from tagger.experiments.compare_cells import SETTINGS, STEPS, running_text, untrained_network
    from tagger.sequence_labelling.train import make_task
    from tagger.training.objective import word_tensors

    corpus = read_corpus(str(tiny_corpus))
    config = resolve(Config().with_settings({**SETTINGS, "encoder.hidden_size": 5}), Facts.of(corpus))
    task = make_task(corpus, config)
    model = untrained_network(task)
    features = task.prepared.features
    norms = follow_gradients(model, task)
    assert [len(values) for values in norms.values()] == [STEPS, STEPS]
    words, tags = running_text(task)
    head = model.heads[TAG]
    expected = []
    with torch.no_grad():
        for b in range(words.shape[1]):
            inputs = model.words(*word_tensors(features.encode(list(words[:, b])), torch.device("cpu")))[:, None]
            forward = model.encoder.forward_rnn(inputs)[-1]
            backward = model.encoder.backward_rnn(inputs[-1:])[0]  # type: ignore[misc]
            chances = head(torch.cat([forward, backward], dim=-1)).softmax(-1)[0]
            chances[task.prepared.labels[TAG].encode([tags[-1, b]])[0]] -= 1
            expected.append(float((chances @ head.weight[:, :5]).norm()))  # type: ignore[index]
    assert norms["hidden state"][0] == pytest.approx(sum(expected) / len(expected), rel=1e-4)
