"""The fast way against the model itself, one sentence at a time."""

from __future__ import annotations

import itertools
import os
import random
import sys
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tagger.config.tagger import TAG
from tagger.inference.engine import Engine
from tagger.inference.windows import WINDOW_SENTENCES, WINDOW_TOKENS
from tagger.runtime.device import available_cores
from tagger.serialization.checkpoint import SavedModel, load_model
from tagger.training.objective import word_tensors
from tests.processes import children
from tests.tiny import sentences

CPU = torch.device("cpu")
WORDS = [words for words, _ in sentences(200, 5)]


@pytest.fixture(scope="module")
def saved(tiny_model: Path) -> SavedModel:
    return load_model(tiny_model)


def make(
    saved: SavedModel, *, threads: int = 1, batch_tokens: int | None = None, worker_processes: bool = False
) -> Engine:
    options = {"threads": threads, "batch_tokens": batch_tokens, "worker_processes": worker_processes}
    return Engine(saved.model, saved.features, dtype=torch.float32, device=CPU, **options)  # type: ignore[arg-type]


def mixed(seed: int, number: int) -> list[list[str]]:
    """Sentences of 0 to 40 words, known and unknown."""
    rng = random.Random(seed)
    known = sorted({word for words in WORDS for word in words})
    pool = [*known, "Zebra", "unheard", "42", "한국어"]
    return [[rng.choice(pool) for _ in range(rng.choice([0, 1, 1, 5, 9, 40]))] for _ in range(number)]


def posteriors(saved: SavedModel, tokens: Sequence[str]) -> np.ndarray:
    """(T, K) probabilities from the model's own forward pass in float64, one sentence alone."""
    import copy

    model = copy.deepcopy(saved.model).double()
    with torch.inference_mode():
        vectors = model.words(*word_tensors(saved.features.encode(tokens), CPU))
        steps = torch.arange(len(tokens)).unsqueeze(1)
        logits = model(vectors, steps, torch.tensor([len(tokens)]))[TAG]
    probabilities: np.ndarray = logits.softmax(1).numpy()
    return probabilities


@pytest.mark.parametrize("batch_tokens", [1, 37, None])
def test_labels_and_posteriors_are_those_of_the_model(saved: SavedModel, batch_tokens: int | None) -> None:
    engine = make(saved, batch_tokens=batch_tokens)
    given = mixed(1, 60)
    found = list(engine.run(given, scores=True))
    assert [tokens for tokens, _, _ in found] == given
    for tokens, ids, scores in found:
        assert scores is not None
        assert len(ids) == len(scores) == len(tokens)
        if tokens:
            expected = posteriors(saved, tokens)
            np.testing.assert_allclose(expected.sum(1), 1)
            assert ids.tolist() == expected.argmax(1).tolist()
            np.testing.assert_allclose(scores, expected.max(1), rtol=0, atol=1e-5)


def test_labels_are_the_same_with_and_without_scores(saved: SavedModel) -> None:
    given = mixed(2, 50)
    plain, scored = (list(make(saved).run(given, scores=scores)) for scores in (False, True))
    assert all(scores is None for _, _, scores in plain)
    assert [ids.tolist() for _, ids, _ in plain] == [ids.tolist() for _, ids, _ in scored]


@pytest.mark.skipif(available_cores() < 2, reason="needs two cores")
def test_threads_change_nothing(saved: SavedModel) -> None:
    given = mixed(3, 3000)
    one, two = (list(make(saved, threads=threads).run(given, scores=False)) for threads in (1, 2))
    assert [tokens for tokens, _, _ in two] == given
    assert [ids.tolist() for _, ids, _ in one] == [ids.tolist() for _, ids, _ in two]


