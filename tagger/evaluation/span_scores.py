"""Score whole spans, whatever the scheme in which gold and predicted labels write them.

A span counts as right if first word, last word and type are. Broken sequences are read as ``conlleval`` does.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.corpora.formats.sentence import MISSING
from tagger.corpora.labels.scheme_detection import SchemeDetector
from tagger.corpora.labels.schemes import OUTSIDE, converted
from tagger.errors import ConfigError
from tagger.evaluation.scores import SpanScores, TagScore

SCHEMES = ("IOB1", "IOB2", "IOE1", "IOE2", "IOBES", "BILOU")
SPAN_SHARE = 0.75  # of the labels other than O, so that a misspelt one among labels of spans changes nothing
DETECTION_SENTENCES = 5000
Sentences = Sequence[Sequence[str]]
_BEGIN, _END = "BSUW", "ELSUW"  # letters that begin a span, letters that end one; W is a whole span, M its middle
_PREFIXED = re.compile(r"([BIESLUMW])(?:[-_:](.+))?", re.DOTALL)
_SUFFIXED = re.compile(r"(.+)[-_:]([BIESLUMW])", re.DOTALL)


def split_label(label: str) -> tuple[str, str]:
    """Split ``B-PER``, ``B_PER`` or ``PER-B`` into letter and type; ``_`` is the type of a bare ``B``.

    Any other label is the inside of its own kind. Outside of spans both are empty.
    """
    if label in (OUTSIDE, MISSING, ""):
        return "", ""
    if match := _PREFIXED.fullmatch(label):
        return match[1], match[2] or "_"
    if match := _SUFFIXED.fullmatch(label):
        return match[2], match[1]
    return "I", label


def writes_spans(counts: Mapping[str, int]) -> bool:
    """Recognise labels of spans: ``B-PER`` and the like, or names beside an ``O`` that most words have.

    Args:
        counts: how often each label occurs; 0 for one that only the model knows.
    """
    filled = [label for label in counts if label not in (OUTSIDE, MISSING, "")]
    typed = [label for label in filled if len(label) > 1 and (_PREFIXED.fullmatch(label) or _SUFFIXED.fullmatch(label))]
    bare = {"B", "I"} <= set(filled) or {"B", "M"} <= set(filled)
    letters = sum(len(label) == 1 and label in _BEGIN + _END + "IM" for label in filled) if typed or bare else 0
    if filled and (typed or bare) and len(typed) + letters >= SPAN_SHARE * len(filled):
        return True
    return bool(filled) and 2 * counts.get(OUTSIDE, 0) > sum(counts.values())


def scheme_of(sentences: Iterable[Sequence[str]]) -> str | None:
    """Detect the scheme of the labels of some sentences; None if they are not those of spans."""
    detector = SchemeDetector()
    for labels in islice(sentences, DETECTION_SENTENCES):
        filled = [OUTSIDE if label == MISSING else label for label in labels]
        if not detector.add(filled, filled, [0] * len(filled)):
            return None
    return detector.result().scheme


def in_scheme(sentences: Sentences, scheme: str | None) -> tuple[Sentences, str | None]:
    """Rewrite labels in a scheme, where they are spans in another one or in another spelling.

    Returns:
        The labels, and the scheme that they were in; None if nothing changed.
    """
    counts = Counter(chain.from_iterable(sentences))
    if scheme is None or not writes_spans(counts):
        return sentences, None
    spelt = {label: _usual_spelling(label) for label in counts}
    rows = [[spelt[label] for label in labels] for labels in sentences]
    own = scheme_of(rows)
    if own is None or (own == scheme and all(new in (old, OUTSIDE) for old, new in spelt.items())):
        return sentences, None
    rows = [converted(labels, scheme) for labels in rows]
    return [
        [label if label in (MISSING, "") else new for label, new in zip(*pair, strict=True)]
        for pair in zip(sentences, rows, strict=True)
    ], own


def _usual_spelling(label: str) -> str:
    """Write a label of a span as letter, dash and type; a word without a label as outside."""
    letter, kind = split_label(label)
    return f"{ {'M': 'I', 'W': 'S'}.get(letter, letter) }-{kind}" if letter else OUTSIDE


class SpanCounter:
    """Counts the spans of sequences of label ids.

    Args:
        labels: the K labels; the id -1 stands for a word without one.
    """

    def __init__(self, labels: Sequence[str]) -> None:
        parts = [*map(split_label, labels), ("", "")]
        self.types = sorted({kind for letter, kind in parts if letter})
        numbers = {kind: number for number, kind in enumerate(self.types)}
        self._kinds = np.array([numbers.get(kind, -1) for _, kind in parts], dtype=np.int64)
        self._begin = np.array([letter != "" and letter in _BEGIN for letter, _ in parts])
        self._end = np.array([letter != "" and letter in _END for letter, _ in parts])

    def count(self, gold: NDArray[np.int64], predicted: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[Any]:
        """Count right, predicted and gold spans of each type; words without a gold label count as outside.

        Args:
            gold: (N,) label ids, sentence after sentence.
            predicted: (N,) label ids.
            lengths: (B,) words of each sentence; they sum to N.

        Returns:
            (3, types) numbers of spans.
        """
        first = np.zeros(len(gold), dtype=bool)
        first[(np.cumsum(lengths) - lengths)[lengths > 0]] = True
        expected = self._spans(gold, first)
        given = self._spans(np.where(gold < 0, -1, predicted), first)
        right = np.intersect1d(expected, given, assume_unique=True)
        size = max(1, len(self.types))
        return np.stack([np.bincount(found % size, minlength=size) for found in (right, given, expected)])

    def _spans(self, ids: NDArray[np.int64], first: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return a number for each span that tells its first word, its last word and its type."""
        kinds = self._kinds[ids]
        before = np.concatenate([[-1], kinds[:-1]])
        after_end = np.concatenate([[False], self._end[ids][:-1]])
        opens = (kinds >= 0) & (first | (kinds != before) | self._begin[ids] | after_end)
        goes_on = np.concatenate([(kinds[1:] >= 0) & ~opens[1:], [False]])
        starts, ends = np.flatnonzero(opens), np.flatnonzero((kinds >= 0) & ~goes_on)
        return (starts * len(ids) + ends) * max(1, len(self.types)) + kinds[starts]


