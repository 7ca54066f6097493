"""Losses, gradients and weights that are not finite: steps are left out and counted, hopeless runs end early."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from tagger.corpora.read_corpus import read_corpus
from tagger.corpora.sources.corpus import Corpus
from tagger.errors import TrainingError
from tagger.training.events import Event, Finished
from tagger.training.optimizer_step import MAX_SKIPPED
from tagger.training.trainer import Trainer
from tests.tagger.training.test_trainer import ends, start, tagging, weights

NAN = float("nan")


@pytest.fixture(scope="module")
def corpus(tiny_corpus: Path) -> Corpus:
    return read_corpus(str(tiny_corpus))


def spoil(trainer: Trainer, steps: set[int], how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the nth losses or their gradients not finite."""
    objective = tagging(trainer)
    loss = objective.loss
    taken = [0]

    def spoilt(batch: Any) -> Any:
        found = loss(batch)
        taken[0] += 1
        if taken[0] in steps:
            if how == "loss":
                found.loss, found.loss_sum = found.loss * NAN, found.loss_sum * NAN
            else:
                value = found.loss
                found.loss = value + 0 * value.detach()
                found.loss.register_hook(lambda gradient: gradient * float("inf"))  # type: ignore[no-untyped-call]
        return found

    monkeypatch.setattr(objective, "loss", spoilt)


@pytest.mark.parametrize("how", ["loss", "gradient"])
def test_a_step_is_skipped_and_counted(corpus: Corpus, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = start(corpus, training__epochs=2)
    per_epoch = trainer.objective.steps_per_epoch
    spoil(trainer, {2, 3, per_epoch + 1}, how, monkeypatch)
    step = trainer.optimizer_step.update

    def watched(batch: Any, rate: float, epochs_done: int) -> Any:
        state = weights(trainer), [average.clone() for average in trainer.best.average.ema_weights]
        found = step(batch, rate, epochs_done)
        if found[1] == 0:
            for old, new in zip(
                state[0] + state[1], weights(trainer) + list(trainer.best.average.ema_weights), strict=True
            ):
                assert torch.equal(old, new), "a skipped step changes nothing"
        return found

    monkeypatch.setattr(trainer.optimizer_step, "update", watched)
    events = list(trainer.events())
    assert [end.skipped_steps for end in ends(events)] == [2, 1]
    assert all(0 < end.loss_per_step < 10 for end in ends(events))
    assert isinstance(events[-1], Finished)
    assert events[-1].reason == "all epochs done"
    assert all(bool(tensor.isfinite().all()) for tensor in weights(trainer))


def test_a_hopeless_run_ends_with_its_best(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = start(corpus, training__epochs=2, training__schedule="constant", training__warmup=0)
    list(whole.events())
    trainer = start(corpus, training__epochs=9, training__schedule="constant", training__warmup=0)
    spoil(trainer, set(range(2 * trainer.objective.steps_per_epoch + 1, 10_000)), "loss", monkeypatch)
    events = list(trainer.events())
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert finished.reason == (
        "the loss is nan at a learning rate of 0.04; expected a finite number. Try a lower peak: --learning-rate 0.01"
    )
    skipped = sum(end.skipped_steps for end in ends(events)[2:])
    assert skipped < MAX_SKIPPED
    assert finished.best_epoch <= 2
    assert all(torch.equal(a, b) for a, b in zip(weights(trainer), weights(whole), strict=True))


def test_a_weight_that_is_not_finite_is_never_kept(corpus: Corpus) -> None:
    trainer = start(corpus, training__epochs=9, training__patience=0)
    kept: list[Event] = []
    for event in trainer.events():
        kept.append(event)
        if len(ends(kept)) == 2:
            with torch.no_grad():
                tagging(trainer).model.get_parameter("words.projection.bias")[0] = NAN
    assert isinstance(kept[-1], Finished)
    assert kept[-1].best_epoch <= 2
    assert "the loss is nan" in kept[-1].reason
    assert all(bool(tensor.isfinite().all()) for tensor in weights(trainer))


def test_no_epoch_that_is_done_is_an_error(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = start(corpus)
    spoil(trainer, set(range(1, 10_000)), "gradient", monkeypatch)
    with pytest.raises(
        TrainingError, match=r"^the gradient is not finite at a learning rate of .*--learning-rate 0\.01"
    ):
        list(trainer.events())
