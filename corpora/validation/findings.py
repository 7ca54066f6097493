"""Findings: how often a kind of problem occurs in a corpus, and its first places."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from tagger.corpora.formats.sentence import Problem
from tagger.corpora.labels.scheme_detection import Place

ERROR, WARNING = "error", "warning"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of finding.

    Attributes:
        code: its name in JSON.
        severity: ``error`` if it stops training, else ``warning``.
        single: the noun phrase after a count of one.
        title: the same in the plural.
        why: the consequence for training.
        fix: what to do about it.
    """

    code: str
    severity: str
    single: str
    title: str
    why: str
    fix: str


_TABLE = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
KINDS = {code: Kind(code, **line) for code, line in _TABLE.items()}
"""All kinds by code, the gravest first."""


@dataclass(slots=True)
class Finding:
    """All problems of one kind.

    Attributes:
        kind: the kind.
        count: number of problems.
        places: the first of them.
        remark: a sentence about all of them, or empty.
    """

    kind: Kind
    count: int = 0
    places: list[Place] = field(default_factory=list)
    remark: str = ""

    @property
    def title(self) -> str:
        """The count with its noun phrase."""
        return f"{self.count:,} {self.kind.single if self.count == 1 else self.kind.title}"

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as plain values."""
        return {
            "kind": self.kind.code,
            "severity": self.kind.severity,
            "count": self.count,
            "title": self.title,
            "remark": self.remark,
            "why": self.kind.why,
            "fix": self.kind.fix,
            "places": [asdict(place) for place in self.places],
        }


class Findings:
    """Findings by kind.

    Args:
        keep: number of places to keep of each kind.
        lenient: unreadable sentences are left out, so they are warnings.
    """

    def __init__(self, keep: int = 5, *, lenient: bool = False) -> None:
        self.keep, self.lenient = keep, lenient
        self._findings: dict[str, Finding] = {}

    def __iter__(self) -> Iterator[Finding]:
        """Iterate over the findings, the gravest first."""
        in_order = [self._findings[code] for code in KINDS if code in self._findings]
        return iter(sorted(in_order, key=lambda finding: finding.kind.severity != ERROR))

    def __getitem__(self, code: str) -> Finding:
        """The finding of one kind; created if it is new."""
        if code not in self._findings:
            kind = KINDS[code]
            tolerated = self.lenient and code not in ("file", "one-label")
            self._findings[code] = Finding(replace(kind, severity=WARNING) if tolerated else kind)
        return self._findings[code]

    def add(self, code: str, path: str, line: int, detail: str, count: int = 1) -> None:
        """Count a problem and keep its place if it is among the first."""
        finding = self[code]
        finding.count += count
        if len(finding.places) < self.keep:
            finding.places.append(Place(path, line, detail))

    def add_ranked(self, code: str, places: list[Place], count: int | None = None) -> None:
        """Set the places of one kind, the most important first."""
        if places:
            finding = self[code]
            finding.count += len(places) if count is None else count
            finding.places = places[: self.keep]


class ProblemCounter:
    """Receiver of the problems of one file (``on_problem`` of a reader); their kinds are the codes of findings.

    Attributes:
        sentences: number of sentences with a problem.
    """

    def __init__(self, findings: Findings, name: str) -> None:
        self.findings, self.name = findings, name
        self.sentences = 0
        self._last = 0

    def __call__(self, problem: Problem) -> None:
        """Count one problem."""
        self.findings.add(problem.kind, self.name, problem.line, problem.message)
        self.sentences += problem.sentence != self._last
        self._last = problem.sentence


@dataclass(slots=True)
class CheckedSentence:
    """One sentence with T words, for the checks.

    Attributes:
        tokens: the words.
        tags: their labels.
        ids: their numbers.
        new: words that occur here for the first time.
        lines: their lines.
        line: the line on which the sentence starts.
        path: its file, or its split.
        split: ``train``, ``dev``, ``test`` or ``all``.
    """

    tokens: list[str]
    tags: list[str]
    ids: list[int]
    new: list[str]
    lines: list[int]
    line: int
    path: str
    split: str


class Check(Protocol):
    """A check of every sentence, then of all of them together."""

    def add(self, sentence: CheckedSentence, findings: Findings) -> None:
        """Check one sentence."""

    def report(self, findings: Findings) -> None:
        """Report problems that show only at the end."""
