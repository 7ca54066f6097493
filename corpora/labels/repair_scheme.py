"""Which scheme of spans some files are written in, found before they are read to be repaired."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tagger.corpora.formats.registry import ReadOptions, conllu_column, read_sentences
from tagger.corpora.formats.sentence import Problem, RawSentence
from tagger.corpora.labels.label_column import Intake
from tagger.corpora.labels.repair import Repairs
from tagger.corpora.labels.scheme_detection import SchemeCheck
from tagger.corpora.validation.doctor_seen import Seen
from tagger.corpora.validation.findings import Findings


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
        intake = Intake(wanted, _pass_over, name, None, options.label_names, Repairs(name))
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
