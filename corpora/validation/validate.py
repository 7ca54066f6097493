"""The data doctor: reads a corpus from end to end, changes nothing, and says what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from tagger.corpora.formats.registry import ReadOptions, conllu_column, read_sentences
from tagger.corpora.formats.sentence import RawSentence, number_of
from tagger.corpora.formats.sniffing import sniff
from tagger.corpora.labels.label_column import LabelColumnReader
from tagger.corpora.labels.repair import Repairs
from tagger.corpora.labels.scheme_detection import SchemeCheck, scheme_of_files
from tagger.corpora.sources.corpus import BATCH, Split
from tagger.corpora.sources.locate import DatasetFiles
from tagger.corpora.sources.resolve import explicit_files, override, resolve, stdin_to_tempfile
from tagger.corpora.sources.splits import SPLIT_NAMES
from tagger.corpora.validation.annotation_errors import SlipCheck
from tagger.corpora.validation.findings import Check, Findings, Seen
from tagger.corpora.validation.labels import LabelCheck
from tagger.corpora.validation.line_ends import check_line_ends
from tagger.corpora.validation.reader_problems import ProblemCount
from tagger.corpora.validation.report import Diagnosis
from tagger.corpora.validation.sentences import SentenceCheck
from tagger.corpora.validation.statistics import TRAIN, Census
from tagger.corpora.validation.words import WordCheck
from tagger.errors import CorpusError

EXAMPLES = 3  # sentences shown as they were understood


def examine(
    source: str | None = None,
    *,
    train: str | None = None,
    dev: str | None = None,
    test: str | None = None,
    options: ReadOptions = ReadOptions(),  # noqa: B008 - frozen
    labels_column: str | None = None,
    offline: bool = False,
    places: int = 5,
) -> Diagnosis:
    """Examines a corpus.

    Args:
        source: as for ``read_corpus``.
        train: a file, glob or folder for this part; stands in for the one that ``source`` has.
        dev: the same for dev.
        test: the same for test.
        options: which columns to read; ``skip_invalid`` makes unreadable sentences a warning, ``repair`` examines
            what is left after mending.
        labels_column: the very column of labels, for a corpus from the hub.
        offline: never ask the hub.
        places: how many places to keep of each kind of finding.

    Raises:
        CorpusError: there is nothing by that name.
    """
    given = {"train": train, "dev": dev, "test": test}
    explicit = {part: path for part, path in given.items() if path is not None}
    name = source or " ".join(explicit.values()) or "bundled"
    with stdin_to_tempfile([source, *explicit.values()]) as spool:
        located = explicit_files(explicit, spool) if source is None and explicit else resolve(source, spool)
        if located is None:
            return _from_hub(name, options, labels_column, offline, places)
        if source is not None and explicit:
            override(located, explicit_files(explicit, spool))
        return _from_files(located, name, options, places)


class Examination:
    """One run of all checks over a corpus.

    Args:
        diagnosis: to be filled.
        findings: where the checks report.
    """

    def __init__(self, diagnosis: Diagnosis, findings: Findings) -> None:
        self.diagnosis, self.findings = diagnosis, findings
        self.census = Census()
        self.labels, self.schemes = LabelCheck(), SchemeCheck()
        self.checks: list[Check] = [WordCheck(), self.labels, self.schemes, SentenceCheck(), SlipCheck()]

    def look(self, sentences: Iterable[RawSentence], intake: LabelColumnReader) -> None:
        """Shows all sentences of one file or part to all checks."""
        part, words = self.census.part.name, self.census.words
        for sentence in intake.read(sentences):
            tokens, tags = sentence.tokens, sentence.columns[intake.column]
            known = len(words)
            ids = self.census.add(tokens, tags)
            fresh = [word for word, number in zip(tokens, ids, strict=True) if number >= known]
            new = list(dict.fromkeys(fresh)) if fresh else fresh
            if len(self.diagnosis.first) < EXAMPLES:
                self.diagnosis.first.append((tokens, tags))
            seen = Seen(tokens, tags, ids, new, sentence.lines, sentence.line, intake.name, part)
            for check in self.checks:
                check.add(seen, self.findings)

    def finish(self) -> Diagnosis:
        """Draws the conclusions."""
        diagnosis, parts = self.diagnosis, self.census.parts
        self.labels.column = diagnosis.column
        for check in self.checks:
            check.report(self.findings)
        names = {part.name for part in parts if part.sentences}
        if names and not names & {TRAIN, "all"}:
            self.findings.add("no-train", diagnosis.source, 0, f"there is {' and '.join(sorted(names))} only")
        diagnosis.parts, diagnosis.scheme = parts, self.schemes.scheme
        diagnosis.findings = list(self.findings)
        return diagnosis


def _from_files(located: DatasetFiles, source: str, options: ReadOptions, places: int) -> Diagnosis:
    findings = Findings(places, lenient=options.skip_invalid)
    diagnosis = Diagnosis(located.name, source, notes=list(located.notes))
    examination = Examination(diagnosis, findings)
    before: list[str] | None = None
    for part in sorted(located.files, key=_order):
        examination.census.begin(part)
        names = {path: located.display.get(path, str(path)) for path in located.files[part]}
        scheme = _scheme(names, options)
        for path, name in names.items():
            repairs = Repairs(name, scheme) if options.repair else None
            try:
                before = _examine_file(examination, path, name, options, before, repairs)
            except CorpusError as error:
                findings.add("file", str(error.path or name), error.line or 0, error.message)
    if "all" in located.files and any(part.sentences for part in examination.census.parts):
        diagnosis.notes.append("not split yet: training sets a tenth each aside for dev and test")
    return examination.finish()


def _scheme(names: dict[Path, str], options: ReadOptions) -> str | None:
    """The scheme to repair labels in; a file that cannot be read is reported when it is examined."""
    if options.repair:
        with suppress(CorpusError):
            forms = {path: options.format or sniff(path, name) for path, name in names.items()}
            return scheme_of_files([(path, name, forms[path]) for path, name in names.items()], options)
    return None


def _examine_file(
    examination: Examination,
    path: Path,
    name: str,
    options: ReadOptions,
    before: list[str] | None,
    repairs: Repairs | None,
) -> list[str] | None:
    """Reads one file; gives its label columns, which the next file must have too."""
    findings, diagnosis = examination.findings, examination.diagnosis
    form = options.format or sniff(path, name)
    if form not in diagnosis.formats:
        diagnosis.formats.append(form)
    check_line_ends(path, name, form, findings)
    problems = ProblemCount(findings, name)
    wanted = conllu_column(options.column) if form == "conllu" else options.column
    intake = LabelColumnReader(wanted, problems, name, before, options.label_names, repairs)
    try:
        examination.look(read_sentences(path, name, form, options, problems), intake)
    finally:
        diagnosis.left_out += problems.sentences
    diagnosis.column = diagnosis.column or intake.column
    diagnosis.notes += [note for note in intake.notes if note not in diagnosis.notes]
    if not intake.sentences:
        raise CorpusError(
            f"no sentence that can be read; {number_of(problems.sentences, 'sentence')} left out", path=name
        )
    return intake.columns


def _from_hub(source: str, options: ReadOptions, labels_column: str | None, offline: bool, places: int) -> Diagnosis:
    from tagger.corpora.hub.tables import BadRowsError
    from tagger.corpora.read_corpus import read_hub_corpus

    findings = Findings(places, lenient=options.skip_invalid)
    try:
        corpus = read_hub_corpus(source, options, labels_column=labels_column, offline=offline, seed=None)
    except BadRowsError as error:  # examined without the rows that would stop training
        findings.add("malformed", source, 0, error.message.removeprefix(f"{source} "))
        lenient = replace(options, skip_invalid=True)
        corpus = read_hub_corpus(source, lenient, labels_column=labels_column, offline=offline, seed=None)
    diagnosis = Diagnosis(corpus.name, source, corpus.column, ["hub"], notes=list(corpus.notes))
    examination = Examination(diagnosis, findings)
    diagnosis.notes.append("lines are the numbers of sentences")
    for split in corpus.splits:
        examination.census.begin(split.name)
        examination.look(
            _rows(split), LabelColumnReader("tags", ProblemCount(examination.findings, split.name), split.name)
        )
    return examination.finish()


def _rows(split: Split) -> Iterator[RawSentence]:
    """The sentences of a split, numbered from 1."""
    number = 0
    for batch in split.data.select_columns(["tokens", "tags"]).iter(BATCH):
        for tokens, tags in zip(batch["tokens"], batch["tags"], strict=True):
            number += 1
            yield RawSentence(tokens, {"tags": tags}, number, [number] * len(tokens))


def _order(part: str) -> int:
    return ["all", *SPLIT_NAMES].index(part)
