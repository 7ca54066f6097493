"""The copy task: what is shown and asked for, and that a gated cell learns it where it cannot be guessed."""

from __future__ import annotations

import numpy as np
import torch

from tagger.experiments.copy_task import (
    BATCH,
    CUE,
    SYMBOLS,
    CopyObjective,
    CopySettings,
    copy_batch,
    copy_gradients,
    learn_copy,
    make_copy_network,
)


def test_one_symbol_then_distractors_then_the_question() -> None:
    symbols, answers = copy_batch(7, 500, np.random.default_rng(1))
    assert symbols.shape == (9, 500)
    assert (symbols[0] == answers).all()
    assert set(answers.tolist()) == set(range(SYMBOLS))
    assert symbols[1:-1].min() == SYMBOLS
    assert symbols[1:-1].max() == CUE - 1
    assert (symbols[-1] == CUE).all()


def test_loss_is_summed_over_the_answers() -> None:
    torch.manual_seed(1)
    network = make_copy_network("gru", 8)
    objective = CopyObjective(network, 4, seed=1)
    _, batches = objective.epoch(np.random.default_rng(2))
    symbols, answers = next(batches)
    found = objective.loss((symbols, answers))
    with torch.no_grad():
        logits = network(torch.from_numpy(symbols)).double()
        by_hand = sum(
            float(torch.logsumexp(row, 0) - row[answer]) for row, answer in zip(logits, answers.tolist(), strict=True)
        )
    assert abs(float(found.loss_sum.detach()) - by_hand) < 1e-3
    assert found.steps == BATCH


def test_an_lstm_learns_and_goes_on_to_longer_memories() -> None:
    settings = CopySettings(lengths=(2, 4), hidden_size=24, updates=400, learning_rate=1e-2)
    network, results = learn_copy("lstm", settings)
    assert [(one.length, one.solved) for one in results] == [(2, True), (4, True)]
    symbols, answers = copy_batch(4, 300, np.random.default_rng(9))
    with torch.no_grad():
        assert float((network(torch.from_numpy(symbols)).argmax(1).numpy() == answers).mean()) > 0.95
    norms = copy_gradients(network, 4, seed=1)
    assert [len(values) for values in norms.values()] == [6, 6]


def test_who_fails_is_not_tried_on_longer_ones() -> None:
    _, results = learn_copy("rnn", CopySettings(lengths=(30, 60), hidden_size=4, updates=25))
    assert [(one.length, one.solved, one.updates) for one in results] == [(30, False, 25)]
