"""The scheme of labelled spans, detected, the labels that break it, and their conversion to another scheme."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tagger.corpora.formats.options import ReadOptions
from tagger.corpora.formats.registry import read_sentences
from tagger.corpora.formats.sentence import MISSING, UNLABELLED, Problem, RawSentence, clipped, excerpt, number_of
from tagger.corpora.labels.label_column import LabelColumnReader
from tagger.corpora.labels.repair import Repairs
from tagger.corpora.labels.schemes import LABEL, OUTSIDE, SCHEMES, converted, invalid, possible_schemes
from tagger.errors import CorpusError

PREFERENCE = ("IOB2", "IOB1", "IOBES", "BILOU")  # the first of those that equally few labels break
SPAN_SHARE = 0.9  # share of the labels other than O that must be labels of spans


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


@dataclass(frozen=True, slots=True)
class DetectedScheme:
    """The scheme of a corpus.

    Attributes:
        scheme: one of ``SCHEMES``; None if the labels are not spans.
        broken: number of labels that break it.
        places: the first of these labels.
    """

    scheme: str | None
    broken: int = 0
    places: tuple[Place, ...] = ()


class SchemeDetector:
    """Counter of the labels that break each scheme, with the first `keep` places of them."""

    def __init__(self, keep: int = 0) -> None:
        self._keep = keep
        self._labels: dict[str, int] = {}
        self._first_odd: dict[str, Place] = {}
        self._broken = dict.fromkeys(SCHEMES, 0)
        self._places: dict[str, list[Place]] = {scheme: [] for scheme in SCHEMES}
        self._hopeless = False

    def add(self, tokens: Sequence[str], labels: Sequence[str], lines: Sequence[int], path: str = "") -> bool:
        """Count the labels of a sentence: T words, T labels, and the line of each word.

        Returns:
            False once it is clear that the labels are not spans.
        """
        if self._hopeless:
            return False
        filled = [label for label in labels if label not in (OUTSIDE, UNLABELLED)]
        for label in filled:
            self._labels[label] = self._labels.get(label, 0) + 1
            if not LABEL.fullmatch(label) and label not in self._first_odd:
                place = labels.index(label)
                detail = f"{excerpt(label)} on {excerpt(tokens[place])} is not the label of a span"
                self._first_odd[label] = Place(path, lines[place], detail)
        self._hopeless = len(self._first_odd) > 3 and not self._are_spans()
        if filled and not self._hopeless:
            spans = tuple(label if LABEL.fullmatch(label) else OUTSIDE for label in labels)
            for scheme, places in zip(SCHEMES, _broken(spans), strict=True):
                self._broken[scheme] += len(places)
                for place in places[: self._keep - len(self._places[scheme])]:
                    before = labels[place - 1] if place else "the beginning of the sentence"
                    detail = f"{excerpt(labels[place])} on {excerpt(tokens[place])} after {before}"
                    self._places[scheme].append(Place(path, lines[place], detail))
        return not self._hopeless

    def result(self) -> DetectedScheme:
        """Choose the scheme that the fewest labels break."""
        if self._hopeless or not self._labels or not self._are_spans():
            return DetectedScheme(None)
        candidates = possible_schemes(label for label in self._labels if LABEL.fullmatch(label))
        scheme = min(candidates, key=lambda scheme: (self._broken[scheme], PREFERENCE.index(scheme)))
        count = sum(self._labels[label] for label in self._first_odd) + self._broken[scheme]
        places = (*self._first_odd.values(), *self._places[scheme])
        return DetectedScheme(scheme, count, places[: self._keep])

    def _are_spans(self) -> bool:
        """Whether nearly all labels are labels of spans."""
        of_spans = sum(count for label, count in self._labels.items() if LABEL.fullmatch(label))
        return of_spans >= SPAN_SHARE * sum(self._labels.values())


@lru_cache(maxsize=20_000)
def _broken(labels: tuple[str, ...]) -> tuple[tuple[int, ...], ...]:
    """Find the places that break each scheme."""
    return tuple(tuple(invalid(labels, scheme)) for scheme in SCHEMES)


def scheme_of_files(files: Iterable[tuple[Path, str, str]], options: ReadOptions) -> str | None:
    """Detect the scheme of the chosen labels of files, given as (path, name for messages, format).

    Returns:
        The scheme; None if the labels are not spans, or without ``repair`` in the options.

    Raises:
        CorpusError: a file as a whole cannot be read.
    """
    if not options.repair:
        return None
    detector = SchemeDetector()
    for path, name, form in files:
        wanted, names = options.column_in(form), options.label_names
        reader = LabelColumnReader(wanted, _ignore, name, None, names, Repairs(name), options.default_column)
        for sentence in reader.read(read_sentences(path, name, form, options, _ignore)):
            if not detector.add(sentence.tokens, sentence.columns[reader.column], sentence.lines):
                return None
    return detector.result().scheme


def _ignore(problem: Problem) -> None:
    """Ignore a problem: the file is read again, and then it is reported."""


class SchemeConverter:
    """Converter of labels to a scheme, one of ``schemes.SCHEMES``; None leaves all labels unchanged."""

    def __init__(self, scheme: str | None) -> None:
        self.scheme = scheme
        self._detector = SchemeDetector(keep=1)

    def apply(self, sentence: RawSentence, column: str, name: str) -> None:
        """Rewrite one label column of a sentence in place; ``_`` counts as outside of any span.

        Raises:
            CorpusError: a label is not the label of a span.
        """
        if self.scheme is None:
            return
        labels = sentence.columns[column]
        tags = [OUTSIDE if label in (MISSING, UNLABELLED) else label for label in labels]
        for place, tag in enumerate(tags):
            if tag != OUTSIDE and not LABEL.fullmatch(tag):
                message = (
                    f"{excerpt(tag)} in column {column!r} is not the label of a span, "
                    "expected O, B-..., I-... and the like; choose the column of spans (--column)"
                )
                raise CorpusError(message, path=name, line=sentence.lines[place])
        self._detector.add(sentence.tokens, tags, sentence.lines, name)
        sentence.columns[column] = [
            old if old in (MISSING, UNLABELLED) and new == OUTSIDE else new
            for old, new in zip(labels, converted(tags, self.scheme), strict=True)
        ]

    def notes(self) -> list[str]:
        """Report the labels that broke their own scheme."""
        detected = self._detector.result()
        if not detected.broken:
            return []
        count = number_of(detected.broken, "label")
        problem = f"{count} did not fit {detected.scheme}, taken for the beginning of a span"
        return [f"{problem}: first {detected.places[0]}"]
