"""Likely slips of annotation: a word whose label differs from that of the same word in the same context.

The idea is that of variation n-grams (Dickinson & Meurers 2003, https://aclanthology.org/E03-1068): where two
words on either side agree, a change of label is more likely an error than an ambiguity; and likelier the rarer
the words of the context are, and the more often the other label stands there.
"""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass

import numpy as np

from tagger.corpora.formats.sentence import excerpt
from tagger.corpora.validation.findings import Findings, Place, Seen

MOST_TOKENS = 3_000_000  # looked at; 16 bytes are kept of each
BOUNDARY = -1
_LONG, _SHORT = 2, 1  # words on either side
_MAJORITY = 5  # times that another label must stand in the short context
_LEAST_BITS = 8.0  # information of the context


@dataclass(frozen=True, slots=True)
class Slip:
    """One suspicious word.

    Attributes:
        place: its index among all tokens.
        usual: an index of the same word in the same context with the usual label.
        counts: how often each label id stands there.
        score: the evidence, in bits.
    """

    place: int
    usual: int
    counts: dict[int, int]
    score: float


class SlipCheck:
    """Keeps every word, label and line as numbers, and compares contexts at the end."""

    def __init__(self) -> None:
        self._ids, self._tags, self._lines = array("i"), array("i"), array("q")
        self._starts, self._files = array("q"), array("i")
        self._paths: dict[str, int] = {}
        self._labels: dict[str, int] = {}
        self._words: list[str] = []
        self.complete = True

    def add(self, seen: Seen, findings: Findings) -> None:
        """Takes in one sentence."""
        if len(self._ids) > MOST_TOKENS:
            self.complete = False
            return
        self._words += seen.new
        self._starts.append(len(self._ids))
        self._files.append(self._paths.setdefault(seen.path, len(self._paths)))
        labels = self._labels
        self._ids.extend([BOUNDARY, BOUNDARY, *seen.ids])
        self._tags.extend([BOUNDARY, BOUNDARY, *[labels.setdefault(tag, len(labels)) for tag in seen.tags]])
        self._lines.extend([0, 0, *seen.lines])

    def report(self, findings: Findings) -> None:
        """Finds the slips and ranks them."""
        if len(self._labels) < 2:
            return
        slips = self.slips()
        findings.add_ranked("slip", [self._described(slip) for slip in slips[: findings.keep]], len(slips))
        if slips and not self.complete:
            findings["slip"].remark = f"Looked for in the first {MOST_TOKENS:,} words."

    def slips(self) -> list[Slip]:
        """All slips, those of most evidence first."""
        end = np.full(_LONG, BOUNDARY, dtype=np.int32)
        ids = np.concatenate([np.frombuffer(self._ids, dtype=np.int32), end])
        tags = np.concatenate([np.frombuffer(self._tags, dtype=np.int32), end])
        bits = _information(ids)
        found: dict[int, Slip] = {}
        for width in (_LONG, _SHORT):
            for slip in _variations(ids, tags, bits, width):
                found.setdefault(slip.place, slip)
        return sorted(found.values(), key=lambda slip: (-slip.score, slip.place))

    def _described(self, slip: Slip) -> Place:
        names = list(self._labels)
        label, usual = names[self._tags[slip.place]], names[self._tags[slip.usual]]
        often = slip.counts[self._tags[slip.usual]]
        path, line = self._where(slip.place)
        other_path, other_line = self._where(slip.usual)
        at = f"in line {other_line}" if other_path == path else f"in {other_path}:{other_line}"
        times = "as" if often == 1 else f"{often:,} times, as"
        context = " ".join(
            f"[{self._word(place)}]" if place == slip.place else self._word(place)
            for place in range(slip.place - _LONG, slip.place + _LONG + 1)
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
    """(U + 1,) bits of each word number as a neighbour; the last is the boundary, which tells nothing."""
    counts = np.bincount(ids[ids >= 0])
    bits = -np.log2(np.maximum(counts, 1) / max(1, counts.sum()))
    return np.append(bits, 0.0)


def _variations(ids: np.ndarray, tags: np.ndarray, bits: np.ndarray, width: int) -> list[Slip]:
    """Words of which some other occurrence in the same context has a more frequent label, or one as frequent."""
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
    mixed = np.flatnonzero((changes[ends - 1] > changes[starts]) & (worth[starts] >= _LEAST_BITS))
    slips: list[Slip] = []
    for start, end in zip(starts[mixed].tolist(), ends[mixed].tolist(), strict=True):
        slips += _minority(places[start:end], tags, float(worth[start]), width)
    return slips


def _ambiguous(ids: np.ndarray, tags: np.ndarray) -> np.ndarray:
    """Where the words stand that have more than one label in the corpus."""
    words = np.flatnonzero(tags >= 0)
    some_tag = np.zeros(int(ids.max()) + 1, dtype=tags.dtype)
    some_tag[ids[words]] = tags[words]
    ambiguous = np.zeros(len(some_tag), dtype=bool)
    ambiguous[ids[words][tags[words] != some_tag[ids[words]]]] = True
    found: np.ndarray = words[ambiguous[ids[words]]]
    return found


def _minority(places: np.ndarray, tags: np.ndarray, bits: float, width: int) -> list[Slip]:
    """The words of one context that do not have the usual label."""
    counts = Counter(tags[places].tolist())
    (usual, often), *_ = counts.most_common(1)
    if width == _SHORT and often < _MAJORITY:
        return []
    example = int(places[tags[places] == usual][0])
    slips = []
    for place in places[tags[places] != usual].tolist():
        rare = counts[int(tags[place])]
        if width == _SHORT and rare * _MAJORITY > often:
            continue
        slips.append(Slip(place, example, dict(counts), bits * (0.5 + float(np.log2(often / rare)))))
    return slips
