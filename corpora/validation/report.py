"""The report on a corpus: statistics, examples and findings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tagger.corpora.validation.findings import ERROR, Finding
from tagger.corpora.validation.statistics import SplitStatistics


@dataclass(slots=True)
class ValidationReport:
    """The result of validating a corpus.

    Attributes:
        name: a short name of the corpus.
        source: what the user asked for.
        column: the label column.
        formats: the formats of the files.
        splits: the statistics of each split.
        first: words and labels of the first sentences.
        scheme: the scheme of labelled spans, None where labels are not spans.
        left_out: number of sentences that could not be read.
        notes: remarks on how it was read.
        findings: the problems, the gravest first.
    """

    name: str
    source: str
    column: str = ""
    formats: list[str] = field(default_factory=list)
    splits: list[SplitStatistics] = field(default_factory=list)
    first: list[tuple[list[str], list[str]]] = field(default_factory=list)
    scheme: str | None = None
    left_out: int = 0
    notes: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def errors(self) -> list[Finding]:
        """The findings that stop training."""
        return [finding for finding in self.findings if finding.kind.severity == ERROR]

    @property
    def warnings(self) -> list[Finding]:
        """The findings that do not stop training."""
        return [finding for finding in self.findings if finding.kind.severity != ERROR]

    @property
    def verdict(self) -> str:
        """``clean``, ``warnings`` or ``errors``."""
        return "errors" if self.errors else "warnings" if self.findings else "clean"

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain values."""
        return {
            "name": self.name,
            "source": self.source,
            "verdict": self.verdict,
            "column": self.column,
            "formats": self.formats,
            "scheme": self.scheme,
            "left_out": self.left_out,
            "parts": [split.to_dict() for split in self.splits],
            "first": [{"tokens": tokens, "tags": tags} for tokens, tags in self.first],
            "notes": self.notes,
            "findings": [finding.to_dict() for finding in self.findings],
        }
