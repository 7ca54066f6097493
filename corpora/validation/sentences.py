"""Sentences as wholes: those that recur, those that train shares with dev or test, those without end.

Of each sentence 36 bytes are kept, not its words.
"""

from __future__ import annotations

from array import array

import numpy as np

from tagger.corpora.formats.sentence import excerpt
from tagger.corpora.validation.findings import Findings, Place, Seen

LONGEST = 500  # words
NATURAL = 5  # words; shorter sentences recur by themselves: greetings, headings


class SentenceCheck:
    """Remembers every sentence by the hash of its words and the hash of its labels."""

    def __init__(self) -> None:
        self._words, self._tags = array("q"), array("q")
        self._line, self._length = array("q"), array("q")
        self._file = array("i")
        self._files: dict[tuple[str, str], int] = {}  # (path, part)

    def add(self, seen: Seen, findings: Findings) -> None:
        """Looks at one sentence."""
        if len(seen.tokens) > LONGEST:
            start = excerpt(" ".join(seen.tokens[:12]))
            findings.add("long-sentence", seen.path, seen.line, f"{len(seen.tokens):,} words, beginning {start}")
        self._words.append(hash(tuple(seen.tokens)))
        self._tags.append(hash(tuple(seen.tags)))
        self._line.append(seen.line)
        self._length.append(len(seen.tokens))
        self._file.append(self._files.setdefault((seen.path, seen.part), len(self._files)))

    def report(self, findings: Findings) -> None:
        """Compares all sentences."""
        if not self._words:
            return
        words = np.array(self._words)
        _, first, inverse = np.unique(words, return_index=True, return_inverse=True)
        earlier = first[inverse]  # where the words of each sentence stand for the first time
        again = np.flatnonzero(earlier != np.arange(len(words)))
        part = np.array([list(self._parts()).index(part) for _, part in self._files])[np.array(self._file)]
        within = _previous_in_part(inverse, part)
        repeated = np.flatnonzero(within >= 0)
        train = list(self._parts()).index("train") if "train" in self._parts() else -1
        leaked = again[(part[again] != train) & (part[earlier[again]] == train)]
        tags = np.array(self._tags)
        contrary = again[tags[again] != tags[earlier[again]]]
        self._rank(findings, "leak", leaked, earlier)
        self._rank(findings, "contradiction", contrary, earlier)
        self._rank(findings, "duplicate", repeated, within)

    def _rank(self, findings: Findings, code: str, found: np.ndarray, others: np.ndarray) -> None:
        """Adds places, the longest sentences first."""
        if not len(found):
            return
        lengths = np.array(self._length)[found]
        order = found[np.argsort(-lengths, kind="stable")]
        names = [path for path, _ in self._files]
        places = []
        for place in order[: findings.keep].tolist():
            other = int(others[place])
            length = self._length[place]
            same = names[self._file[other]] == names[self._file[place]]
            where = f"line {self._line[other]}" if same else f"{names[self._file[other]]}:{self._line[other]}"
            detail = f"{length:,} {'word' if length == 1 else 'words'}, the same as in {where}"
            places.append(Place(names[self._file[place]], self._line[place], detail))
        findings.add_ranked(code, places, len(found))
        if code != "contradiction":
            long = int((lengths >= NATURAL).sum())
            findings[code].remark = f"{long:,} of them have {NATURAL} words or more; the longest come first."

    def _parts(self) -> dict[str, None]:
        return dict.fromkeys(part for _, part in self._files)


def _previous_in_part(group: np.ndarray, part: np.ndarray) -> np.ndarray:
    """For each sentence the first of its group and part, -1 if it is that one itself.

    Args:
        group: (S,) which sentences have the same words.
        part: (S,) the part of each.
    """
    keys = group.astype(np.int64) * (int(part.max()) + 1) + part
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    earlier = first[inverse]
    return np.where(earlier == np.arange(len(keys)), -1, earlier)
