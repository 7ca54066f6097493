"""Sorting what a reader says about an unreadable line into kinds, and counting it."""

from __future__ import annotations

import re

from tagger.corpora.formats.sentence import SEVERAL_LABELS, Problem
from tagger.corpora.validation.findings import Findings

# What the messages of the readers say, the first that is found counts.
_KIND_OF = (
    ("encoding", re.compile(r"is not UTF-8|^a NUL byte")),
    ("column-count", re.compile(r"^[\d,]+ columns?, expected|^[\d,]+ '.*' for [\d,]+ words")),
    ("double-label", re.compile(SEVERAL_LABELS)),
    ("missing-label", re.compile(r"^word .* has no .*expected a label$|has no label, expected|lacks a value")),
    ("empty", re.compile(r"is empty|^no word: |none of them empty")),
)


def kind_of(problem: Problem) -> str:
    """The code of the kind that a reader's problem belongs to."""
    return next((code for code, pattern in _KIND_OF if pattern.search(problem.message)), "malformed")


class ProblemCounter:
    """Takes the problems of one file, as ``on_problem`` of a reader.

    Args:
        findings: where to count them.
        name: the file.

    Attributes:
        sentences: how many sentences have a problem.
    """

    def __init__(self, findings: Findings, name: str) -> None:
        self.findings, self.name = findings, name
        self.sentences = 0
        self._last = 0

    def __call__(self, problem: Problem) -> None:
        """Counts one problem."""
        self.findings.add(kind_of(problem), self.name, problem.line, problem.message)
        self.sentences += problem.sentence != self._last
        self._last = problem.sentence
