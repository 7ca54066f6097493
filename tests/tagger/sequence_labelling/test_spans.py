"""Spans: the best epoch, and scores that do not depend on the notation."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tagger import Tagger, train_pos
from tagger.training.events import EpochEnd, Event
from tagger.training.objective import DevScore
from tests.tiny import SETTINGS

pytestmark = pytest.mark.usefixtures("no_curves")

SPANS = ["B-PER I-PER O O", "O B-PER O B-LOC", "B-LOC O B-PER I-PER", "O O B-LOC I-LOC"]
WORDS = {"B-PER": "Ann Bo Cy", "I-PER": "Dee Ek", "B-LOC": "Rome Oslo", "I-LOC": "City", "O": "goes to in from"}


def write_spans(path: Path, scheme: str, number: int) -> Path:
    """Write a file of columns whose labels follow from the words."""
    from tagger.corpora.labels.schemes import converted

    rng = random.Random(number)
    rows = []
    for _ in range(number):
        labels = rng.choice(SPANS).split()
        words = [rng.choice(WORDS[label].split()) for label in labels]
        rows += [f"{word}\t{label}" for word, label in zip(words, converted(labels, scheme), strict=True)] + [""]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def span_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Tagger, list[EpochEnd]]:
    """A tagger of spans, trained on IOB2 with dev in BILOU, and its epochs."""
    folder = tmp_path_factory.mktemp("spans")
    events: list[Event] = []
    tagger = train_pos(
        train=str(write_spans(folder / "train.tsv", "IOB2", 60)),
        dev=str(write_spans(folder / "dev.tsv", "BILOU", 30)),
        column="-1",
        out=folder / "model",
        settings={**SETTINGS, "training.epochs": 8},
        threads=1,
        listener=events.append,
    )
    return tagger, [event for event in events if isinstance(event, EpochEnd)]


def test_the_best_epoch_has_the_best_span_f1(span_run: tuple[Tagger, list[EpochEnd]]) -> None:
    tagger, epochs = span_run
    f1 = [epoch.dev_span_f1 or 0.0 for epoch in epochs]
    assert max(f1) > 0.9
    assert max(f1) == f1[max(number for number, epoch in enumerate(epochs) if epoch.best)]
    assert tagger.saved.about["scheme"] == "IOB2"


def test_span_f1_comes_before_accuracy_and_the_loss_between_equals() -> None:
    low, high = DevScore(0.1, accuracy=0.99, span_f1=0.2), DevScore(0.9, accuracy=0.9, span_f1=0.3)
    assert low.value < high.value < DevScore(0.8, accuracy=0.8, span_f1=0.3).value


@pytest.mark.parametrize("scheme", ["IOB1", "IOB2", "IOBES", "BILOU"])
def test_evaluation_does_not_depend_on_the_notation(
    span_run: tuple[Tagger, list[EpochEnd]], scheme: str, tmp_path: Path
) -> None:
    scores = span_run[0].evaluate(str(write_spans(tmp_path / "test.tsv", scheme, 40)), column="-1")
    same = span_run[0].evaluate(str(write_spans(tmp_path / "same.tsv", "IOB2", 40)), column="-1")
    assert (scores.spans, scores.accuracy, scores.per_tag) == (same.spans, same.accuracy, same.per_tag)
    assert scores.rewritten_from == (None if scheme == "IOB2" else scheme)


def test_dev_without_spans_is_judged_by_its_accuracy(tmp_path: Path) -> None:
    (tmp_path / "dev.tsv").write_text("goes\tO\nto\tO\n", encoding="utf-8")
    events: list[Event] = []
    train_pos(
        train=str(write_spans(tmp_path / "train.tsv", "IOB2", 10)),
        dev=str(tmp_path / "dev.tsv"),
        column="-1",
        settings={**SETTINGS, "training.epochs": 1},
        threads=1,
        listener=events.append,
    )
    epoch = next(event for event in events if isinstance(event, EpochEnd))
    assert (epoch.dev_span_f1, epoch.dev_accuracy is not None) == (None, True)
