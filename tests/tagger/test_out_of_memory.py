"""Where memory runs out, batches are taken in parts: the gradients are those of the whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tagger.corpora.batching import assemble
from tagger.corpora.corpus import Corpus
from tagger.corpora.sources import read_corpus
from tagger.fitting import Fitting
from tests.tagger.test_fitting import ends, start, tagging


@pytest.fixture(scope="module")
def corpus(tiny_corpus: Path) -> Corpus:
    return read_corpus(str(tiny_corpus))


def limit(fitting: Fitting, tokens: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """No memory for batches of more words than these."""
    loss = tagging(fitting).loss

    def limited(batch: Any) -> Any:
        if len(batch.positions) > tokens:
            raise RuntimeError(
                "[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"
            )
        return loss(batch)

    monkeypatch.setattr(tagging(fitting), "loss", limited)


def gradients(fitting: Fitting) -> list[Tensor]:
    return [torch.zeros_like(p) if p.grad is None else p.grad for p in tagging(fitting).model.parameters()]


def test_parts_add_up(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    plain: dict[str, Any] = {"training__dropout": 0, "training__word_dropout": 0, "training__clip": 1e9}
    whole, parted = (start(corpus, double=True, **plain) for _ in range(2))
    limit(parted, 14, monkeypatch)
    chosen = [0, 1, 2, 3, 4, 5, 6]
    expected = whole._step(assemble(tagging(whole).train.encoded, chosen), 0.0)
    found = parted._step(assemble(tagging(parted).train.encoded, chosen), 0.0)
    assert parted.parts in (4, 8)
    assert found[1] == expected[1]
    assert float(found[0]) == pytest.approx(float(expected[0]), rel=1e-12)
    for one, other in zip(gradients(whole), gradients(parted), strict=True):
        torch.testing.assert_close(other, one, rtol=0, atol=1e-12)


def test_a_run_goes_on_and_tells(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    fitting = start(corpus, training__epochs=4)
    limit(fitting, 20, monkeypatch)
    epochs = ends(list(fitting.events()))
    assert [end.parts for end in epochs] == [4, 4, 4, 4]
    assert epochs[-1].loss_per_step < epochs[0].loss_per_step


def test_a_single_sentence_cannot_be_divided(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    fitting = start(corpus, training__epochs=1)
    limit(fitting, 2, monkeypatch)
    with pytest.raises(RuntimeError, match="can't allocate memory"):
        list(fitting.events())
