"""Findings: how often a kind of problem occurs in a corpus, and its first places."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from tagger.corpora.formats.sentence import Problem, clipped

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


def _read() -> dict[str, Kind]:
    table = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    return {code: Kind(code, **line) for code, line in table.items()}


KINDS = _read()
"""All kinds by code, the gravest first."""


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a problem.

    Attributes:
        path: the file as the user named it; the split of a corpus that is not in files.
        line: from 1 (the row, or the sentence of a corpus that is not in files); 0 for the whole file.
        detail: the value there.
    """

    path: str
    line: int
    detail: str

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line else self.path
        return f"{where}: {clipped(self.detail)}"


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
        """The count and what it counts."""
        return f"{self.count:,} {self.kind.single if self.count == 1 else self.kind.title}"

    def to_dict(self) -> dict[str, Any]:
        """The finding as plain values."""
        return {
            "kind": self.kind.code,
            "severity": self.kind.severity,
            "count": self.count,
            "title": self.title,
            "remark": self.remark,
            "why": self.kind.why,
            "fix": self.kind.fix,
            "places": [{"path": place.path, "line": place.line, "detail": place.detail} for place in self.places],
        }


class Findings:
    """Collects findings by kind.

    Args:
        keep: number of places to keep of each kind.
        lenient: unreadable sentences are left out, so they are warnings.
    """

    def __init__(self, keep: int = 5, *, lenient: bool = False) -> None:
        self.keep, self.lenient = keep, lenient
        self._found: dict[str, Finding] = {}

    def __iter__(self) -> Iterator[Finding]:
        """The findings, the gravest first."""
        in_order = [self._found[code] for code in KINDS if code in self._found]
        return iter(sorted(in_order, key=lambda finding: finding.kind.severity != ERROR))

    def __contains__(self, code: str) -> bool:
        return code in self._found

    def __getitem__(self, code: str) -> Finding:
        """The finding of one kind; created if it is new."""
        if code not in self._found:
            kind = KINDS[code]
            tolerated = self.lenient and code not in ("file", "one-label")
            self._found[code] = Finding(replace(kind, severity=WARNING) if tolerated else kind)
        return self._found[code]

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
    """Adds the problems of one file to the findings, as ``on_problem`` of a reader.

    Args:
        findings: receives the problems; the kind of a problem is the code of its finding.
        name: the file.

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
    """One sentence as the checks see it.

    Attributes:
        tokens: T words.
        tags: T labels.
        ids: the numbers of the T words.
        new: words that occur here for the first time.
        lines: the line of each of the T words.
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
    """Checks every sentence, then all of them together."""

    def add(self, sentence: CheckedSentence, findings: Findings) -> None:
        """Check one sentence."""

    def report(self, findings: Findings) -> None:
        """Report problems that show only at the end."""
