"""What a language model learns from a step: against slow loops, other batches and other threads."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tagger.config.language_model import LanguageConfig, resolve
from tagger.config.tagger import StreamConfig
from tagger.corpora.encoding.vocabulary import Vocabulary
from tagger.corpora.encoding.word_features import WordFeatures
from tagger.corpora.subwords.base import TokenStream
from tagger.language_modelling.bptt import BpttChunk
from tagger.language_modelling.objective import LanguageObjective
from tagger.models.heads.softmax import FullSoftmax
from tagger.serialization.builder import build_language_model
from tagger.training.events import Step
from tagger.training.optimizers import make_optimization
from tagger.training.trainer import Trainer
from tests import reference

V = 11
STILL: dict[str, Any] = {
    "head.softmax": "full",
    "words.characters": "none",
    "words.embedding_size": 6,
    "words.output_size": 0,
    "encoder.hidden_size": 6,
    "encoder.layers": 2,
    "streams.batch_size": 4,
    "streams.bptt": 5,
    "streams.jitter": False,
    "streams.input_dropout": 0,
    "streams.dropout": 0,
    "streams.output_dropout": 0,
    "streams.embedding_dropout": 0,
    "streams.weight_drop": 0,
    "streams.activation_penalty": 0,
    "streams.temporal_penalty": 0,
    "training.epochs": 2,
    "training.precision": "float32",
    "training.optimizer": "sgd",
    "training.learning_rate": 1.0,
    "training.schedule": "constant",
    "training.warmup": 0,
    "training.weight_decay": 0,
    "training.average": 0,
    "head.cutoffs": [3],
}
"""Nothing is drawn and nothing is dropped."""


def ids(size: int = 203, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, V, size).astype(np.int32)


def stream(tokens: np.ndarray, passages: int) -> TokenStream:
    """A text of which only the ids and the number of passages matter."""
    return TokenStream(tokens, 0, 0, 0, passages)


def settings(**changes: Any) -> LanguageConfig:
    chosen = {name.replace("__", "."): value for name, value in changes.items()}
    return resolve(LanguageConfig().with_settings({**STILL, **chosen}), 1000, V)


def objective(
    train: np.ndarray | None = None,
    dev: np.ndarray | None = None,
    following: Iterator[TokenStream] | None = None,
    **changes: Any,
) -> LanguageObjective:
    config = settings(**changes)
    words = tuple(f"w{n}" for n in range(V))
    features = WordFeatures(Vocabulary(("<unk>", *words[1:]), V, V))
    torch.manual_seed(5)
    network = build_language_model(config, features, V).double()
    for parameter in network.parameters():  # biases too
        nn.init.normal_(parameter, std=0.5)
    return LanguageObjective(
        network,
        features.encode(features.vocabulary.words),
        stream(ids() if train is None else train, 20),
        None if dev is None else stream(dev, 5),
        config.streams,
        config.training,
        device=torch.device("cpu"),
        following=following,
    )


def chunks_of(made: LanguageObjective, seed: int = 1) -> list[BpttChunk]:
    return list(made.epoch(np.random.default_rng(seed))[1])


def gradient(made: LanguageObjective, batches: list[BpttChunk]) -> list[Tensor]:
    """Of the losses of chunks, weighted by their steps: of the loss of a step, over all of them."""
    found = [torch.zeros_like(p) for p in made.model.parameters()]
    steps = 0
    for batch in batches:
        loss = made.loss(batch)
        for total, part in zip(found, parts(loss.loss, made), strict=True):
            total += part * loss.steps
        steps += loss.steps
    return [total / steps for total in found]


def parts(loss: Tensor, made: LanguageObjective) -> list[Tensor]:
    parameters = list(made.model.parameters())
    return [
        torch.zeros_like(p) if g is None else g
        for p, g in zip(parameters, torch.autograd.grad(loss, parameters, allow_unused=True), strict=True)
    ]


def by_loop(made: LanguageObjective, text: list[int], direction: str = "forward_rnn") -> list[float]:
    """Nats of every unit of a text but its first, one after the other, from zero states."""
    model = made.model
    head = cast(FullSoftmax, model.lm_heads[direction])
    weights = reference.stack_weights(dict(model.encoder.named_parameters()), direction, 2)
    vectors = list(model.words.embedding.weight.detach()[text[:-1]])
    states = reference.run_stack("lstm", vectors, weights, backwards=False)
    rows = [(model.words.embedding.weight @ state + head.bias).tolist() for state in states]
    return [reference.step_loss(row, target) for row, target in zip(rows, text[1:], strict=True)]


def test_nats_are_those_of_a_loop_over_the_streams() -> None:
    """Four streams of 50 units, in chunks of five: states are carried, every step counts once."""
    made = objective()
    text = ids().tolist()
    expected = sum(sum(by_loop(made, text[50 * b : 50 * (b + 1)])) for b in range(4))
    found = [made.loss(batch) for batch in chunks_of(made)]
    assert sum(loss.steps for loss in found) == 4 * 49
    assert sum(loss.loss_sum.item() for loss in found) == pytest.approx(expected, rel=1e-12)
    for loss in found:
        assert loss.loss.item() == pytest.approx(loss.loss_sum.item() / loss.steps, rel=1e-14)
        assert loss.lr_scale == 1.0


def periodic(streams: int, size: int = 12) -> np.ndarray:
    """The same chunk of text in every one of so many streams."""
    return np.tile(ids(size, seed=3), streams)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("softmax", ["full", "adaptive"])
@pytest.mark.parametrize("batch_size", [2, 3, 6])
def test_the_batch_size_does_not_change_the_update(batch_size: int, softmax: str, bidirectional: bool) -> None:
    """The same text once or in several streams side by side: the loss is one per step, not one per batch."""
    options: dict[str, Any] = {
        "head__softmax": softmax,
        "head__bidirectional": bidirectional,
        "streams__bptt": 100,
        "streams__activation_penalty": 0.7,
        "streams__temporal_penalty": 0.9,
    }
    alone = objective(periodic(1), streams__batch_size=1, **options)
    together = objective(periodic(batch_size), streams__batch_size=batch_size, **options)
    (one,), (many,) = chunks_of(alone), chunks_of(together)
    first, second = alone.loss(one), together.loss(many)
    assert second.steps == batch_size * first.steps
    assert second.loss_sum.item() == pytest.approx(batch_size * first.loss_sum.item(), rel=1e-12)
    for expected, found in zip(parts(first.loss, alone), parts(second.loss, together), strict=True):
        assert expected.abs().max() > 1e-4
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-9)  # penalties are float32


@pytest.mark.parametrize("length", [1, 2, 4, 8, 24])
def test_the_length_of_a_chunk_does_not_change_the_update(length: int) -> None:
    """Where a step depends on nothing but its own unit, chunks of any length have gradients of the same mean.

    (What remains of the past is taken away: recurrent weights of zero, forget gates closed, and no gradient to them.)
    """
    made = objective(ids(4 * 25), streams__bptt=length)
    with torch.no_grad():
        for name, parameter in made.model.encoder.named_parameters():
            if "weight_hh" in name:
                parameter.zero_()
            if "bias_ih" in name:
                parameter[6:12] = -1e9
    found = gradient(made, chunks_of(made))
    whole = objective(ids(4 * 25), streams__bptt=1000)
    whole.model.load_state_dict(made.model.state_dict())
    (batch,) = chunks_of(whole)
    expected = parts(whole.loss(batch).loss, whole)
    names = [name for name, _ in made.model.named_parameters()]
    for name, one, other in zip(names, found, expected, strict=True):
        if "weight_hh" not in name:
            torch.testing.assert_close(one, other, rtol=0, atol=1e-12)


def test_a_chunk_of_half_the_length_moves_half_as_far_under_sgd_alone() -> None:
    """Merity et al. 2018, section 4.1: the rate is rescaled by the length where that is jittered."""
    for optimizer, jitter in (("sgd", True), ("asgd", True), ("adamw", True), ("sgd", False)):
        made = objective(ids(900), streams__bptt=10, streams__jitter=jitter, training__optimizer=optimizer)
        for batch in chunks_of(made)[:6]:
            length = len(batch.blocks[0][0])
            expected = length / 10 if optimizer != "adamw" and jitter else 1.0
            assert made.loss(batch).lr_scale == pytest.approx(expected)


def test_the_backward_head_reads_the_text_from_its_end() -> None:
    """Its nats are those of a forward head with its weights over the reversed text."""
    text = ids(4 * 25)  # no unit is left out, so that both texts have the same streams
    both = objective(text, head__bidirectional=True)
    forward, backward = objective(text), objective(text[::-1].copy())
    for made, name in ((forward, "forward_rnn"), (backward, "backward_rnn")):
        made.model.words.load_state_dict(both.model.words.state_dict())
        made.model.encoder.forward_rnn.load_state_dict(getattr(both.model.encoder, name).state_dict())
        made.model.lm_heads["forward_rnn"].load_state_dict(both.model.lm_heads[name].state_dict())
    totals = []
    for made in (both, forward, backward):
        totals.append([made.loss(batch).loss_sum.item() for batch in chunks_of(made)])
    assert totals[0] == pytest.approx([one + other for one, other in zip(*totals[1:], strict=True)], rel=1e-12)
    assert abs(sum(totals[1]) - sum(totals[2])) > 1.0


def test_two_directions_count_their_steps_twice() -> None:
    one, two = objective(), objective(head__bidirectional=True)
    assert [two.loss(batch).steps for batch in chunks_of(two)] == [
        2 * one.loss(batch).steps for batch in chunks_of(one)
    ]


def fitting_of(made: LanguageObjective, threads: int, **options: Any) -> Trainer:
    """Training that is about to begin."""
    config = settings(**options)
    return Trainer(
        made.model,
        made,
        config.training,
        make_optimization(made.model, config.training),
        threads=threads,
        rng=np.random.default_rng(1),
    )


def fitted(threads: int, **changes: Any) -> dict[str, Tensor]:
    """Float32 weights after an epoch on so many threads."""
    made = objective(ids(600), **changes)
    made.model.float()
    trainer = fitting_of(made, threads, training__epochs=1, **changes)
    losses = [event.loss_per_step for event in trainer.events() if isinstance(event, Step)]
    assert all(math.isfinite(loss) for loss in losses)
    return {name: p.detach().clone() for name, p in made.model.named_parameters()}


DROPPING: dict[str, Any] = {
    "streams__input_dropout": 0.3,
    "streams__dropout": 0.3,
    "streams__output_dropout": 0.3,
    "streams__embedding_dropout": 0.2,
    "streams__weight_drop": 0.3,
    "streams__activation_penalty": 1.0,
    "streams__temporal_penalty": 1.0,
    "streams__jitter": True,
}


@pytest.mark.slow
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
@pytest.mark.parametrize("tied", [False, True])
def test_the_number_of_threads_changes_nothing(bidirectional: bool, optimizer: str, tied: bool) -> None:
    options = {
        **DROPPING, "head__bidirectional": bidirectional, "training__optimizer": optimizer, "head__tied": tied,
        "training__learning_rate": 0.3 if optimizer == "sgd" else 0.01,
    }  # fmt: skip
    one, two = fitted(1, **options), fitted(2, **options)
    different = [name for name in one if not torch.equal(one[name], two[name])]
    assert different == []


REGULARISERS: dict[str, float] = {
    "input_dropout": 0.3,
    "dropout": 0.3,
    "output_dropout": 0.3,
    "embedding_dropout": 0.3,
    "weight_drop": 0.3,
    "activation_penalty": 1.0,
    "temporal_penalty": 1.0,
}


@pytest.mark.parametrize("kind", ["locked", "plain"])
@pytest.mark.parametrize("name", REGULARISERS)
def test_each_regulariser_is_live(name: str, kind: str) -> None:
    """Switched on alone it changes the loss of the very first step, and leaves evaluation alone."""
    options: dict[str, Any] = {f"streams__{name}": REGULARISERS[name], "streams__dropout_kind": kind}
    plain, changed = objective(dev=ids(90, 2)), objective(dev=ids(90, 2), **options)
    for made in (plain, changed):
        made.model.train()
    score, other = plain.evaluate(), changed.evaluate()
    assert score == other
    first, second = (made.loss(chunks_of(made)[0]) for made in (plain, changed))
    assert abs(first.loss.item() - second.loss.item()) > 1e-4
    assert (first.loss_sum.item() == second.loss_sum.item()) == name.endswith("penalty"), (
        "penalties are no cross-entropy"
    )
    assert changed.evaluate() == score
    assert not all(
        torch.allclose(a, b) for a, b in zip(parts(first.loss, plain), parts(second.loss, changed), strict=True)
    )


@pytest.mark.parametrize("name", ["input_dropout", "output_dropout", "embedding_dropout", "weight_drop", "dropout"])
def test_what_is_dropped_differs_from_step_to_step(name: str) -> None:
    options: dict[str, Any] = {f"streams__{name}": 0.4}
    made = objective(**options)
    batch = chunks_of(made)[0]
    made.model.train()
    assert len({made.loss(batch).loss_sum.item() for _ in range(3)}) == 3
    made.model.eval()
    assert len({made.loss(batch).loss_sum.item() for _ in range(3)}) == 1


def test_the_seed_decides_what_is_dropped() -> None:
    found: list[float] = []
    for seed in (1, 1, 2):
        made = objective(**DROPPING, training__seed=seed)
        torch.manual_seed(len(found))
        found.append(made.loss(chunks_of(made)[0]).loss.item())
    assert found[0] == found[1] != found[2]


def test_a_dropped_word_is_dropped_wherever_it_stands() -> None:
    """Embedding dropout: the vector of a unit is zero at all of its places, or scaled at all of them."""
    made = objective(streams__embedding_dropout=0.5)
    types = np.arange(V)
    found = made._represent(types)
    plain = made.model.words.embedding.weight
    for row, vector in zip(found, plain, strict=True):
        assert torch.equal(row, 2 * vector) or not row.any()
    assert 0 < int((found != 0).any(1).sum()) < V


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("size", [2, 3, 90, 800])
def test_evaluation_is_a_loop_over_ten_streams(size: int, bidirectional: bool) -> None:
    dev = ids(size, 2)
    made = objective(dev=dev, head__bidirectional=bidirectional)
    streams = max(1, min(10, size // 2))
    steps = size // streams
    losses = [loss for b in range(streams) for loss in by_loop(made, dev[b * steps : (b + 1) * steps].tolist())]
    score = made.evaluate()
    assert score is not None
    assert score.loss == pytest.approx(float(np.mean(losses)), rel=1e-12)
    assert score.perplexity == pytest.approx(math.exp(np.mean(losses)), rel=1e-12)
    assert score.accuracy is None
    assert score.value == -score.loss
    assert made.model.training


def test_evaluation_within_an_epoch_leaves_the_states_of_training_alone() -> None:
    plain, disturbed = objective(dev=ids(90, 2)), objective(dev=ids(90, 2))
    expected = [plain.loss(batch).loss_sum.item() for batch in chunks_of(plain)]
    found = []
    for batch in chunks_of(disturbed):
        disturbed.evaluate()
        found.append(disturbed.loss(batch).loss_sum.item())
    assert found == expected


def test_without_dev_there_is_no_score() -> None:
    assert objective().evaluate() is None


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("batch_size", [1, 2, 5, 1000])
def test_an_epoch_reads_every_unit_once(batch_size: int, bidirectional: bool) -> None:
    text = np.arange(203, dtype=np.int32)
    made = objective(streams__batch_size=batch_size, head__bidirectional=bidirectional)
    made.train = replace(made.train, ids=text)
    number, batches = made.epoch(np.random.default_rng(1))
    found = list(batches)
    assert number == len(found) == made.steps_per_epoch
    assert [batch.first for batch in found] == [True] + [False] * (len(found) - 1)
    for batch in found:
        for read, following in batch.blocks:
            step = -1 if bidirectional and read is batch.blocks[1][0] else 1
            assert (following - read == step).all()
    read_ahead = [
        unit for batch in found for block, _ in batch.blocks[: 1 if bidirectional else 2] for unit in block.flat
    ]
    streams = min(batch_size, 101)
    last = {(b + 1) * (203 // streams) - 1 for b in range(streams)}
    assert sorted(read_ahead) == [unit for unit in range(203 // streams * streams) if unit not in last]


def test_jittered_epochs_begin_at_other_places() -> None:
    made = objective(np.arange(2000, dtype=np.int32) % V, streams__jitter=True)
    made.train = replace(made.train, ids=np.arange(2000, dtype=np.int32))
    rng = np.random.default_rng(3)
    starts = [int(next(iter(made.epoch(rng)[1])).blocks[0][0][0, 0]) for _ in range(20)]
    assert len(set(starts)) > 5
    assert max(starts) < 2000 / 4 / 4
    again = np.random.default_rng(3)
    assert starts == [int(next(iter(made.epoch(again)[1])).blocks[0][0][0, 0]) for _ in range(20)]


def test_a_text_that_follows_is_read_in_the_epochs_that_follow() -> None:
    texts = [stream(ids(60 + n, n), 3) for n in range(3)]
    made = objective(texts[0].ids, following=cycle(texts[1:]))
    for expected in (texts[0], texts[1], texts[2], texts[1]):
        first = chunks_of(made)[0].blocks[0][0]
        assert first[:, 0].tolist() == expected.ids[: len(first)].tolist()


@pytest.mark.parametrize("size", [2, 3, 4, 5])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_the_shortest_texts(size: int, bidirectional: bool) -> None:
    made = objective(ids(size), head__bidirectional=bidirectional, streams__jitter=True)
    for _ in range(3):
        for batch in chunks_of(made):
            assert made.loss(batch).loss.isfinite()


def test_bfloat16_is_the_same_within_its_precision() -> None:
    """Values and gradients of a step, with the products of bfloat16."""
    made = objective()
    made.model.float()
    batch = chunks_of(made)[0]
    expected = made.loss(batch)
    wanted = parts(expected.loss, made)
    made.half = True
    found = made.loss(batch)
    assert found.loss.dtype == torch.float32
    assert found.loss.item() == pytest.approx(expected.loss.item(), rel=0.02)
    assert found.loss.item() != expected.loss.item()
    for one, other in zip(parts(found.loss, made), wanted, strict=True):
        assert float((one - other).norm() / other.norm()) < 0.1


def test_the_configuration_of_streams_reaches_the_readers() -> None:
    made = objective(**DROPPING, streams__dropout_kind="plain")
    assert isinstance(made.streams, StreamConfig)
    for reader in made.readers:
        assert (reader.inputs.p, reader.outputs.p) == (0.3, 0.3)
        assert (reader.stack.dropout.p, reader.stack.weight_drop) == (0.3, 0.3)
        assert type(reader.inputs).__name__ == type(reader.stack.dropout).__name__ == "Dropout"


def test_words_are_represented_in_few_sizes() -> None:
    """Filled up to multiples of 32, which neither the vectors nor the gradients show."""
    made = objective()
    sizes: list[int] = []
    made.model.words.register_forward_hook(lambda _, inputs, __: sizes.append(len(inputs[0])))
    weights = made.model.words.embedding.weight
    for number in (1, 5, V):
        types = np.arange(number)[::-1].copy()
        made.model.zero_grad()
        found = made._represent(types)
        assert torch.equal(found, weights[torch.from_numpy(types)])
        found.sum().backward()  # type: ignore[no-untyped-call]
        assert weights.grad is not None
        assert weights.grad[:number].eq(1).all()
        assert not weights.grad[number:].any()
    assert [size % 32 for size in sizes] == [0, 0, 0]
