"""Score predicted labels against gold labels.

>>> scores = score([["They", "can", "fish"]], [["PRON", "AUX", "VERB"]], [["PRON", "AUX", "NOUN"]])
>>> scores.correct, scores.tokens, scores.confusions[0].example
(2, 3, 'They can [fish]')
"""

from __future__ import annotations

import operator
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.errors import ConfigError, CorpusError
from tagger.evaluation.calibration import bootstrap_interval, expected_calibration_error
from tagger.evaluation.confusions import find_confusions
from tagger.evaluation.scores import Scores, SpanScores, TagScore

SCHEMES = ("IOB1", "IOB2", "IOE1", "IOE2", "IOBES", "BILOU")
Sentences = Sequence[Sequence[str]]
_CHUNK_LABEL = re.compile(r"[BIES]-.+|[OBIES]", re.DOTALL)
_BILOU_LABEL = re.compile(r"[BILU]-.+|O", re.DOTALL)


def score_tags(gold: Sentences, predicted: Sentences) -> tuple[TagScore, ...]:
    """Score each tag in gold or predicted, word by word; ``_`` is the empty tag."""
    tags = sorted({tag or "_" for side in (gold, predicted) for sentence in side for tag in sentence})
    sides = [[[f"B-{tag or '_'}" for tag in sentence] for sentence in side] for side in (gold, predicted)]
    return _per_label(tags, *sides)


def chunk_scheme(labels: Iterable[str]) -> str | None:
    """Recognise the scheme in which labels of model and data write spans.

    Returns:
        ``"conlleval"`` if seqeval's default mode reads them (IOB1, IOB2, IOE, IOBES), ``"BILOU"``
        if only its strict mode does, None if they are no chunking scheme, e.g. parts of speech.
    """
    labels = set(labels)
    if all(map(_CHUNK_LABEL.fullmatch, labels)):
        typed = any("-" in label for label in labels)
        return "conlleval" if typed or {"B", "I"} <= labels else None
    return "BILOU" if all(map(_BILOU_LABEL.fullmatch, labels)) else None


def score_spans(gold: Sentences, predicted: Sentences, *, scheme: str | None = None) -> SpanScores:
    """Score whole spans.

    Args:
        gold: right label of each word of each sentence, in a chunking scheme.
        predicted: label given to each word.
        scheme: one of `SCHEMES` for strict scoring, in which a span that breaks the scheme does not
            count; None scores like the conlleval script, as published figures do.

    Returns:
        Overall and per-type scores; all 0 where there is no span.

    Raises:
        ConfigError: the scheme is unknown.
    """
    strict = _strict(scheme)
    sides = [list(sentence) for sentence in gold], [list(sentence) for sentence in predicted]
    types = _span_types(sides, strict)
    per_type = _per_label(types, *sides, **strict)
    precision, recall, f1, support = _seqeval(*sides, average="micro", **strict) if types else (0, 0, 0, 0)
    mode = f"strict {scheme}" if scheme else "conlleval"
    return SpanScores(float(precision), float(recall), float(f1), int(support), mode, per_type)


def _strict(scheme: str | None) -> dict[str, Any]:
    if scheme is None:
        return {}
    if scheme not in SCHEMES:
        raise ConfigError(f"unknown scheme {scheme!r}; expected one of {', '.join(SCHEMES)}")
    from seqeval import scheme as schemes

    return {"scheme": getattr(schemes, scheme)}


def _span_types(sides: Sequence[list[list[str]]], strict: dict[str, Any]) -> list[str]:
    """List the types of the spans that seqeval finds on either side, in its order."""
    if strict:
        from seqeval.scheme import Entities

        return sorted(set().union(*(Entities(side, strict["scheme"]).unique_tags for side in sides)))
    from seqeval.metrics.sequence_labeling import get_entities

    return sorted({kind for side in sides for kind, _, _ in get_entities(side)})


def _per_label(
    labels: Sequence[str], gold: list[list[str]], predicted: list[list[str]], **strict: Any
) -> tuple[TagScore, ...]:
    if not labels:  # seqeval cannot score nothing
        return ()
    columns = _seqeval(gold, predicted, average=None, **strict)
    return tuple(
        TagScore(label, float(precision), float(recall), float(f1), int(support))
        for label, precision, recall, f1, support in zip(labels, *columns, strict=True)
    )


