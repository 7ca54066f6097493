"""Where memory runs out, batches are taken in parts: the gradients are those of the whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from tagger.config.defaults import Facts, resolve
from tagger.config.tagger import Config
from tagger.corpora.encoding.batching import assemble
from tagger.corpora.read_corpus import read_corpus
from tagger.corpora.sources.corpus import Corpus
from tagger.language_modelling.bptt import BpttChunk
from tagger.language_modelling.objective import LanguageObjective
from tagger.sequence_labelling.multitask_objective import MultitaskObjective
from tagger.sequence_labelling.train import make_task
from tagger.training.objective import StepLoss
from tagger.training.optimizers import make_optimization
from tagger.training.trainer import Trainer
from tests.tagger.language_modelling.test_objective import fitting_of, ids, objective
from tests.tagger.training.test_trainer import ends, start, tagging
from tests.tiny import SETTINGS

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def corpus(tiny_corpus: Path) -> Corpus:
    return read_corpus(str(tiny_corpus))


def limit(trainer: Trainer, tokens: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """No memory for batches of more words than these."""
    loss = tagging(trainer).loss

    def limited(batch: Any) -> Any:
        if len(batch.positions) > tokens:
            raise RuntimeError(
                "[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"
            )
        return loss(batch)

    monkeypatch.setattr(tagging(trainer), "loss", limited)


def gradients(trainer: Trainer) -> list[Tensor]:
    return [torch.zeros_like(p) if p.grad is None else p.grad for p in tagging(trainer).model.parameters()]


def test_parts_add_up(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    plain: dict[str, Any] = {"training__dropout": 0, "training__word_dropout": 0, "training__clip": 1e9}
    whole, parted = (start(corpus, double=True, **plain) for _ in range(2))
    limit(parted, 14, monkeypatch)
    chosen = [0, 1, 2, 3, 4, 5, 6]
    expected = whole.optimizer_step.update(assemble(tagging(whole).train.encoded, chosen), 0.0)
    found = parted.optimizer_step.update(assemble(tagging(parted).train.encoded, chosen), 0.0)
    assert parted.optimizer_step.gradients.num_micro_batches in (4, 8)
    assert found[1] == expected[1]
    assert float(found[0]) == pytest.approx(float(expected[0]), rel=1e-12)
    for one, other in zip(gradients(whole), gradients(parted), strict=True):
        torch.testing.assert_close(other, one, rtol=0, atol=1e-12)


def test_a_run_goes_on_and_tells(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = start(corpus, training__epochs=4)
    limit(trainer, 20, monkeypatch)
    epochs = ends(list(trainer.events()))
    assert [end.num_micro_batches for end in epochs] == [4, 4, 4, 4]
    assert epochs[-1].loss_per_step < epochs[0].loss_per_step


def test_a_single_sentence_cannot_be_divided(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = start(corpus, training__epochs=1)
    limit(trainer, 2, monkeypatch)
    with pytest.raises(RuntimeError, match="can't allocate memory"):
        list(trainer.events())


def lm_limit(made: LanguageObjective, steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """No memory for chunks of more tokens than these; the readers have been at work when it runs out."""
    loss = made.loss

    def limited(batch: BpttChunk) -> StepLoss:
        result = loss(batch)
        if batch.steps > steps:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")
        return result

    monkeypatch.setattr(made, "loss", limited)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"head__bidirectional": True, "streams__batch_size": 7},
        {"head__softmax": "adaptive", "streams__batch_size": 5, "streams__jitter": True},
        {"streams__activation_penalty": 0.7, "streams__temporal_penalty": 0.9},
        {"encoder__cell": "gru", "streams__batch_size": 3},
    ],
    ids=["plain", "bidirectional", "adaptive, jittered", "penalties", "three streams"],
)
@pytest.mark.parametrize("threads", [1, 2])
def test_a_language_model_of_parts_is_that_of_the_whole(
    options: dict[str, Any], threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Double precision, nothing dropped: the weights after two epochs and what the readers remember agree."""
    whole, parted = (language(threads, **options) for _ in range(2))
    lm_limit(parted.objective, 50 if "streams__jitter" in options else 10, monkeypatch)  # type: ignore[arg-type]
    one, other = ends(list(whole.events())), ends(list(parted.events()))
    assert [end.num_micro_batches for end in one] == [1, 1]
    assert other[-1].num_micro_batches > 1
    assert other[-1].loss_per_step == pytest.approx(one[-1].loss_per_step, rel=1e-6)
    for a, b in zip(whole.model.parameters(), parted.model.parameters(), strict=True):
        torch.testing.assert_close(b, a, rtol=0, atol=1e-6)  # penalties are float32
    for carried, joined in zip(states(whole), states(parted), strict=True):
        torch.testing.assert_close(joined, carried, rtol=0, atol=1e-6)


