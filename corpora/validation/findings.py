"""Findings: how often something was found, and the first places."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from tagger.corpora.formats.sentence import clipped

ERROR, WARNING = "error", "warning"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of finding.

    Attributes:
        code: its name in JSON.
        severity: ``error`` if training stops at it, else ``warning``.
        single: what was found, to stand after a count of one.
        title: the same in the plural.
        why: what comes of it.
        mend: what to do.
    """

    code: str
    severity: str
    single: str
    title: str
    why: str
    mend: str


def _read() -> dict[str, Kind]:
    table = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    return {code: Kind(code, **line) for code, line in table.items()}


KINDS = _read()
"""All kinds by code, the gravest first."""


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


@dataclass(slots=True)
class Seen:
    """One sentence under examination.

    Attributes:
        tokens: T words.
        tags: T labels.
        ids: the numbers of the T words.
        new: the words that no sentence before had.
        lines: the line of each of the T words.
        line: the line that the sentence starts on.
        path: its file, or its part of the corpus.
        part: ``train``, ``dev``, ``test`` or ``all``.
    """

    tokens: list[str]
    tags: list[str]
    ids: list[int]
    new: list[str]
    lines: list[int]
    line: int
    path: str
    part: str


class Check(Protocol):
    """Looks at every sentence, then says what it made of all of them."""

    def add(self, seen: Seen, findings: Findings) -> None:
        """Looks at one sentence."""

    def report(self, findings: Findings) -> None:
        """Says what can only be said at the end."""
