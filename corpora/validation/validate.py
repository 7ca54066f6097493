"""Validation of a corpus: all of it is read, and what is wrong reported."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from tagger.corpora.formats.options import ReadOptions
from tagger.corpora.formats.registry import read_sentences
from tagger.corpora.formats.sentence import MISSING, RawSentence, number_of
from tagger.corpora.formats.sniffing import sniff
from tagger.corpora.labels.label_column import LabelColumnReader
from tagger.corpora.labels.repair import Repairs
from tagger.corpora.labels.scheme_detection import scheme_of_files
from tagger.corpora.sources.locate import DatasetFiles
from tagger.corpora.sources.resolve import find_files
from tagger.corpora.sources.splits import SPLIT_NAMES
from tagger.corpora.validation.annotation_errors import AnnotationErrorCheck
from tagger.corpora.validation.findings import Check, CheckedSentence, Findings, ProblemCounter
from tagger.corpora.validation.labels import LabelCheck, SchemeCheck
from tagger.corpora.validation.line_ends import check_line_ends
from tagger.corpora.validation.report import ValidationReport
from tagger.corpora.validation.sentences import SentenceCheck
from tagger.corpora.validation.statistics import TRAIN, StatisticsCounter
from tagger.corpora.validation.words import WordCheck
from tagger.errors import CorpusError

EXAMPLES = 3  # sentences shown as they were understood


def validate_corpus(
    source: str | None = None,
    *,
    train: str | None = None,
    dev: str | None = None,
    test: str | None = None,
    options: ReadOptions = ReadOptions(),  # noqa: B008 - frozen
    places: int = 5,
) -> ValidationReport:
    """Validate a corpus.

    Args:
        source: as for ``read_corpus``.
        train: a file, glob or folder for this split; it replaces the one of ``source``.
        dev: the same for dev.
        test: the same for test.
        options: which columns to read; ``skip_invalid`` makes unreadable sentences a warning, ``repair`` validates
            the repaired corpus.
        places: number of places to keep of each kind of finding.

    Raises:
        CorpusError: there is no such corpus.
    """
    given = {"source": source, "train": train, "dev": dev, "test": test}
    with find_files(given) as found:
        if found.files is None:
            return _from_hub(found.label, options, places)
        return _from_files(found.files, found.label, options, places)


class Validator:
    """All checks of a corpus, which fill in a report and its findings."""

    def __init__(self, report: ValidationReport, findings: Findings) -> None:
        self.report, self.findings = report, findings
        self.statistics = StatisticsCounter()
        self.labels, self.schemes = LabelCheck(), SchemeCheck(findings.keep)
        self.checks: list[Check] = [WordCheck(), self.labels, self.schemes, SentenceCheck(), AnnotationErrorCheck()]

    def check(self, sentences: Iterable[RawSentence], reader: LabelColumnReader) -> None:
        """Run all checks on the sentences of one file or split."""
        split, words = self.statistics.split.name, self.statistics.words
        for sentence in reader.read(sentences):
            tokens, tags = sentence.tokens, sentence.columns[reader.column]
            known = len(words)
            ids = self.statistics.add(tokens, tags)
            fresh = [word for word, number in zip(tokens, ids, strict=True) if number >= known]
            new = list(dict.fromkeys(fresh)) if fresh else fresh
            if len(self.report.first) < EXAMPLES:
                self.report.first.append((tokens, [tag or MISSING for tag in tags]))
            checked = CheckedSentence(tokens, tags, ids, new, sentence.lines, sentence.line, reader.name, split)
            for check in self.checks:
                check.add(checked, self.findings)

    def finish(self) -> ValidationReport:
        """Report on the corpus as a whole."""
        report, splits = self.report, self.statistics.splits
        self.labels.column = report.column
        for check in self.checks:
            check.report(self.findings)
        names = {split.name for split in splits if split.sentences}
        if names and not names & {TRAIN, "all"}:
            self.findings.add("no-train", report.source, 0, f"there is {' and '.join(sorted(names))} only")
        report.splits, report.scheme = splits, self.schemes.scheme
        report.findings = list(self.findings)
        return report


def _from_files(located: DatasetFiles, source: str, options: ReadOptions, places: int) -> ValidationReport:
    findings = Findings(places, lenient=options.skip_invalid)
    report = ValidationReport(located.name, source, notes=list(located.notes))
    validator = Validator(report, findings)
    before: list[str] | None = None
    for split in sorted(located.files, key=["all", *SPLIT_NAMES].index):
        validator.statistics.begin(split)
        names = {path: located.display.get(path, str(path)) for path in located.files[split]}
        scheme = _scheme(names, options)
        for path, name in names.items():
            repairs = Repairs(name, scheme) if options.repair else None
            try:
                before = _validate_file(validator, path, name, options, before, repairs)
            except CorpusError as error:
                findings.add("file", str(error.path or name), error.line or 0, error.message)
    if "all" in located.files and any(split.sentences for split in validator.statistics.splits):
        report.notes.append("not split yet: training holds out a tenth each for dev and test")
    return validator.finish()


def _scheme(names: dict[Path, str], options: ReadOptions) -> str | None:
    """Detect the scheme for repairs; a file that cannot be read is reported later."""
    if options.repair:
        with suppress(CorpusError):
            forms = {path: options.format or sniff(path, name) for path, name in names.items()}
            return scheme_of_files([(path, name, forms[path]) for path, name in names.items()], options)
    return None


def _validate_file(
    validator: Validator,
    path: Path,
    name: str,
    options: ReadOptions,
    before: list[str] | None,
    repairs: Repairs | None,
) -> list[str] | None:
    """Validate one file; return its label columns, which the next file must have too."""
    findings, report = validator.findings, validator.report
    form = options.format or sniff(path, name)
    if form not in report.formats:
        report.formats.append(form)
    check_line_ends(path, name, form, findings)
    problems = ProblemCounter(findings, name)
    reader = LabelColumnReader(options.column_in(form), problems, name, before, options.label_names, repairs)
    try:
        validator.check(read_sentences(path, name, form, options, problems), reader)
    finally:
        report.left_out += problems.sentences
    report.column = report.column or reader.column
    if reader.unlabelled:
        findings.add("missing-label", name, *reader.first_unlabelled, count=reader.unlabelled)
    report.notes += [note for note in reader.notes if note not in report.notes]
    if not reader.sentences:
        raise CorpusError(
            f"no sentence that can be read; {number_of(problems.sentences, 'sentence')} left out", path=name
        )
    return reader.columns


def _from_hub(source: str, options: ReadOptions, places: int) -> ValidationReport:
    from tagger.corpora.hub.corpus import read_hub_corpus, table_sentences
    from tagger.corpora.hub.tables import BadRowsError

    findings = Findings(places, lenient=options.skip_invalid)
    try:
        corpus = read_hub_corpus(source, options, seed=None)
    except BadRowsError as error:  # validated without the rows that would stop training
        findings.add("malformed", source, 0, error.message.removeprefix(f"{source} "))
        corpus = read_hub_corpus(source, replace(options, skip_invalid=True), seed=None)
    report = ValidationReport(corpus.name, source, corpus.column, ["hub"], notes=list(corpus.notes))
    validator = Validator(report, findings)
    report.notes.append("lines are the numbers of sentences")
    for split in corpus.splits:
        validator.statistics.begin(split.name)
        validator.check(
            (sentence for sentence, _ in table_sentences(split.data.select_columns(["tokens", "tags"]))),
            LabelColumnReader("tags", ProblemCounter(validator.findings, split.name), split.name),
        )
    return validator.finish()