def language(threads: int, **options: Any) -> Trainer:
    return fitting_of(objective(ids(600), ids(90, 2), **options), threads, **options)


def states(trainer: Trainer) -> list[Tensor]:
    assert isinstance(trainer.objective, LanguageObjective)
    return [part for reader in trainer.objective.readers for layer in reader.states or [] for part in layer]


def test_a_single_stream_cannot_be_divided(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = language(1, streams__batch_size=3)
    lm_limit(trainer.objective, 4, monkeypatch)  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="can't allocate memory"):
        list(trainer.events())


def test_dev_is_read_in_shorter_chunks_where_memory_runs_out(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, limited = objective(dev=ids(2_000, 2)), objective(dev=ids(2_000, 2))
    reader = limited.readers[0]
    read = reader.loss
    lengths: list[int] = []

    def failing(vectors: Tensor, targets: Tensor) -> Tensor:
        lengths.append(len(vectors))
        if len(vectors) > 20:
            raise MemoryError
        return read(vectors, targets)

    monkeypatch.setattr(reader, "loss", failing)
    expected, found = whole.evaluate(), limited.evaluate()
    assert expected is not None
    assert found is not None
    assert lengths[:3] == [70, 35, 17]
    assert found.loss == pytest.approx(expected.loss, rel=1e-12)


@pytest.mark.parametrize(("sentences", "streams"), [(7, 5), (2, 6), (6, 1)])
@pytest.mark.parametrize("parts", [2, 3, 16])
def test_tags_and_text_in_parts(corpus: Corpus, tmp_path: Path, sentences: int, streams: int, parts: int) -> None:
    """The gradient is that of the whole, whichever of both has more parts."""
    trainer = joint(corpus, tmp_path, streams)
    both = trainer.objective
    assert isinstance(both, MultitaskObjective)
    chosen = assemble(both.tagging.train.encoded, list(range(sentences)))
    batch = (chosen, next(both.language.epoch(np.random.default_rng(1))[1]))
    expected = trainer.optimizer_step.gradients.accumulate_gradients(batch)
    wanted = [p.grad for p in trainer.model.parameters()]
    trainer.optimizer_step.optimization.optimizer.zero_grad(set_to_none=True)
    trainer.optimizer_step.gradients.num_micro_batches = parts
    found = trainer.optimizer_step.gradients.accumulate_gradients(batch)
    assert found.steps == expected.steps
    assert float(found.loss_sum) == pytest.approx(float(expected.loss_sum), rel=1e-12)
    assert len(both.split_batch(batch, parts)) == min(parts, max(sentences, streams))
    for before, after in zip(wanted, trainer.model.parameters(), strict=True):
        torch.testing.assert_close(after.grad, before, rtol=0, atol=1e-7)  # penalties are float32


def joint(corpus: Corpus, folder: Path, streams: int) -> Trainer:
    """A tagger and a language model beside it, in double precision; nothing is dropped."""
    dropping = ("input_dropout", "dropout", "output_dropout", "embedding_dropout", "weight_drop")
    chosen = {
        **SETTINGS, "training.dropout": 0.0, "training.word_dropout": 0.0, "training.lm_weight": 0.7,
        "head.min_count": 1, "streams.batch_size": streams, "streams.bptt": 6,
        **{f"streams.{name}": 0.0 for name in dropping},
    }  # fmt: skip
    config = resolve(Config().with_settings(chosen), Facts.of(corpus))
    task = make_task(corpus, config, scratch=folder)
    torch.manual_seed(1)
    model = task.build_network().double()
    both = task.build_objective(model, torch.device("cpu"))
    assert isinstance(both, MultitaskObjective)
    both.language.half = False
    optimization = make_optimization(model, config.training)
    return Trainer(model, both, config.training, optimization, rng=np.random.default_rng(1))
