"""Likely annotation errors: words with another label than the same word in the same context.

The idea is that of variation n-grams (Dickinson & Meurers 2003, https://aclanthology.org/E03-1068): where two
words on either side agree, another label is more likely an error than an ambiguity; the rarer the
words of the context and the more frequent the other label, the more likely.
"""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass

import numpy as np

from tagger.corpora.formats.sentence import UNLABELLED, excerpt
from tagger.corpora.labels.scheme_detection import Place
from tagger.corpora.validation.findings import CheckedSentence, Findings

MAX_TOKENS = 3_000_000  # 16 bytes are kept of each
BOUNDARY = -1
_LONG, _SHORT = 2, 1  # words on either side
_MAJORITY = 5  # smallest count of another label in the short context
_MIN_BITS = 8.0  # information of the context


@dataclass(frozen=True, slots=True)
class AnnotationError:
    """A word whose label is suspicious.

    Attributes:
        place: its index among all tokens.
        usual: an index of the same word in the same context with the usual label.
        counts: count of each label id in this context.
        score: the evidence, in bits.
    """

    place: int
    usual: int
    counts: dict[int, int]
    score: float


class AnnotationErrorCheck:
    """Check of the annotation; keeps words, labels and lines as numbers, and compares contexts at the end."""

    def __init__(self) -> None:
        self._ids, self._tags, self._lines = array("i"), array("i"), array("q")
        self._starts, self._files = array("q"), array("i")
        self._paths: dict[str, int] = {}
        self._labels: dict[str, int] = {}
        self._words: list[str] = []
        self.complete = True

    def add(self, sentence: CheckedSentence, findings: Findings) -> None:
        """Keep one sentence."""
        if len(self._ids) > MAX_TOKENS:
            self.complete = False
            return
        self._words += sentence.new
        if UNLABELLED in sentence.tags:
            return
        self._starts.append(len(self._ids))
        self._files.append(self._paths.setdefault(sentence.path, len(self._paths)))
        labels = self._labels
        self._ids.extend([BOUNDARY, BOUNDARY, *sentence.ids])
        self._tags.extend([BOUNDARY, BOUNDARY, *[labels.setdefault(tag, len(labels)) for tag in sentence.tags]])
        self._lines.extend([0, 0, *sentence.lines])

    def report(self, findings: Findings) -> None:
        """Find the errors and rank them."""
        if len(self._labels) < 2:
            return
        errors = self.errors()
        places = [self._place(error) for error in errors[: findings.keep]]
        findings.add_ranked("annotation-error", places, len(errors))
        if errors and not self.complete:
            findings["annotation-error"].remark = f"Looked for in the first {MAX_TOKENS:,} words."

    def errors(self) -> list[AnnotationError]:
        """List the errors, those with most evidence first."""
        end = np.full(_LONG, BOUNDARY, dtype=np.int32)
        ids = np.concatenate([np.frombuffer(self._ids, dtype=np.int32), end])
        tags = np.concatenate([np.frombuffer(self._tags, dtype=np.int32), end])
        bits = _information(ids)
        by_place: dict[int, AnnotationError] = {}
        for width in (_LONG, _SHORT):
            for error in _variations(ids, tags, bits, width):
                by_place.setdefault(error.place, error)
        return sorted(by_place.values(), key=lambda error: (-error.score, error.place))

    def _place(self, error: AnnotationError) -> Place:
        names = list(self._labels)
        label, usual = names[self._tags[error.place]], names[self._tags[error.usual]]
        often = error.counts[self._tags[error.usual]]
        path, line = self._where(error.place)
        other_path, other_line = self._where(error.usual)
        at = f"in line {other_line}" if other_path == path else f"in {other_path}:{other_line}"
        times = "as" if often == 1 else f"{often:,} times, as"
        context = " ".join(
            f"[{self._word(place)}]" if place == error.place else self._word(place)
            for place in range(error.place - _LONG, error.place + _LONG + 1)
            if self._word(place)
        )
        return Place(path, line, f"{excerpt(context, 80)} is {label}; {usual} {times} {at}")

    def _word(self, place: int) -> str:
        inside = 0 <= place < len(self._ids) and self._ids[place] != BOUNDARY
        return self._words[self._ids[place]] if inside else ""

    def _where(self, place: int) -> tuple[str, int]:
        sentence = int(np.searchsorted(np.frombuffer(self._starts, dtype=np.int64), place, side="right")) - 1
        return list(self._paths)[self._files[sentence]], self._lines[place]


def _information(ids: np.ndarray) -> np.ndarray:
    """Compute the information of each word as a neighbour: (U + 1,) bits, at the end 0 for the boundary."""
    counts = np.bincount(ids[ids >= 0])
    bits = -np.log2(np.maximum(counts, 1) / max(1, counts.sum()))
    return np.append(bits, 0.0)


def _variations(ids: np.ndarray, tags: np.ndarray, bits: np.ndarray, width: int) -> list[AnnotationError]:
    """Find words with another label than the most frequent one in the same context."""
    places = _ambiguous(ids, tags)
    if not len(places):
        return []
    context = np.zeros(len(places), dtype=np.uint64)
    worth = np.zeros(len(places))
    for offset in range(-width, width + 1):
        neighbour = ids[places + offset]
        context = (context ^ neighbour.astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        context ^= context >> np.uint64(29)
        worth += bits[neighbour] if offset else 0.0
    order = np.lexsort((tags[places], context))
    places, context, worth = places[order], context[order], worth[order]
    starts = np.flatnonzero(np.append(True, context[1:] != context[:-1]))
    ends = np.append(starts[1:], len(places))
    changes = np.append(0, np.cumsum(tags[places][1:] != tags[places][:-1]))
    mixed = np.flatnonzero((changes[ends - 1] > changes[starts]) & (worth[starts] >= _MIN_BITS))
    errors: list[AnnotationError] = []
    for start, end in zip(starts[mixed].tolist(), ends[mixed].tolist(), strict=True):
        errors += _minority(places[start:end], tags, float(worth[start]), width)
    return errors


def _ambiguous(ids: np.ndarray, tags: np.ndarray) -> np.ndarray:
    """Find the places of words that have more than one label in the corpus."""
    words = np.flatnonzero(tags >= 0)
    some_tag = np.zeros(int(ids.max()) + 1, dtype=tags.dtype)
    some_tag[ids[words]] = tags[words]
    ambiguous = np.zeros(len(some_tag), dtype=bool)
    ambiguous[ids[words][tags[words] != some_tag[ids[words]]]] = True
    places: np.ndarray = words[ambiguous[ids[words]]]
    return places


def _minority(places: np.ndarray, tags: np.ndarray, bits: float, width: int) -> list[AnnotationError]:
    """Find the words of one context that do not have the usual label."""
    counts = Counter(tags[places].tolist())
    (usual, often), *_ = counts.most_common(1)
    if width == _SHORT and often < _MAJORITY:
        return []
    example = int(places[tags[places] == usual][0])
    errors = []
    for place in places[tags[places] != usual].tolist():
        rare = counts[int(tags[place])]
        if width == _SHORT and rare * _MAJORITY > often:
            continue
        errors.append(AnnotationError(place, example, dict(counts), bits * (0.5 + float(np.log2(often / rare)))))
    return errors
