"""Shows the report of ``tagger check``."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Final

import click

from tagger.cli.output.terminal import PLAIN, TerminalCapabilities, as_text, new_table, percent, plain_text, printable
from tagger.corpora.formats.sentence import number_of
from tagger.corpora.validation.findings import Finding
from tagger.corpora.validation.labels import label_line
from tagger.corpora.validation.report import ValidationReport
from tagger.corpora.validation.statistics import SplitStatistics

_INDENT: Final = "    "
_SHOWN_WORDS: Final = 25
_NAMES: Final = {
    "conllu": "CoNLL-U",
    "columns": "columns",
    "jsonl": "JSON lines",
    "csv": "CSV",
    "tsv": "TSV",
    "parquet": "Parquet",
    "slashed": "word/TAG text",
    "hub": "a data set of the hub",
}


def render_report(report: ValidationReport, terminal: TerminalCapabilities = PLAIN) -> str:
    """Render the statistics, all findings and the verdict."""
    sections = [_head(report)]
    if report.splits and any(split.sentences for split in report.splits):
        sections += [render_statistics(report.splits, terminal), _labels(report, terminal), _examples(report, terminal)]
    sections += [_finding(finding, terminal) for finding in report.findings]
    sections.append(_verdict(report, terminal))
    return "\n\n".join(sections)


def render_statistics(splits: Iterable[SplitStatistics], terminal: TerminalCapabilities = PLAIN) -> str:
    """Render sentences, words, types, labels and unknown words of each split as a table."""
    table = new_table(terminal, "", "sentences", "words", "types", "labels", "unknown words")
    for split in splits:
        rate = "" if split.unknown_rate is None else f"{percent(split.unknown_rate)} %"
        figures = (split.sentences, split.words, split.types, len(split.labels))
        table.add_row(plain_text(split.name), *(f"{figure:,}" for figure in figures), rate)
    return as_text(table, terminal)


def _head(report: ValidationReport) -> str:
    formats = ", ".join(_NAMES.get(form, form) for form in report.formats)
    column = f"; labels: {printable(report.column)}" if report.column else ""
    scheme = f" in the scheme {report.scheme}" if report.scheme else ""
    lines = [f"{printable(report.name)}: {formats or 'no format recognised'}{column}{scheme}"]
    return "\n".join(lines + [f"note: {printable(note)}" for note in report.notes])


def _labels(report: ValidationReport, terminal: TerminalCapabilities) -> str:
    line = f"Labels: {printable(label_line(report.splits))}"
    return "\n".join(textwrap.wrap(line, terminal.width, subsequent_indent="  ", break_on_hyphens=False))


def _examples(report: ValidationReport, terminal: TerminalCapabilities) -> str:
    lines = ["The first sentences as they were read:"]
    for tokens, tags in report.first:
        pairs = [f"{word}/{tag}" for word, tag in zip(tokens, tags, strict=True)][:_SHOWN_WORDS]
        more = " ..." * (len(tokens) > _SHOWN_WORDS)
        lines += textwrap.wrap(
            printable(" ".join(pairs)) + more, terminal.width, initial_indent="  ", subsequent_indent="    ",
            break_on_hyphens=False, break_long_words=False,
        )  # fmt: skip
    return "\n".join(lines)


def _finding(finding: Finding, terminal: TerminalCapabilities) -> str:
    severity = finding.kind.severity
    colour = "red" if severity == "error" else "yellow"
    word = click.style(f"{severity}:", fg=colour, bold=True) if terminal.colour else f"{severity}:"
    lines = [f"{word} {finding.title}"]
    lines += [f"{_INDENT}{printable(str(place))}" for place in finding.places]
    if 0 < len(finding.places) < finding.count and finding.places[0].line:
        lines.append(f"{_INDENT}... {finding.count - len(finding.places):,} more (--places N)")
    for name, text in (("why", f"{finding.remark} {finding.kind.why}".strip()), ("fix", finding.kind.fix)):
        lines += textwrap.wrap(
            text, terminal.width, initial_indent=f"  {name + ':':6}", subsequent_indent=" " * 8, break_on_hyphens=False
        )
    return "\n".join(lines)


def _verdict(report: ValidationReport, terminal: TerminalCapabilities) -> str:
    errors, warnings = report.errors, report.warnings
    left = number_of(report.left_out, "sentence")
    if errors:
        colour, text = "red", f"Training would stop: {_kinds(errors, 'error')}"
        text += f", {_kinds(warnings, 'warning')}." if warnings else "."
        codes = {finding.kind.code for finding in errors}
        if report.left_out and not codes & {"file", "one-label"}:
            text += f" --skip-invalid leaves {left} out and goes on."
            text += " --repair keeps one label of each and all sentences." if codes == {"double-label"} else ""
    elif warnings:
        trains = all(finding.kind.code != "no-train" for finding in warnings)
        use = "Can be trained on" if trains else "Can be evaluated on, not trained on"
        colour, text = "yellow", f"{use}: no errors, {_kinds(warnings, 'warning')}."
        text += f" {left} left out." if report.left_out else ""
    else:
        colour, text = "green", "Clean: nothing found."
    text = "\n".join(textwrap.wrap(text, terminal.width))
    return click.style(text, fg=colour, bold=True) if terminal.colour else text


def _kinds(findings: list[Finding], noun: str) -> str:
    return f"{len(findings)} kind{'s' * (len(findings) != 1)} of {noun}"
