"""The labels as a whole: rare, unseen, look-alike, joined, too many, or no labels at all."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

from tagger.corpora.formats.sentence import MISSING, excerpt
from tagger.corpora.validation.findings import Findings, Place, Seen
from tagger.corpora.validation.statistics import TRAIN, Part

MANY = 200
OPEN_COLUMNS = ("lemma", "feats")  # as many values as there are; neither ids nor a tag set
_IDENTIFIER = re.compile(r"(?=\S*\d)(?=\S*[-_.:])[\w.:/-]{10,}|\d+[-_.:/]\d[\d\-_.:/]*")
_JOINTS = re.compile(r"[|,;/]")


class LabelCheck:
    """Remembers where each label stands for the first time in each part.

    Args:
        column: the name of the label column.
    """

    def __init__(self, column: str = "") -> None:
        self.column = column
        self._first: dict[str, dict[str, Place]] = {}
        self._labels: Counter[str] = Counter()
        self._words = self._same = 0

    def add(self, seen: Seen, findings: Findings) -> None:
        """Looks at one sentence."""
        first = self._first.setdefault(seen.part, {})
        for tag in set(seen.tags) - first.keys():
            place = seen.tags.index(tag)
            first[tag] = Place(seen.path, seen.lines[place], f"{excerpt(tag)} on {excerpt(seen.tokens[place])}")
        if self._words < 10_000:  # enough to tell a copy
            self._words += len(seen.tokens)
            self._same += sum(map(str.__eq__, seen.tokens, seen.tags))
        self._labels.update(seen.tags)

    def report(self, findings: Findings) -> None:
        """Says what is odd about the labels."""
        if not self._labels:
            return
        self._report_unseen(findings)
        if self._same > 0.5 * self._words:
            findings.add("label-is-word", self._any().path, 0, f"{self._same:,} of the first {self._words:,} words")
        if self.column in OPEN_COLUMNS:
            return
        once = [label for label, count in self._labels.items() if count == 1]
        self._report_kinds(findings)
        self._report_rare(findings, once)
        self._report_alike(findings)

    def _report_unseen(self, findings: Findings) -> None:
        known = self._first.get(TRAIN)
        if known is None:
            return
        for part, first in self._first.items():
            unseen = sorted(first.keys() - known.keys()) if part != TRAIN else []
            for tag in unseen:
                findings.add("unseen-label", first[tag].path, first[tag].line, first[tag].detail)

    def _report_kinds(self, findings: Findings) -> None:
        labels = self._labels
        if len(labels) == 1:
            findings.add(
                "one-label", self._any().path, 0, f"column {self.column!r}: only {excerpt(next(iter(labels)))}"
            )
        numbers = [label for label in labels if label.isdecimal()]
        findings.add_ranked("label-numbers", self._places(numbers, counted=True))
        identifiers = [label for label in labels if _IDENTIFIER.fullmatch(label) and not _is_joined(label, labels)]
        if len(identifiers) > 3 and len(identifiers) > 0.05 * len(labels):
            findings.add_ranked("label-ids", self._places(identifiers))
        joined = [label for label in labels if _is_joined(label, labels)]
        findings.add_ranked("joined-labels", self._places(joined, counted=True))
        if len(labels) > MANY:
            common = ", ".join(f"{excerpt(label)} {count:,}" for label, count in labels.most_common(3))
            findings.add("many-labels", self._any().path, 0, f"the most frequent: {common}", count=len(labels))

    def _report_rare(self, findings: Findings, once: list[str]) -> None:
        code = "mostly-rare" if len(once) > 3 and 2 * len(once) > len(self._labels) else "label-once"
        findings.add_ranked(code, self._places(once))
        if once and code == "mostly-rare":
            findings[code].remark = f"{len(once):,} of {len(self._labels):,} labels."

    def _report_alike(self, findings: Findings) -> None:
        groups: dict[str, list[str]] = {}
        for label, _ in self._labels.most_common():
            folded = unicodedata.normalize("NFKC", label).casefold()
            groups.setdefault("".join(folded.split()), []).append(label)
        places = []
        for usual, *others in groups.values():
            for label in others:
                place = self._place(label)
                said = f"{place.detail} ({self._labels[label]:,}), beside {excerpt(usual)} ({self._labels[usual]:,})"
                places.append(Place(place.path, place.line, said))
        findings.add_ranked("alike-labels", places)

    def _places(self, labels: list[str], *, counted: bool = False) -> list[Place]:
        places = [self._place(label) for label in labels]
        if not counted:
            return places
        counts = [self._labels[label] for label in labels]
        return [
            Place(place.path, place.line, f"{place.detail} ({count:,} in all)")
            for place, count in sorted(zip(places, counts, strict=True), key=lambda pair: -pair[1])
        ]

    def _place(self, label: str) -> Place:
        return next(first[label] for first in self._first.values() if label in first)

    def _any(self) -> Place:
        return next(iter(next(iter(self._first.values())).values()))


def _is_joined(label: str, labels: Counter[str]) -> bool:
    parts = _JOINTS.split(label)
    return len(parts) > 1 and all(part in labels and part != MISSING for part in parts)


def label_line(parts: list[Part], most: int = 40) -> str:
    """The labels of all parts with their counts, the most frequent first."""
    total: Counter[str] = Counter()
    for part in parts:
        total.update(part.labels)
    shown = [f"{label} {count:,}" for label, count in total.most_common(most)]
    more = len(total) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more > 0 else "")
