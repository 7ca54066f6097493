"""Checks of the labels as a whole: rare, unseen, alike, joined, too many; and of the scheme of spans."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import replace

from tagger.corpora.formats.sentence import MISSING, UNLABELLED, excerpt
from tagger.corpora.labels.repair import is_invisible
from tagger.corpora.labels.scheme_detection import Place, SchemeDetector
from tagger.corpora.validation.findings import CheckedSentence, Findings
from tagger.corpora.validation.inventory import PLACEHOLDERS, UNPAIRED, odd_features, odd_upos
from tagger.corpora.validation.statistics import TRAIN, SplitStatistics

MANY = 200
OPEN_COLUMNS = ("lemma", "feats")  # any number of values is normal
_IDENTIFIER = re.compile(r"(?=\S*\d)(?=\S*[-_.:])[\w.:/-]{10,}|\d+[-_.:/]\d[\d\-_.:/]*")
_JOINTS = re.compile(r"[|,;/]")


class LabelCheck:
    """Check of the labels; keeps the first place of each label in each split.

    Attributes:
        column: the name of the label column, set before ``report``.
    """

    def __init__(self) -> None:
        self.column = ""
        self._first: dict[str, dict[str, Place]] = {}
        self._labels: Counter[str] = Counter()
        self._words = self._same = 0

    def add(self, sentence: CheckedSentence, findings: Findings) -> None:
        """Check one sentence."""
        first = self._first.setdefault(sentence.split, {})
        for tag in set(sentence.tags) - first.keys() - {UNLABELLED}:
            place = sentence.tags.index(tag)
            detail = f"{excerpt(tag)} on {excerpt(sentence.tokens[place])}"
            first[tag] = Place(sentence.path, sentence.lines[place], detail)
        if self._words < 10_000:  # enough to tell a copy
            self._words += len(sentence.tokens)
            self._same += sum(map(str.__eq__, sentence.tokens, sentence.tags))
        self._labels.update(filter(None, sentence.tags))

    def report(self, findings: Findings) -> None:
        """Report what is odd about the labels."""
        if not self._labels:
            return
        self._report_unseen(findings)
        if self._same > 0.5 * self._words:
            findings.add("label-is-word", self._any().path, 0, f"{self._same:,} of the first {self._words:,} words")
        if self.column == "feats":
            self._report_odd("feature-form", odd_features(self._labels), findings)
        if self.column in OPEN_COLUMNS:
            return
        self._report_odd("no-upos", odd_upos(self._labels, self.column), findings)
        stand_ins = [label for label in self._labels if label.lower() in PLACEHOLDERS and not self._is_word(label)]
        findings.add_ranked("placeholder-label", self._places(stand_ins, counted=True))
        unpaired = [label for label in self._labels if UNPAIRED.search(label)]
        findings.add_ranked("unpaired-label", self._places(unpaired, counted=True))
        self._report_kinds(findings)
        self._report_rare(findings)
        self._report_alike(findings)

    def _report_unseen(self, findings: Findings) -> None:
        if TRAIN not in self._first:
            return
        known = self._first[TRAIN].keys()
        for first in self._first.values():
            for tag in sorted(first.keys() - known):
                findings.add("unseen-label", first[tag].path, first[tag].line, first[tag].detail)

    def _report_kinds(self, findings: Findings) -> None:
        labels = self._labels
        if len(labels) == 1:
            detail = f"column {self.column!r}: only {excerpt(next(iter(labels)))}"
            findings.add("one-label", self._any().path, 0, detail)
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

    def _report_rare(self, findings: Findings) -> None:
        once = [label for label, count in self._labels.items() if count == 1]
        code = "mostly-rare" if len(once) > 3 and 2 * len(once) > len(self._labels) else "label-once"
        findings.add_ranked(code, self._places(once))
        if once and code == "mostly-rare":
            findings[code].remark = f"{len(once):,} of {len(self._labels):,} labels."

    def _report_odd(self, code: str, odd: dict[str, str], findings: Findings) -> None:
        """Report labels with what is said of each, the most frequent first."""
        ranked = sorted(odd, key=lambda label: -self._labels[label])
        places = zip(self._places(ranked, counted=True), ranked, strict=True)  # both in this order
        told = [replace(place, detail=f"{place.detail}: {odd[label]}") for place, label in places]
        findings.add_ranked(code, told)

    def _report_alike(self, findings: Findings) -> None:
        groups: dict[str, list[str]] = {}
        for label, _ in self._labels.most_common():
            folded = unicodedata.normalize("NFKC", label).casefold()
            plain = "".join(char for char in folded if not (char.isspace() or is_invisible(char)))
            groups.setdefault(plain, []).append(label)
        places = []
        for usual, *others in groups.values():
            for label in others:
                place = self._place(label)
                detail = f"{place.detail} ({self._labels[label]:,}), beside {excerpt(usual)} ({self._labels[usual]:,})"
                places.append(Place(place.path, place.line, detail))
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

    def _is_word(self, label: str) -> bool:
        """Whether a label is first seen on the word that it is the same as, such as a hyphen."""
        return self._place(label).detail == f"{excerpt(label)} on {excerpt(label)}"

    def _any(self) -> Place:
        return next(iter(next(iter(self._first.values())).values()))


def _is_joined(label: str, labels: Counter[str]) -> bool:
    parts = _JOINTS.split(label)
    return len(parts) > 1 and all(part in labels and part != MISSING for part in parts)


def label_line(splits: list[SplitStatistics], most: int = 40) -> str:
    """List the labels of all splits with their counts, the most frequent first."""
    total: Counter[str] = Counter()
    for split in splits:
        total.update(split.labels)
    shown = [f"{label} {count:,}" for label, count in total.most_common(most)]
    more = len(total) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more > 0 else "")


class SchemeCheck:
    """Check of the scheme of spans.

    Attributes:
        scheme: one of ``schemes.SCHEMES`` after ``report``, None if the labels are not spans.
    """

    def __init__(self, keep: int) -> None:
        self.scheme: str | None = None
        self._detector = SchemeDetector(keep)

    def add(self, sentence: CheckedSentence, findings: Findings) -> None:
        """Check one sentence."""
        self._detector.add(sentence.tokens, sentence.tags, sentence.lines, sentence.path)

    def report(self, findings: Findings) -> None:
        """Report the labels that break the scheme that fits best."""
        detected = self._detector.result()
        self.scheme = detected.scheme
        if detected.broken:
            finding = findings["broken-scheme"]
            finding.count, finding.places = detected.broken, list(detected.places)
            finding.remark = f"The scheme is {self.scheme}, which the fewest labels break."
