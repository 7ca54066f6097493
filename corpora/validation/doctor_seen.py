"""What each check of the doctor is shown: one sentence and where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from tagger.corpora.validation.findings import Findings


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
