"""The training loop against slow loops and hand computations."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace
from itertools import chain, count, pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import datasets
import numpy as np
import pytest
import torch
from torch import Tensor

from tagger.config.defaults import Facts, resolve
from tagger.config.tagger import TAG, Config, TrainingConfig
from tagger.corpora.encoding.batching import assemble
from tagger.corpora.encoding.encoded_split import EncodedSplit
from tagger.corpora.read_corpus import read_corpus
from tagger.corpora.sources.corpus import Corpus, Split
from tagger.errors import TrainingError
from tagger.models.networks.multi_head_network import Network
from tagger.sequence_labelling.objective import TaggingObjective
from tagger.sequence_labelling.preparation import prepare
from tagger.serialization.builder import build_tagger
from tagger.training.events import EpochEnd, Event, Finished, Started, Step
from tagger.training.objective import word_tensors
from tagger.training.optimizers import make_optimization, word_dropout_probs
from tagger.training.trainer import Trainer
from tests import reference
from tests.tiny import SETTINGS

STILL = {"training.dropout": 0, "training.word_dropout": 0, "training.learning_rate": 1e-30}
"""Nothing is dropped and nothing is learnt: every epoch sees the first weights."""


@pytest.fixture(scope="module")
def corpus(tiny_corpus: Path) -> Corpus:
    return read_corpus(str(tiny_corpus))


def start(corpus: Corpus, *, double: bool = False, **settings: Any) -> Trainer:
    chosen = {name.replace("__", "."): value for name, value in settings.items()}
    config = resolve(Config().with_settings({**SETTINGS, **chosen}), Facts.of(corpus))
    prepared = prepare(corpus, config)
    torch.manual_seed(config.training.seed)
    model = build_tagger(config, prepared.features, {h: len(names) for h, names in prepared.labels.items()})
    rng = np.random.default_rng(config.training.seed)
    device = torch.device("cpu")
    model = model.double() if double else model
    return Trainer(
        model,
        TaggingObjective(model, prepared, config.training, device=device),
        config.training,
        make_optimization(model, config.training),
        rng=rng,
    )


def tagging(trainer: Trainer) -> TaggingObjective:
    assert isinstance(trainer.objective, TaggingObjective)
    return trainer.objective


def dev_of(trainer: Trainer) -> EncodedSplit:
    dev = tagging(trainer).dev
    assert dev is not None
    return dev.encoded


def still(corpus: Corpus, **settings: Any) -> Trainer:
    return start(corpus, **{**{name.replace(".", "__"): value for name, value in STILL.items()}, **settings})


def without_dev(corpus: Corpus) -> Corpus:
    return replace(corpus, dev=None)


def weights(trainer: Trainer) -> list[Tensor]:
    return [parameter.detach().clone() for parameter in tagging(trainer).model.parameters()]


def ends(events: list[Event]) -> list[EpochEnd]:
    return [event for event in events if isinstance(event, EpochEnd)]


def by_sentence(model: Network, split: Any) -> list[tuple[list[list[float]], list[int]]]:
    """Scores and gold ids of each sentence, tagged alone."""
    arrays = word_tensors(split.arrays, torch.device("cpu"))
    found = []
    with torch.inference_mode():
        vectors = model.words(*arrays)
        for first, last in pairwise(split.offsets.tolist()):
            steps = torch.from_numpy(split.type_ids[first:last]).unsqueeze(1)
            scores = model(vectors, steps, torch.tensor([last - first]))[TAG]
            found.append((scores.tolist(), split.labels[TAG][first:last].tolist()))
    return found


def mean_loss_and_accuracy(model: Network, split: Any) -> tuple[float, float]:
    losses: list[float] = []
    right = []
    for scores, gold in by_sentence(model, split):
        losses += [reference.step_loss(row, tag) for row, tag in zip(scores, gold, strict=True) if tag >= 0]
        right += [int(np.argmax(row)) == tag for row, tag in zip(scores, gold, strict=True)]
    return float(np.mean(losses)), float(np.mean(right))


def test_the_first_event_states_the_facts(corpus: Corpus) -> None:
    assert corpus.train is not None
    trainer = start(corpus)
    started = next(trainer.events())
    assert isinstance(started, Started)
    assert started.sentences == 60
    assert started.tokens == corpus.train.num_tokens
    assert started.labels == len({tag for tags in corpus.train.tags() for tag in tags}) == 7
    assert started.parameters == sum(p.numel() for p in tagging(trainer).model.parameters())
    assert (started.epochs, started.device) == (10, "cpu")


def test_losses_and_accuracy_are_those_of_a_loop_over_steps(corpus: Corpus) -> None:
    trainer = still(corpus, training__epochs=1)
    loss, _ = mean_loss_and_accuracy(tagging(trainer).model.eval(), tagging(trainer).train.encoded)
    dev_loss, accuracy = mean_loss_and_accuracy(tagging(trainer).model, dev_of(trainer))
    (end,) = ends(list(trainer.events()))
    assert end.loss_per_step == pytest.approx(loss, rel=1e-6)
    assert end.loss_sum == pytest.approx(loss * len(tagging(trainer).train.encoded.type_ids) / 60, rel=1e-6)
    assert end.dev_loss_per_step == pytest.approx(dev_loss, rel=1e-6)
    assert end.dev_accuracy == pytest.approx(accuracy, abs=1e-12)


def test_training_learns_and_keeps_the_best_epoch(corpus: Corpus) -> None:
    trainer = start(corpus)
    events = list(trainer.events())
    finished = events[-1]
    assert isinstance(finished, Finished)
    accuracies = [end.dev_accuracy or 0.0 for end in ends(events)]
    assert accuracies[0] < max(accuracies) > 0.85
    assert finished.best_accuracy == max(accuracies)
    assert finished.best_epoch == 1 + accuracies.index(max(accuracies))
    assert [end.best for end in ends(events)] == [a > max([-1.0, *accuracies[:n]]) for n, a in enumerate(accuracies)]
    loss, accuracy = mean_loss_and_accuracy(tagging(trainer).model, dev_of(trainer))
    assert accuracy == pytest.approx(finished.best_accuracy)
    before = ends(events)[finished.best_epoch - 1].dev_loss_per_step or 0.0
    assert 0.5 * before < loss <= before + 1e-6, "the posteriors of that epoch, calibrated"
    assert not tagging(trainer).model.training


def test_the_size_of_a_batch_does_not_change_the_update(corpus: Corpus) -> None:
    """The loss is divided by the steps of the batch: the same sentence three times moves no further."""
    found = []
    for chosen in ([5], [5, 5, 5]):
        trainer = start(corpus, double=True, training__dropout=0, training__word_dropout=0, training__clip=1e9)
        trainer.optimizer_step.update(assemble(tagging(trainer).train.encoded, chosen), 0.01)
        found.append(([p.grad for p in tagging(trainer).model.parameters()], weights(trainer)))
    for (one, after_one), (three, after_three) in pairwise(found):
        for a, b in zip(one, three, strict=True):
            torch.testing.assert_close(a, b, rtol=0, atol=1e-12)
        for a, b in zip(after_one, after_three, strict=True):
            torch.testing.assert_close(a, b, rtol=0, atol=1e-7)  # Adam's epsilon aside
    assert any(gradient is not None and gradient.abs().max() > 1e-3 for gradient in found[0][0])


def test_the_gradient_is_the_mean_over_the_steps_of_the_batch(corpus: Corpus) -> None:
    def gradients(chosen: list[int]) -> tuple[list[Tensor], int]:
        trainer = start(corpus, double=True, training__dropout=0, training__word_dropout=0, training__clip=1e9)
        _, steps = trainer.optimizer_step.update(assemble(tagging(trainer).train.encoded, chosen), 0.0)
        return [torch.zeros_like(p) if p.grad is None else p.grad for p in tagging(trainer).model.parameters()], steps

    together, steps = gradients([0, 1, 2])
    parts = [gradients([s]) for s in range(3)]
    assert steps == sum(n for _, n in parts)
    for number, gradient in enumerate(together):
        expected = sum((part[number] * n for part, n in parts), torch.zeros_like(gradient)) / steps
        torch.testing.assert_close(gradient, expected, rtol=0, atol=1e-12)


def test_every_epoch_takes_every_sentence_once_in_another_order(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = start(corpus, training__epochs=3, training__patience=0)
    taken: list[list[int]] = []

    def assembling(split: Any, chosen: Any, *more: Any) -> Any:
        if split is tagging(trainer).train.encoded:
            taken.append(list(chosen))
        return assemble(split, chosen, *more)

    monkeypatch.setattr("tagger.sequence_labelling.objective.assemble", assembling)
    list(trainer.events())
    assert len(taken) == 3 * trainer.objective.steps_per_epoch
    epochs = [taken[n * trainer.objective.steps_per_epoch :][: trainer.objective.steps_per_epoch] for n in range(3)]
    assert all(sorted(chain.from_iterable(epoch)) == list(range(60)) for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2]
    assert {frozenset(batch) for batch in epochs[0]} != {frozenset(batch) for batch in epochs[1]}


def test_gradients_are_clipped(corpus: Corpus) -> None:
    trainer = start(corpus, training__clip=0.01)
    trainer.optimizer_step.update(assemble(tagging(trainer).train.encoded, [0, 1, 2]), 0.01)
    norm = torch.cat([p.grad.flatten() for p in tagging(trainer).model.parameters() if p.grad is not None]).norm()
    assert norm.item() == pytest.approx(0.01, rel=1e-3)


def test_label_smoothing_is_for_learning_alone(corpus: Corpus) -> None:
    """The losses that are told are plain cross-entropies; the one that is learnt from is not."""
    plain, smooth = (still(corpus, training__epochs=1, training__label_smoothing=s) for s in (0.0, 0.2))
    (first,), (second,) = ends(list(plain.events())), ends(list(smooth.events()))
    assert first.dev_loss_per_step == second.dev_loss_per_step
    assert first.loss_per_step == second.loss_per_step


def test_smoothed_targets_make_the_gradient(corpus: Corpus) -> None:
    """The gradient of a bias is the mean over the steps of softmax minus the smoothed target."""
    trainer = start(
        corpus, double=True, training__dropout=0, training__word_dropout=0, training__clip=1e9,
        training__label_smoothing=0.2,
    )  # fmt: skip
    scores, gold = by_sentence(tagging(trainer).model, tagging(trainer).train.encoded)[0]
    labels = len(scores[0])
    expected = np.zeros(labels)
    for row, tag in zip(scores, gold, strict=True):
        posterior = np.exp(row) / np.exp(row).sum()
        expected += posterior - 0.2 / labels - 0.8 * (np.arange(labels) == tag)
    trainer.optimizer_step.update(assemble(tagging(trainer).train.encoded, [0]), 0.0)
    bias = tagging(trainer).model.heads["tag"].bias.grad
    assert isinstance(bias, Tensor)
    np.testing.assert_allclose(bias.numpy(), expected / len(gold), rtol=0, atol=1e-12)


def test_the_learning_rate_follows_the_schedule(corpus: Corpus) -> None:
    settings: dict[str, Any] = {"training__batch_tokens": 10_000, "training__epochs": 10, "training__patience": 0}
    trainer = start(corpus, **settings, training__schedule="linear", training__warmup=0.5)
    rates = [event.learning_rate for event in trainer.events() if isinstance(event, Step)]
    peak = 4e-2
    assert trainer.objective.steps_per_epoch == 1
    assert rates == pytest.approx([peak * f for f in (0, 0.2, 0.4, 0.6, 0.8, 1, 0.8, 0.6, 0.4, 0.2)])


def test_without_dev_the_last_average_is_kept(corpus: Corpus) -> None:
    settings: dict[str, Any] = {"training__batch_tokens": 10_000, "training__epochs": 3, "training__average": 0.4}
    trainer = start(without_dev(corpus), **settings)
    average = weights(trainer)
    for event in trainer.events():
        if isinstance(event, Step):  # one step an epoch: the weights are the ones after the update
            decay = min(0.4, (1 + event.epoch) / (10 + event.epoch))
            average = [decay * a + (1 - decay) * w for a, w in zip(average, weights(trainer), strict=True)]
        last = event
    assert isinstance(last, Finished)
    assert (last.best_epoch, last.best_accuracy) == (3, None)
    for expected, found in zip(average, weights(trainer), strict=True):
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)


def test_patience_ends_a_run_that_gets_no_better(corpus: Corpus) -> None:
    events = list(still(corpus, training__epochs=50, training__patience=3).events())
    assert len(ends(events)) == 1 + 3
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert finished.reason == "no better dev accuracy for 3 epochs"
    assert finished.best_epoch == 1


def test_no_patience_goes_on_to_the_end(corpus: Corpus) -> None:
    events = list(still(corpus, training__epochs=7, training__patience=0).events())
    assert len(ends(events)) == 7
    assert isinstance(events[-1], Finished)
    assert events[-1].reason == "all epochs done"


def test_a_time_budget_ends_the_run_within_an_epoch(corpus: Corpus) -> None:
    events = list(start(corpus, training__max_minutes=1e-6, training__epochs=1000).events())
    (end,) = ends(events)
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert finished.reason == "the time of 1e-06 minutes is up"
    assert end.dev_accuracy is not None
    assert finished.best_epoch == 1


def test_the_schedule_ends_with_the_time_budget(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(perf_counter=count(0, 0.01).__next__)  # a hundredth of a second at every look
    monkeypatch.setattr("tagger.training.trainer_state.time", clock)
    settings: dict[str, Any] = {"training__max_minutes": 0.1, "training__epochs": 100_000, "training__patience": 0}
    trainer = start(corpus, **settings, training__schedule="linear", training__warmup=0)
    events = list(trainer.events())
    steps = [event for event in events if isinstance(event, Step)]
    for event in steps:  # the rate is that of the beginning of the step, a moment before
        assert event.learning_rate == pytest.approx(trainer.config.learning_rate * (1 - event.seconds / 6), abs=2e-3)
    assert steps[-1].learning_rate < 0.1 * trainer.config.learning_rate
    assert isinstance(events[-1], Finished)
    assert events[-1].seconds == pytest.approx(6, abs=0.5)


def test_epochs_that_take_more_batches_than_the_first_plan_are_no_end(corpus: Corpus) -> None:
    """Shuffling cuts a large corpus into a few batches more or less from epoch to epoch."""
    trainer = start(corpus, training__patience=0, training__epochs=4)
    trainer.objective.steps_per_epoch -= 3
    assert len(ends(list(trainer.events()))) == 4


@pytest.mark.parametrize("limit", [None, 1e-6])
def test_a_loss_that_is_not_finite_ends_the_run(corpus: Corpus, limit: float | None) -> None:
    trainer = start(corpus, training__warmup=0, training__max_minutes=limit)
    with torch.no_grad():
        tagging(trainer).model.words.get_parameter("projection.bias").fill_(float("nan"))
    with pytest.raises(TrainingError, match=r"^the loss is nan at a learning rate of 0\S*; .*--learning-rate 0\.01$"):
        list(trainer.events())


def run(corpus: Corpus, seed: int) -> list[Tensor]:
    trainer = start(corpus, training__seed=seed, training__epochs=2)
    list(trainer.events())
    return weights(trainer)


def test_the_seed_decides_every_weight(corpus: Corpus) -> None:
    first, again, other = run(corpus, 3), run(corpus, 3), run(corpus, 4)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not any(torch.equal(a, b) for a, b in zip(first, other, strict=True) if a.ndim > 1)


@pytest.mark.parametrize("columns", [["xpos"], ["feats", "xpos"], ["upos"]])
def test_auxiliary_columns_are_learnt_along(corpus: Corpus, columns: list[str]) -> None:
    trainer = start(corpus, training__auxiliary=columns)
    heads = dict(tagging(trainer).model.heads)
    assert len(heads) == 1 + len(columns)
    trainer.optimizer_step.update(assemble(tagging(trainer).train.encoded, [0, 1, 2, 3]), 0.01)
    for head in heads.values():
        gradient = head.get_parameter("weight").grad
        assert gradient is not None
        assert gradient.abs().max() > 0


@pytest.mark.parametrize("name", ["type", "keys", "a.b", "training", "tag"])
def test_an_auxiliary_column_may_have_any_name(corpus: Corpus, name: str) -> None:
    assert corpus.train is not None
    train = replace(corpus.train, data=corpus.train.data.rename_column("xpos", name))
    trainer = start(replace(corpus, train=train, columns=("upos", name)), training__auxiliary=[name])
    assert len(tagging(trainer).model.heads) == 2
    trainer.optimizer_step.update(assemble(tagging(trainer).train.encoded, [0]), 0.01)


def test_a_weight_of_nothing_leaves_the_auxiliary_head_alone(corpus: Corpus) -> None:
    trainer = start(corpus, training__auxiliary=["xpos"], training__auxiliary_weight=0)
    trainer.optimizer_step.update(assemble(tagging(trainer).train.encoded, [0, 1]), 0.01)
    gradients = [head.get_parameter("weight").grad for head in tagging(trainer).model.heads.values()]
    assert [bool(g is not None and g.any()) for g in gradients] == [True, False]


def test_labels_that_training_never_had_count_as_errors(corpus: Corpus) -> None:
    assert corpus.dev is not None
    strange = corpus.dev.data.map(lambda row: {"tags": ["NEW" if tag == "DET" else tag for tag in row["tags"]]})
    trainer = start(replace(corpus, dev=replace(corpus.dev, data=strange)))
    events = list(trainer.events())
    determiners = sum(tag == "DET" for tags in corpus.dev.tags() for tag in tags)
    best = 1 - determiners / corpus.dev.num_tokens
    assert determiners > 0
    assert 0.5 < max(end.dev_accuracy or 0.0 for end in ends(events)) <= best + 1e-12
    assert all(np.isfinite(end.dev_loss_per_step or 0.0) for end in ends(events))


def test_sentences_without_words_are_no_obstacle() -> None:
    rows = {"tokens": [["a", "b"], [], ["b"], []] * 5, "tags": [["X", "Y"], [], ["Y"], []] * 5}
    split = Split("train", datasets.Dataset.from_dict(rows))
    made = Corpus("made", "made", "upos", split, replace(split, name="dev"), None, columns=("upos",))
    trainer = start(made, training__epochs=2, training__batch_tokens=2)
    assert len(ends(list(trainer.events()))) == 2
    assert all(tensor.isfinite().all() for tensor in weights(trainer))


@pytest.mark.parametrize("schedule", ["cosine", "linear", "constant", "plateau"])
@pytest.mark.parametrize("kind", ["locked", "plain"])
def test_every_schedule_and_dropout_learns(corpus: Corpus, schedule: str, kind: str) -> None:
    settings: dict[str, Any] = {"training__schedule": schedule, "training__dropout_kind": kind, "training__epochs": 5}
    losses = [end.loss_per_step for end in ends(list(start(corpus, **settings).events()))]
    assert losses[-1] < 0.7 * losses[0]


def test_word_dropout_hides_rare_words_at_least_as_often() -> None:
    assert word_dropout_probs(np.array([1, 5]), 0.0).tolist() == [0.0, 0.0]
    rates = word_dropout_probs(np.array([1, 10, 1000]), 0.3)
    assert ((rates > 0) & (rates < 1)).all()
    assert rates[0] >= rates[1] >= rates[2]


def test_biases_do_not_decay(corpus: Corpus) -> None:
    trainer = start(corpus)
    optimizer = make_optimization(tagging(trainer).model, TrainingConfig(weight_decay=0.3)).optimizer
    decays = {id(p): group["weight_decay"] for group in optimizer.param_groups for p in group["params"]}
    for name, parameter in tagging(trainer).model.named_parameters():
        assert decays[id(parameter)] == (0.0 if "bias" in name else 0.3), name


def test_what_is_let_go_gives_its_memory_back_at_once(corpus: Corpus) -> None:
    """The moments of the optimiser, and the best weights: no circle of references keeps them."""
    trainer = start(corpus, training__epochs=1)
    list(trainer.events())
    kept = [weakref.ref(thing) for thing in (trainer, trainer.optimizer_step.optimization.optimizer, trainer.best)]
    gc.disable()
    try:
        del trainer
        assert [reference() for reference in kept] == [None, None, None]
    finally:
        gc.enable()
