"""Scores of a tagger, as frozen values that JSON carries unchanged.

Every share lies between 0 and 1; None means that nothing was there to measure.
This module imports nothing heavy: the command line can show scores without loading NumPy.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class TagScore:
    """Precision, recall and F1 of one label (a tag, or a type of span).

    Attributes:
        label: the tag or the type.
        precision: share of the predictions of it that are right; None if never predicted.
        recall: share of its gold occurrences that were found; None if it has none.
        f1: harmonic mean of the two; 0 if nothing is right.
        support: gold occurrences.
    """

    label: str
    precision: float | None
    recall: float | None
    f1: float
    support: int

    @classmethod
    def of(cls, label: str, right: int, predicted: int, support: int) -> TagScore:
        """Compute the shares from the numbers of right predictions, predictions and gold occurrences."""
        precision = right / predicted if predicted else None
        recall = right / support if support else None
        return cls(label, precision, recall, 2 * right / max(1, predicted + support), support)


@dataclass(frozen=True, slots=True)
class SpanScores:
    """Scores of whole spans: right only if the type and both ends are right.

    Attributes:
        precision: micro-averaged over all spans; None if none was predicted.
        recall: micro-averaged over all spans; None if gold has none.
        f1: harmonic mean of the two; None if there is no span at all.
        support: gold spans.
        mode: ``"conlleval"`` (comparable with published figures) or ``"strict <scheme>"``, where a span that
            breaks the scheme does not count.
        per_type: one entry per type of span, by name.
    """

    precision: float | None
    recall: float | None
    f1: float | None
    support: int
    mode: str
    per_type: tuple[TagScore, ...]


@dataclass(frozen=True, slots=True)
class Confusion:
    """One kind of error: this gold label, tagged as that one.

    Attributes:
        gold: the right label.
        predicted: the label it was given.
        count: how often.
        example: a piece of a sentence with the word in square brackets.
        words: the words it happens to most, most frequent first; the example marks the first.
    """

    gold: str
    predicted: str
    count: int
    example: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scores:
    """All measurements of one split.

    Attributes:
        accuracy: share of the tokens tagged right.
        correct: tokens tagged right.
        tokens: tokens scored.
        sentences: sentences with at least one token.
        sentence_accuracy: share of the sentences without an error.
        interval: 95 % interval of the accuracy, bootstrapped over sentences; that of Wilson where there are few errors.
        macro_f1: mean F1 over the labels that are in gold or predicted.
        weighted_f1: mean F1 weighted by support.
        per_tag: one entry per label in gold or predicted, by name.
        confusions: the most frequent kinds of error, most frequent first.
        known_accuracy: accuracy on words that training saw; None if there is none.
        known_tokens: how many there are; None if the words of training were not given.
        unknown_accuracy: accuracy on words that training never saw.
        unknown_tokens: how many there are.
        ambiguous_accuracy: accuracy on words that took two or more tags in training.
        ambiguous_tokens: how many there are.
        unseen_labels: gold labels that training never had (all scored as errors) and their tokens.
        calibration_error: expected calibration error of the confidences, 10 bins.
        spans: span scores, if the labels write spans.
        interval_kind: "bootstrap" or "Wilson".
        rewritten_from: the scheme of the gold labels, if they were compared in that of the model.
    """

    accuracy: float
    correct: int
    tokens: int
    sentences: int
    sentence_accuracy: float
    interval: tuple[float, float]
    macro_f1: float
    weighted_f1: float
    per_tag: tuple[TagScore, ...]
    confusions: tuple[Confusion, ...] = ()
    known_accuracy: float | None = None
    known_tokens: int | None = None
    unknown_accuracy: float | None = None
    unknown_tokens: int | None = None
    ambiguous_accuracy: float | None = None
    ambiguous_tokens: int | None = None
    unseen_labels: Mapping[str, int] = field(default_factory=dict)
    calibration_error: float | None = None
    spans: SpanScores | None = None
    interval_kind: str = "bootstrap"
    rewritten_from: str | None = None

    @property
    def criterion(self) -> tuple[float, float]:
        """What chooses among models: F1 of spans, where labels write spans, then the accuracy."""
        return (self.spans.f1 or 0.0 if self.spans else 0.0), self.accuracy

    @property
    def never_predicted(self) -> dict[str, int]:
        """Gold labels that were never predicted, with their number of words."""
        return {tag.label: tag.support for tag in self.per_tag if tag.support and tag.precision is None}

    def to_dict(self) -> dict[str, Any]:
        """Return plain values under the names of the attributes, ready for ``json.dumps``."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))  # tuples become lists
        return plain


@dataclass(frozen=True, slots=True)
class SeedSummary:
    """Mean and standard deviation of one measurement over runs that differ in their seed.

    Attributes:
        mean: arithmetic mean.
        std: sample standard deviation (n - 1); None for a single run.
        runs: number of runs.
    """

    mean: float
    std: float | None
    runs: int

    def to_dict(self) -> dict[str, Any]:
        """Return the values as ``metrics.json`` names them."""
        return {"mean": self.mean, "sd": self.std, "runs": self.runs}


_ACCURACIES = ("accuracy", "known_accuracy", "unknown_accuracy", "ambiguous_accuracy", "sentence_accuracy")
SUMMARISED = (*_ACCURACIES, "macro_f1", "span_f1")


def measurement(scores: Scores, name: str) -> float | None:
    """Look up a measurement by name: an attribute of `Scores` or ``"span_f1"``."""
    if name == "span_f1":
        return None if scores.spans is None else scores.spans.f1
    value: float | None = getattr(scores, name)
    return value


def summarise(runs: Sequence[Scores]) -> dict[str, SeedSummary]:
    """Summarise each measurement in `SUMMARISED` that every run has, over runs on the same split."""
    if not runs:
        raise ValueError("no runs to summarise")
    from statistics import fmean, stdev

    summaries = {}
    for name in SUMMARISED:
        values = [value for run in runs if (value := measurement(run, name)) is not None]
        if len(values) == len(runs):
            std = stdev(values) if len(values) > 1 else None
            summaries[name] = SeedSummary(fmean(values), std, len(values))
    return summaries
