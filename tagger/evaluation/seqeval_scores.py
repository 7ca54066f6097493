"""Precision, recall and F1 by seqeval, called so that its figures are right.

seqeval reads labels as chunks. A bare part-of-speech tag loses its first letter to it and equal
neighbours melt into one chunk; with ``B-`` before every tag, each word is a chunk of its own, so
micro F1 equals token accuracy and the figures of each tag are those of a confusion matrix. Its
default mode keeps the hyphens of tags like ``-LRB-``; its strict mode would strip them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from tagger.errors import ConfigError
from tagger.evaluation.scores import SpanScores, TagScore

SCHEMES = ("IOB1", "IOB2", "IOE1", "IOE2", "IOBES", "BILOU")
_CHUNK_LABEL = re.compile(r"[BIES]-.+|[OBIES]", re.DOTALL)
_BILOU_LABEL = re.compile(r"[BILU]-.+|O", re.DOTALL)

Labels = Sequence[Sequence[str]]


def score_tags(gold: Labels, predicted: Labels) -> tuple[TagScore, ...]:
    """Scores of each tag, every word a unit of its own.

    Args:
        gold: right tag of each word of each sentence.
        predicted: tag given to each word.

    Returns:
        One entry per tag in gold or predicted, by name. The empty tag goes by the name ``_``.
    """
    tags = sorted({tag or "_" for side in (gold, predicted) for sentence in side for tag in sentence})
    return _per_label(tags, _prefixed(gold), _prefixed(predicted))


def _prefixed(side: Labels) -> list[list[str]]:
    return [[f"B-{tag or '_'}" for tag in sentence] for sentence in side]


def chunk_scheme(labels: Iterable[str]) -> str | None:
    """What the labels say about how spans are written.

    Args:
        labels: the label set, of the model and of the data.

    Returns:
        ``"conlleval"`` if seqeval's default mode reads them (IOB1, IOB2, IOE, IOBES), ``"BILOU"``
        if only its strict mode does, None if they are no chunking scheme, e.g. parts of speech.
    """
    found = set(labels)
    if all(_CHUNK_LABEL.fullmatch(label) for label in found):
        typed = any("-" in label for label in found)
        return "conlleval" if typed or {"B", "I"} <= found else None
    if all(_BILOU_LABEL.fullmatch(label) for label in found):
        return "BILOU"
    return None


def score_spans(gold: Labels, predicted: Labels, *, scheme: str | None = None) -> SpanScores:
    """Scores of whole spans.

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
    """Types of the spans that seqeval finds on either side, in its order."""
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
    """Precision, recall, F1 and support; ``zero_division=0`` gives 0 without a warning."""
    if "scheme" in options:
        from seqeval.metrics.v1 import precision_recall_fscore_support as strict_scores

        return strict_scores(gold, predicted, zero_division=0, **options)
    from seqeval.metrics.sequence_labeling import precision_recall_fscore_support

    return precision_recall_fscore_support(gold, predicted, zero_division=0, **options)
