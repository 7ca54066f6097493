"""What the data doctor found, to read."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Final

import click

from tagger.cli.output.terminal import PLAIN, TerminalCapabilities, as_text, new_table, percent, plain_text, printable
from tagger.corpora.formats.sentence import number_of
from tagger.corpora.validation.findings import Finding
from tagger.corpora.validation.labels import label_line
from tagger.corpora.validation.report import Diagnosis
from tagger.corpora.validation.statistics import Part

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


def render_diagnosis(diagnosis: Diagnosis, look: TerminalCapabilities = PLAIN) -> str:
    """What was understood, all findings, the verdict.

    Args:
        diagnosis: what the doctor found.
        look: what the stream can show.
    """
    sections = [_head(diagnosis)]
    if diagnosis.parts and any(part.sentences for part in diagnosis.parts):
        sections += [render_parts(diagnosis.parts, look), _labels(diagnosis, look), _examples(diagnosis, look)]
    sections += [_finding(finding, look) for finding in diagnosis.findings]
    sections.append(_verdict(diagnosis, look))
    return "\n\n".join(sections)


def render_parts(parts: Iterable[Part], look: TerminalCapabilities = PLAIN) -> str:
    """Sentences, words, types, labels and unknown words of each part, as a table."""
    table = new_table(look)
    table.add_column("")
    for name in ("sentences", "words", "types", "labels", "unknown words"):
        table.add_column(name, justify="right")
    for part in parts:
        rate = "" if part.unknown_rate is None else f"{percent(part.unknown_rate)} %"
        figures = (part.sentences, part.words, part.types, len(part.labels))
        table.add_row(plain_text(part.name), *(f"{figure:,}" for figure in figures), rate)
    return as_text(table, look)


def _head(diagnosis: Diagnosis) -> str:
    formats = ", ".join(_NAMES.get(form, form) for form in diagnosis.formats)
    column = f"; labels: {printable(diagnosis.column)}" if diagnosis.column else ""
    scheme = f" in the scheme {diagnosis.scheme}" if diagnosis.scheme else ""
    lines = [f"{printable(diagnosis.name)}: {formats or 'no format recognised'}{column}{scheme}"]
    return "\n".join(lines + [f"note: {printable(note)}" for note in diagnosis.notes])


def _labels(diagnosis: Diagnosis, look: TerminalCapabilities) -> str:
    line = f"Labels: {printable(label_line(diagnosis.parts))}"
    return "\n".join(textwrap.wrap(line, look.width, subsequent_indent="  ", break_on_hyphens=False))


def _examples(diagnosis: Diagnosis, look: TerminalCapabilities) -> str:
    lines = ["The first sentences as they were understood:"]
    for tokens, tags in diagnosis.first:
        pairs = [f"{word}/{tag}" for word, tag in zip(tokens, tags, strict=True)][:_SHOWN_WORDS]
        more = " ..." * (len(tokens) > _SHOWN_WORDS)
        text = printable(" ".join(pairs)) + more
        lines += textwrap.wrap(
            text,
            look.width,
            initial_indent="  ",
            subsequent_indent="    ",
            break_on_hyphens=False,
            break_long_words=False,
        )
    return "\n".join(lines)


def _finding(finding: Finding, look: TerminalCapabilities) -> str:
    severity = finding.kind.severity
    colour = "red" if severity == "error" else "yellow"
    word = click.style(f"{severity}:", fg=colour, bold=True) if look.colour else f"{severity}:"
    lines = [f"{word} {finding.title}"]
    lines += [f"{_INDENT}{printable(str(place))}" for place in finding.places]
    if 0 < len(finding.places) < finding.count and finding.places[0].line:
        lines.append(f"{_INDENT}... {finding.count - len(finding.places):,} more (--places N)")
    for name, text in (("why", f"{finding.remark} {finding.kind.why}".strip()), ("mend", finding.kind.mend)):
        lines += textwrap.wrap(
            text, look.width, initial_indent=f"  {name + ':':6}", subsequent_indent=" " * 8, break_on_hyphens=False
        )
    return "\n".join(lines)


def _verdict(diagnosis: Diagnosis, look: TerminalCapabilities) -> str:
    errors, warnings = diagnosis.errors, diagnosis.warnings
    left = number_of(diagnosis.left_out, "sentence")
    if errors:
        colour, text = "red", f"Training would stop: {_kinds(errors, 'error')}"
        text += f", {_kinds(warnings, 'warning')}." if warnings else "."
        codes = {finding.kind.code for finding in errors}
        if diagnosis.left_out and not codes & {"file", "one-label"}:
            text += f" --skip-invalid leaves {left} out and goes on."
            text += " --repair keeps one label of each and all sentences." if codes == {"double-label"} else ""
    elif warnings:
        trains = all(finding.kind.code != "no-train" for finding in warnings)
        use = "Can be trained on" if trains else "Can be evaluated on, not trained on"
        colour, text = "yellow", f"{use}: no errors, {_kinds(warnings, 'warning')}."
        text += f" {left} left out." if diagnosis.left_out else ""
    else:
        colour, text = "green", "Clean: nothing found."
    text = "\n".join(textwrap.wrap(text, look.width))
    return click.style(text, fg=colour, bold=True) if look.colour else text


def _kinds(findings: list[Finding], noun: str) -> str:
    return f"{len(findings)} kind{'s' * (len(findings) != 1)} of {noun}"