def _seqeval(gold: list[list[str]], predicted: list[list[str]], **options: Any) -> Any:
    """Compute precision, recall, F1 and support; ``zero_division=0`` gives 0 without a warning."""
    if "scheme" in options:
        from seqeval.metrics.v1 import precision_recall_fscore_support as strict_scores

        return strict_scores(gold, predicted, zero_division=0, **options)
    from seqeval.metrics.sequence_labeling import precision_recall_fscore_support

    return precision_recall_fscore_support(gold, predicted, zero_division=0, **options)


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
        labels: the label set of training; gold labels outside it are counted in `unseen_labels`.
        seed: fixes the bootstrap.
        scheme: scores spans strictly by this scheme (IOB1, IOB2, IOE1, IOE2, IOBES, BILOU). None:
            spans are scored like conlleval if the labels look like a chunking scheme, else not.

    Returns:
        All measurements.

    Raises:
        CorpusError: there is no word to score.
        ConfigError: the scheme is unknown.
        ValueError: the arguments do not have the same shape.
    """
    _check_shapes(tokens, gold=gold, predicted=predicted, confidences=confidences)
    lengths = np.array([len(sentence) for sentence in tokens if sentence], dtype=np.int64)
    if not len(lengths):
        raise CorpusError(f"nothing to score: {len(tokens)} sentences, none with a word")
    places = [(sentence, word) for sentence, words in enumerate(tokens) for word in range(len(words))]
    right = np.fromiter(map(operator.eq, chain.from_iterable(gold), chain.from_iterable(predicted)), dtype=np.bool_)
    correct = np.add.reduceat(right, np.cumsum(lengths) - lengths, dtype=np.int64)
    per_tag = score_tags(gold, predicted)
    return Scores(
        accuracy=int(correct.sum()) / len(right),
        correct=int(correct.sum()),
        tokens=len(right),
        sentences=len(lengths),
        sentence_accuracy=float(np.mean(correct == lengths)),
        interval=bootstrap_interval(correct, lengths, seed=seed),
        macro_f1=sum(tag.f1 for tag in per_tag) / len(per_tag),
        weighted_f1=sum(tag.f1 * tag.support for tag in per_tag) / len(right),
        per_tag=per_tag,
        confusions=find_confusions(tokens, gold, predicted, [places[error] for error in np.flatnonzero(~right)]),
        unseen_labels=_unseen(gold, labels),
        calibration_error=_calibration_error(confidences, right),
        spans=_spans(gold, predicted, labels, scheme),
        **_word_groups(tokens, right, known),
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
    tokens: Sentences, right: NDArray[np.bool_], known: Mapping[str, Collection[str]] | None
) -> dict[str, Any]:
    """Compute accuracy on and number of known, unknown and ambiguous words."""
    if known is None:
        return {}
    tags_of = {word: len(tags) for word, tags in known.items()}
    words = chain.from_iterable(tokens)
    num_tags = np.fromiter((tags_of.get(word, -1) for word in words), dtype=np.int64, count=len(right))
    groups: dict[str, Any] = {}
    for name, mask in {"known": num_tags >= 0, "unknown": num_tags < 0, "ambiguous": num_tags >= 2}.items():
        groups[f"{name}_accuracy"] = float(right[mask].mean()) if mask.any() else None
        groups[f"{name}_tokens"] = int(mask.sum())
    return groups


def _unseen(gold: Sentences, labels: Collection[str] | None) -> dict[str, int]:
    if labels is None:
        return {}
    seen = set(labels)
    counts = Counter(chain.from_iterable(gold))
    return {label: counts[label] for label in sorted(counts) if label not in seen}


def _calibration_error(confidences: Sequence[Sequence[float]] | None, right: NDArray[np.bool_]) -> float | None:
    if confidences is None:
        return None
    row = np.fromiter(chain.from_iterable(confidences), dtype=np.float64, count=len(right))
    return expected_calibration_error(row, right)


def _spans(
    gold: Sentences, predicted: Sentences, labels: Collection[str] | None, scheme: str | None
) -> SpanScores | None:
    if scheme is None:
        recognised = chunk_scheme({*chain.from_iterable(gold), *chain.from_iterable(predicted), *(labels or ())})
        if recognised is None:
            return None
        scheme = None if recognised == "conlleval" else recognised
    return score_spans(gold, predicted, scheme=scheme)
