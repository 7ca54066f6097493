"""Findings: how often something was found, and the first places."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from tagger.corpora.formats.sentence import clipped
from tagger.corpora.validation.doctor_kinds import ERROR, KINDS, WARNING, Kind


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was found.

    Attributes:
        path: the file as the user named it; the part of a corpus that is not in files.
        line: from 1 (the row, or the sentence of a corpus that is not in files); 0 for all of it.
        detail: what is there.
    """

    path: str
    line: int
    detail: str

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line else self.path
        return f"{where}: {clipped(self.detail)}"


@dataclass(slots=True)
class Finding:
    """All that was found of one kind.

    Attributes:
        kind: what it is.
        count: how often.
        places: the first of them.
        remark: a sentence on all of them, where there is something to say.
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
        """All of it as plain values."""
        return {
            "kind": self.kind.code,
            "severity": self.kind.severity,
            "count": self.count,
            "title": self.title,
            "remark": self.remark,
            "why": self.kind.why,
            "mend": self.kind.mend,
            "places": [{"path": place.path, "line": place.line, "detail": place.detail} for place in self.places],
        }


class Findings:
    """Collects findings by kind.

    Args:
        keep: places to keep of each kind.
        lenient: unreadable sentences are left out, so they stop nothing.
    """

    def __init__(self, keep: int = 5, *, lenient: bool = False) -> None:
        self.keep, self.lenient = keep, lenient
        self._found: dict[str, Finding] = {}

    def __iter__(self) -> Iterator[Finding]:
        """The findings, the gravest first."""
        order = [code for code in KINDS if code in self._found]
        found = [self._found[code] for code in order]
        return iter(sorted(found, key=lambda finding: finding.kind.severity != ERROR))

    def __contains__(self, code: str) -> bool:
        return code in self._found

    def __getitem__(self, code: str) -> Finding:
        """The finding of one kind, which is there or begins now."""
        if code not in self._found:
            kind = KINDS[code]
            tolerated = self.lenient and code not in ("file", "one-label")
            self._found[code] = Finding(replace(kind, severity=WARNING) if tolerated else kind)
        return self._found[code]

    def add(self, code: str, path: str, line: int, detail: str, count: int = 1) -> None:
        """Counts something and keeps its place if it is among the first."""
        finding = self[code]
        finding.count += count
        if len(finding.places) < self.keep:
            finding.places.append(Place(path, line, detail))

    def add_ranked(self, code: str, places: list[Place], count: int | None = None) -> None:
        """Takes the places of one kind, the most important first."""
        if places:
            finding = self[code]
            finding.count += len(places) if count is None else count
            finding.places = places[: self.keep]
