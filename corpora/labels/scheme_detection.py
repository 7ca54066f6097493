"""Which scheme labelled spans are written in, and the labels that break it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from tagger.corpora.formats.registry import ReadOptions, conllu_column, read_sentences
from tagger.corpora.formats.sentence import Problem, RawSentence, excerpt
from tagger.corpora.labels.label_column import LabelColumnReader
from tagger.corpora.labels.repair import Repairs
from tagger.corpora.labels.schemes import LABEL, OUTSIDE, SCHEMES, detect, invalid
from tagger.corpora.validation.findings import Findings, Place, Seen

PREFERENCE = ("IOB2", "IOB1", "IOBES", "BILOU")  # among equals the first
SHARE = 0.9  # of the labels other than O that must look like spans

_Broken = tuple[tuple[int, ...], ...]


class SchemeCheck:
    """Counts for every scheme the labels that break it, since which it is shows only at the end.

    Attributes:
        scheme: one of ``SCHEMES`` after ``report``, None if the labels are not spans.
        hopeless: it is clear already that they are none.
    """

    def __init__(self) -> None:
        self.scheme: str | None = None
        self._labels: dict[str, int] = {}
        self._first_odd: dict[str, Place] = {}
        self._broken = dict.fromkeys(SCHEMES, 0)
        self._places: dict[str, list[Place]] = {scheme: [] for scheme in SCHEMES}
        self.hopeless = False

    def add(self, seen: Seen, findings: Findings) -> None:
        """Looks at one sentence."""
        if self.hopeless:
            return
        tags = tuple(seen.tags)
        filled = [tag for tag in tags if tag != OUTSIDE]
        for tag in filled:
            self._labels[tag] = self._labels.get(tag, 0) + 1
            if not LABEL.fullmatch(tag) and tag not in self._first_odd:
                detail = f"{excerpt(tag)} on {excerpt(seen.tokens[tags.index(tag)])} is no label of a span"
                self._first_odd[tag] = Place(seen.path, seen.lines[tags.index(tag)], detail)
        self.hopeless = len(self._first_odd) > 3 and not self._spans()
        if filled and not self.hopeless:
            spans = tuple(tag if LABEL.fullmatch(tag) else OUTSIDE for tag in tags)
            for scheme, places in zip(SCHEMES, _broken(spans), strict=True):
                self._keep(seen, scheme, places, findings.keep)

    def report(self, findings: Findings) -> None:
        """Chooses the scheme that the fewest labels break, and says which do."""
        if self.hopeless or not self._labels or not self._spans():
            return
        trainer = detect([[label] for label in self._labels if LABEL.fullmatch(label)]).invalid
        self.scheme = min(trainer, key=lambda scheme: (self._broken[scheme], PREFERENCE.index(scheme)))
        for label, place in self._first_odd.items():
            findings.add("broken-scheme", place.path, place.line, place.detail, count=self._labels[label])
        if count := self._broken[self.scheme]:
            finding = findings["broken-scheme"]
            finding.count += count
            finding.places = (finding.places + self._places[self.scheme])[: findings.keep]
        if "broken-scheme" in findings:
            findings["broken-scheme"].remark = f"The scheme is {self.scheme}, which the fewest labels break."

    def _spans(self) -> bool:
        """Whether nearly all labels look like those of spans."""
        trainer = sum(count for label, count in self._labels.items() if LABEL.fullmatch(label))
        return trainer >= SHARE * sum(self._labels.values())

    def _keep(self, seen: Seen, scheme: str, places: tuple[int, ...], most: int) -> None:
        self._broken[scheme] += len(places)
        for place in places[: most - len(self._places[scheme])]:
            before = seen.tags[place - 1] if place else "the beginning of the sentence"
            detail = f"{excerpt(seen.tags[place])} on {excerpt(seen.tokens[place])} after {before}"
            self._places[scheme].append(Place(seen.path, seen.lines[place], detail))


@lru_cache(maxsize=20_000)
def _broken(tags: tuple[str, ...]) -> _Broken:
    """For each scheme the places that break it."""
    return tuple(tuple(invalid(tags, scheme)) for scheme in SCHEMES)


def scheme_of_files(files: Iterable[tuple[Path, str, str]], options: ReadOptions) -> str | None:
    """The scheme of the chosen labels of some files; None if they are no spans, or nothing is to be repaired.

    Args:
        files: paths, names for messages, formats.
        options: how they will be read.

    Raises:
        CorpusError: a file as a whole cannot be read.
    """
    if not options.repair:
        return None
    finder = SchemeFinder()
    for path, name, form in files:
        wanted = conllu_column(options.column) if form == "conllu" else options.column
        intake = LabelColumnReader(wanted, _pass_over, name, None, options.label_names, Repairs(name))
        for sentence in intake.read(read_sentences(path, name, form, options, _pass_over)):
            if not finder.add(sentence, intake.column):
                return None
    return finder.scheme


class SchemeFinder:
    """Looks at sentences until it is clear that their labels are no spans, or which scheme the fewest of them break."""

    def __init__(self) -> None:
        self._check, self._nowhere = SchemeCheck(), Findings(keep=0)

    def add(self, sentence: RawSentence, column: str) -> bool:
        """Looks at one sentence; False if there is no use in looking at more."""
        tokens, lines = sentence.tokens, sentence.lines
        self._check.add(Seen(tokens, sentence.columns[column], [], [], lines, sentence.line, "", ""), self._nowhere)
        return not self._check.hopeless

    @property
    def scheme(self) -> str | None:
        """What was found, None where the labels are no spans."""
        self._check.report(self._nowhere)
        return self._check.scheme


def _pass_over(problem: Problem) -> None:
    """Says nothing: the file is read again, and then reported on."""