def score_spans(gold: Sentences, predicted: Sentences, *, scheme: str | None = None) -> SpanScores:
    """Score whole spans.

    Args:
        gold: right label of each word of each sentence, in any scheme; ``_`` where there is none.
        predicted: label given to each word, in any scheme.
        scheme: one of `SCHEMES` for strict scoring, in which a span that breaks the scheme does not
            count; None scores like the conlleval script, as published figures do.

    Returns:
        Overall and per-type scores; None for what is undefined where there is no span.

    Raises:
        ConfigError: the scheme is unknown.
    """
    if scheme is not None:
        return _strict_scores([list(row) for row in gold], [list(row) for row in predicted], scheme)
    labels = sorted({*chain.from_iterable(gold), *chain.from_iterable(predicted)})
    ids = {label: number for number, label in enumerate(labels)} | {MISSING: -1, "": -1}
    expected, given = (np.array([ids[label] for row in side for label in row], np.int64) for side in (gold, predicted))
    counter = SpanCounter(labels)
    counts = counter.count(expected, given, np.array([len(row) for row in gold], dtype=np.int64))
    per_type = [
        TagScore.of(kind, *map(int, column))
        for kind, column in zip(counter.types, counts.T, strict=False)
        if any(column)
    ]
    total = TagScore.of("", *map(int, counts.sum(axis=1)))
    f1 = total.f1 if counts.any() else None
    return SpanScores(total.precision, total.recall, f1, total.support, "conlleval", tuple(per_type))


def _strict_scores(gold: list[list[str]], predicted: list[list[str]], scheme: str) -> SpanScores:
    """Score with seqeval, which leaves out spans that break the scheme."""
    if scheme not in SCHEMES:
        raise ConfigError(f"unknown scheme {scheme!r}; expected one of {', '.join(SCHEMES)}")
    from seqeval import scheme as schemes
    from seqeval.metrics.v1 import precision_recall_fscore_support
    from seqeval.scheme import Entities

    options: dict[str, Any] = {"scheme": getattr(schemes, scheme), "zero_division": 0}
    types = sorted(set().union(*(Entities(side, options["scheme"]).unique_tags for side in (gold, predicted))))
    if not types:  # seqeval cannot score nothing
        return SpanScores(None, None, None, 0, f"strict {scheme}", ())
    columns = precision_recall_fscore_support(gold, predicted, average=None, **options)
    precision, recall, f1, support = precision_recall_fscore_support(gold, predicted, average="micro", **options)
    per_type = tuple(
        TagScore(kind, float(p), float(r), float(f), int(n)) for kind, p, r, f, n in zip(types, *columns, strict=True)
    )
    return SpanScores(float(precision), float(recall), float(f1), int(support), f"strict {scheme}", per_type)
