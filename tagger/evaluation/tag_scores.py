"""Score predicted labels against gold labels.

>>> scores = score([["They", "can", "fish"]], [["PRON", "AUX", "VERB"]], [["PRON", "AUX", "NOUN"]])
>>> scores.correct, scores.tokens, scores.confusions[0].example
(2, 3, 'They can [fish]')
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.corpora.formats.sentence import MISSING
from tagger.errors import CorpusError
from tagger.evaluation.calibration import accuracy_interval, expected_calibration_error
from tagger.evaluation.confusions import find_confusions
from tagger.evaluation.scores import Scores, SpanScores, TagScore
from tagger.evaluation.span_scores import score_spans, writes_spans

Sentences = Sequence[Sequence[str]]


def score_tags(gold: Sentences, predicted: Sentences) -> tuple[TagScore, ...]:
    """Score each tag in gold or predicted, word by word; ``_`` is the empty tag."""
    pairs = Counter(zip(chain.from_iterable(gold), chain.from_iterable(predicted), strict=True))
    right, given, support = Counter[str](), Counter[str](), Counter[str]()
    for (expected, tag), count in pairs.items():
        support[expected or MISSING] += count
        given[tag or MISSING] += count
        right[tag or MISSING] += count * (expected == tag)
    return tuple(TagScore.of(tag, right[tag], given[tag], support[tag]) for tag in sorted(support | given))


def score(
    tokens: Sentences,
    gold: Sentences,
    predicted: Sentences,
    *,
    known: Mapping[str, Collection[str]] | None = None,
    confidences: Sequence[Sequence[float]] | None = None,
    labels: Collection[str] | None = None,
    seed: int = 1,
    scheme: str | None = None,
) -> Scores:
    """Measure predicted labels against gold labels.

    Sentences without words are left out of every count.

    Args:
        tokens: words of B sentences of T words each.
        gold: right label of each word.
        predicted: label given to each word.
        known: the words of the training data, each with the labels it took there; tells known,
            unknown and ambiguous words apart. Words are compared as they are written.
        confidences: probability of each predicted label, for the calibration error.
        labels: the label set of training; gold labels outside it are counted in `unseen_labels`. Words with ``_`` for
            a label have none and do not count, unless it is in this set.
        seed: fixes the bootstrap.
        scheme: scores spans strictly by this scheme (IOB1, IOB2, IOE1, IOE2, IOBES, BILOU). None:
            spans are scored like conlleval if the labels write spans, in any scheme, else not.

    Returns:
        All measurements.

    Raises:
        CorpusError: there is no word to score.
        ConfigError: the scheme is unknown.
        ValueError: the arguments do not have the same shape.
    """
    _check_shapes(tokens, gold=gold, predicted=predicted, confidences=confidences)
    unlabelled = () if labels is None or MISSING in labels else (MISSING, "")
    places = [(row, n) for row, tags in enumerate(gold) for n, tag in enumerate(tags) if tag not in unlabelled]
    if not places:
        raise CorpusError(
            f"nothing to score: {len(tokens)} sentences, none with a word{' and a label' * bool(unlabelled)}"
        )
    words, expected, given = ([side[row][n] for row, n in places] for side in (tokens, gold, predicted))
    right = np.array(list(map(operator.eq, expected, given)), dtype=np.bool_)
    rows = np.array([row for row, _ in places])
    lengths = np.bincount(rows)
    correct = np.bincount(rows[right], minlength=len(lengths))[lengths > 0]
    lengths = lengths[lengths > 0]
    per_tag = score_tags([expected], [given])
    interval, interval_kind = accuracy_interval(correct, lengths, seed=seed)
    return Scores(
        accuracy=int(correct.sum()) / len(right),
        correct=int(correct.sum()),
        tokens=len(right),
        sentences=len(lengths),
        sentence_accuracy=float(np.mean(correct == lengths)),
        interval=interval,
        interval_kind=interval_kind,
        macro_f1=sum(tag.f1 for tag in per_tag) / len(per_tag),
        weighted_f1=sum(tag.f1 * tag.support for tag in per_tag) / len(right),
        per_tag=per_tag,
        confusions=find_confusions(tokens, gold, predicted, [places[error] for error in np.flatnonzero(~right)]),
        unseen_labels=_unseen(expected, labels),
        calibration_error=None
        if confidences is None
        else expected_calibration_error(np.array([confidences[row][n] for row, n in places]), right),
        spans=_spans(gold, predicted, labels, scheme),
        **_word_groups(words, right, known),
    )


def _check_shapes(tokens: Sentences, **others: Sequence[Sequence[object]] | None) -> None:
    for name, other in others.items():
        if other is None:
            continue
        if len(other) != len(tokens):
            raise ValueError(f"{name} has {len(other)} sentences where tokens has {len(tokens)}")
        for number, (row, words) in enumerate(zip(other, tokens, strict=True), start=1):
            if len(row) != len(words):
                raise ValueError(f"{name}, sentence {number}: {len(row)} values for {len(words)} words")


def _word_groups(
    words: Sequence[str], right: NDArray[np.bool_], known: Mapping[str, Collection[str]] | None
) -> dict[str, Any]:
    """Compute accuracy on and number of known, unknown and ambiguous words."""
    if known is None:
        return {}
    tags_of = {word: len(tags) for word, tags in known.items()}
    num_tags = np.fromiter((tags_of.get(word, -1) for word in words), dtype=np.int64, count=len(right))
    groups: dict[str, Any] = {}
    for name, mask in {"known": num_tags >= 0, "unknown": num_tags < 0, "ambiguous": num_tags >= 2}.items():
        groups[f"{name}_accuracy"] = float(right[mask].mean()) if mask.any() else None
        groups[f"{name}_tokens"] = int(mask.sum())
    return groups


def _unseen(gold: Sequence[str], labels: Collection[str] | None) -> dict[str, int]:
    if labels is None:
        return {}
    counts = Counter(gold)
    return {label: counts[label] for label in sorted(counts.keys() - set(labels))}


def _spans(
    gold: Sentences, predicted: Sentences, labels: Collection[str] | None, scheme: str | None
) -> SpanScores | None:
    if scheme is None:
        others = dict.fromkeys({*chain.from_iterable(predicted), *(labels or ())}, 0)
        if not writes_spans({**others, **Counter(chain.from_iterable(gold))}):
            return None
    return score_spans(gold, predicted, scheme=scheme)