@pytest.mark.parametrize("threads", [1, 2])
def test_windows_keep_the_order(saved: SavedModel, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    given = mixed(4, 300)
    expected = [ids.tolist() for _, ids, _ in make(saved).run(given, scores=False)]
    monkeypatch.setattr("tagger.inference.windows.WINDOW_TOKENS", 50)
    engine = make(saved, threads=threads, batch_tokens=20)
    found = list(engine.run(iter(given), scores=False))
    assert [tokens for tokens, _, _ in found] == given
    assert [ids.tolist() for _, ids, _ in found] == expected


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux forks workers")
@pytest.mark.parametrize("scores", [False, True])
def test_worker_processes_change_nothing(saved: SavedModel, scores: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    given = [*mixed(3, 1000), ["two\nlines", "a\tb"]]
    monkeypatch.setattr("tagger.inference.windows.WINDOW_TOKENS", 500)
    expected = list(make(saved).run(given, scores=scores))
    label, here = Engine._label, os.getpid()

    def elsewhere(*arguments: Any) -> None:
        assert os.getpid() != here
        label(*arguments)

    monkeypatch.setattr(Engine, "_label", elsewhere)
    monkeypatch.setattr("tagger.inference.engine.can_fork", lambda: True)
    found = list(make(saved, threads=2, worker_processes=True).run(map(tuple, given), scores=scores))
    assert [list(tokens) for tokens, _, _ in found] == given
    for (_, ids, posteriors), (_, their_ids, their_posteriors) in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ids, their_ids)
        np.testing.assert_array_equal(posteriors, their_posteriors)


@pytest.mark.parametrize(("threads", "kept"), [(2, 50), (4, 30)])
def test_worker_processes_together_keep_as_many_types_as_one_process(
    saved: SavedModel, threads: int, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tagger.inference.engine.LARGEST", 100)
    monkeypatch.setattr("tagger.inference.engine.FREQUENT", 30)
    engine, most = make(saved, threads=threads, worker_processes=True), 0
    for start in range(0, 200, 5):
        words = [f"word{n}" for n in range(start, start + 5)]
        label_ids, _ = engine._label_request(([words], False))
        [(_, expected, _)] = make(saved).run([words], scores=False)
        assert label_ids.tolist() == expected.tolist()
        most = max(most, len(engine.cache.rows))
    assert kept - 5 < most <= kept


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux forks workers")
def test_worker_processes_end_with_the_stream(saved: SavedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tagger.inference.engine.can_fork", lambda: True)
    before = children()
    stream = make(saved, threads=2, worker_processes=True).run(itertools.cycle(WORDS), scores=False)
    assert isinstance(stream, Generator)
    assert next(stream)[0] == WORDS[0]
    assert len(children()) == len(before) + 2
    stream.close()
    assert children() == before


def test_a_short_stream_is_not_worth_a_fork(saved: SavedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> bool:
        raise AssertionError

    monkeypatch.setattr("tagger.inference.engine.can_fork", refuse)
    engine = make(saved, threads=2, worker_processes=True)
    assert len(list(engine.run(WORDS[:100], scores=False))) == 100
    with pytest.raises(AssertionError):
        list(engine.run(itertools.islice(itertools.cycle(WORDS), WINDOW_SENTENCES), scores=False))


@pytest.mark.parametrize("threads", [1, 2])
def test_no_more_is_read_than_a_window_or_two(saved: SavedModel, threads: int) -> None:
    read = 0

    def endless() -> Iterator[list[str]]:
        nonlocal read
        for words in itertools.cycle(WORDS):
            read += 1
            yield words

    found = list(itertools.islice(make(saved, threads=threads).run(endless(), scores=False), 3))
    assert [tokens for tokens, _, _ in found] == WORDS[:3]
    assert read <= threads * WINDOW_SENTENCES
    assert read * 3 <= threads * (WINDOW_TOKENS + 10)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_stream_of_empty_sentences_flows_too(saved: SavedModel, threads: int) -> None:
    endless: Iterator[list[str]] = itertools.repeat([])
    found = list(itertools.islice(make(saved, threads=threads).run(endless, scores=True), 5))
    assert [ids.tolist() for _, ids, _ in found] == [[]] * 5


def test_nothing_in_nothing_out(saved: SavedModel) -> None:
    assert list(make(saved).run([], scores=True)) == []
    assert [ids.tolist() for _, ids, _ in make(saved).run([[], ["dog"], []], scores=False)][::2] == [[], []]


def test_an_error_of_the_source_reaches_the_caller(saved: SavedModel) -> None:
    def broken() -> Iterator[list[str]]:
        yield ["dog"]
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        list(make(saved, threads=2).run(broken(), scores=False))


def test_a_stream_may_be_left_before_its_end(saved: SavedModel) -> None:
    engine = make(saved, threads=2, batch_tokens=200)
    stream = engine.run(itertools.cycle(WORDS), scores=False)
    next(stream)
    assert isinstance(stream, Generator)
    stream.close()
    assert [tokens for tokens, _, _ in engine.run(WORDS[:2], scores=False)] == WORDS[:2]


def test_a_forgetful_cache_gives_the_same_labels(saved: SavedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    given = [[f"{word}{n}" for word in words] for n, words in enumerate(mixed(5, 200))]
    expected = [ids.tolist() for _, ids, _ in make(saved).run(given, scores=False)]
    monkeypatch.setattr("tagger.inference.windows.WINDOW_TOKENS", 60)
    for threads in (1, 2):
        engine = make(saved, threads=threads, batch_tokens=25)
        engine.cache.largest = 80
        assert [ids.tolist() for _, ids, _ in engine.run(given, scores=False)] == expected
        assert len(engine.cache.rows) <= 110
