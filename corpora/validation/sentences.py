"""Check of whole sentences: duplicates, sentences that train shares with dev or test, very long ones.

The check keeps 36 bytes of each sentence, not its words.
"""

from __future__ import annotations

from array import array

import numpy as np

from tagger.corpora.formats.sentence import excerpt, number_of
from tagger.corpora.labels.scheme_detection import Place
from tagger.corpora.validation.findings import CheckedSentence, Findings

MAX_WORDS = 500
MIN_WORDS = 5  # shorter sentences recur naturally: greetings, headings


class SentenceCheck:
    """Check of the sentences; keeps a hash of the words and a hash of the labels of each."""

    def __init__(self) -> None:
        self._words, self._tags = array("q"), array("q")
        self._line, self._length = array("q"), array("q")
        self._file = array("i")
        self._files: dict[tuple[str, str], int] = {}  # (path, split)

    def add(self, sentence: CheckedSentence, findings: Findings) -> None:
        """Check one sentence."""
        if len(sentence.tokens) > MAX_WORDS:
            detail = f"{len(sentence.tokens):,} words, beginning {excerpt(' '.join(sentence.tokens[:12]))}"
            findings.add("long-sentence", sentence.path, sentence.line, detail)
        self._words.append(hash(tuple(sentence.tokens)))
        self._tags.append(hash(tuple(sentence.tags)))
        self._line.append(sentence.line)
        self._length.append(len(sentence.tokens))
        self._file.append(self._files.setdefault((sentence.path, sentence.split), len(self._files)))

    def report(self, findings: Findings) -> None:
        """Compare all sentences."""
        if not self._words:
            return
        words = np.array(self._words)
        _, first, inverse = np.unique(words, return_index=True, return_inverse=True)
        earlier = first[inverse]  # first sentence with the same words
        again = np.flatnonzero(earlier != np.arange(len(words)))
        names = list(dict.fromkeys(split for _, split in self._files))
        split = np.array([names.index(name) for _, name in self._files])[np.array(self._file)]
        within = _first_in_split(inverse, split)
        repeated = np.flatnonzero(within >= 0)
        train = names.index("train") if "train" in names else -1
        leaked = again[(split[again] != train) & (split[earlier[again]] == train)]
        tags = np.array(self._tags)
        contrary = again[tags[again] != tags[earlier[again]]]
        self._rank(findings, "leak", leaked, earlier)
        self._rank(findings, "contradiction", contrary, earlier)
        self._rank(findings, "duplicate", repeated, within)

    def _rank(self, findings: Findings, code: str, chosen: np.ndarray, others: np.ndarray) -> None:
        """Report places, the longest sentences first."""
        if not len(chosen):
            return
        lengths = np.array(self._length)[chosen]
        order = chosen[np.argsort(-lengths, kind="stable")]
        names = [path for path, _ in self._files]
        places = []
        for place in order[: findings.keep].tolist():
            other = int(others[place])
            same = names[self._file[other]] == names[self._file[place]]
            where = f"line {self._line[other]}" if same else f"{names[self._file[other]]}:{self._line[other]}"
            detail = f"{number_of(self._length[place], 'word')}, the same as in {where}"
            places.append(Place(names[self._file[place]], self._line[place], detail))
        findings.add_ranked(code, places, len(chosen))
        if code != "contradiction":
            long = int((lengths >= MIN_WORDS).sum())
            findings[code].remark = f"{long:,} of them have {MIN_WORDS} words or more; the longest come first."


def _first_in_split(group: np.ndarray, split: np.ndarray) -> np.ndarray:
    """Find the first sentence of each sentence's group (S,) and split (S,); -1 for that one itself."""
    keys = group.astype(np.int64) * (int(split.max()) + 1) + split
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    earlier = first[inverse]
    return np.where(earlier == np.arange(len(keys)), -1, earlier)
