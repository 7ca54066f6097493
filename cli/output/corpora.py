"""Shows the catalogue, one corpus, and its statistics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from tagger.cli.output.check import render_statistics
from tagger.cli.output.terminal import (
    PIPE_WIDTH,
    PLAIN,
    TerminalCapabilities,
    as_text,
    new_table,
    percent,
    plain_text,
    printable,
)
from tagger.corpora.hub.catalogue import Entry, find_dataset
from tagger.corpora.validation.statistics import SplitStatistics

if TYPE_CHECKING:
    from tagger.corpora.sources.corpus import Corpus

MOST_LABELS: Final = 60
_LIST_WIDTH: Final = 112  # of the catalogue if the output is not a terminal
_TREEBANKS: Final = "universal-dependencies/universal_dependencies"
_TASKS: Final = {"pos": "POS", "chunk": "chunks", "ner": "entities", "lm": "text"}


def render_catalogue(entries: Iterable[Entry], terminal: TerminalCapabilities = PLAIN) -> str:
    """Render the catalogue as a table."""
    terminal = replace(terminal, width=_LIST_WIDTH) if terminal.width == PIPE_WIDTH else terminal
    table = new_table(terminal)
    for name in ("name", "task", "language"):
        table.add_column(name, no_wrap=True)
    for name in ("sentences", "words"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("licence", overflow="fold")
    table.add_column("on the hub", no_wrap=True)
    for entry in entries:
        sentences = f"{sum(entry.sentences):,}" if entry.sentences else "-"
        words = "-" if entry.words is None else f"{entry.words:,}"
        where = "UD" if entry.hub == _TREEBANKS else entry.hub
        cells = (entry.name, _TASKS[entry.task], entry.language, sentences, words, entry.licence or "-", where)
        table.add_row(*map(plain_text, cells))
    rest = [
        "With the package, without a network: bundled (English), bundled:ko (Korean).",
        f"UD: {_TREEBANKS}; put :CODE behind it for a treebank that is not listed.",
        "Any other data set: OWNER/NAME[:CONFIG][@REVISION].",
        "Details of one: tagger corpora NAME [--stats]. To train: tagger train pos NAME.",
    ]
    return "\n".join([as_text(table, terminal), "", *rest])


def describe(source: str) -> dict[str, Any]:
    """Describe a corpus, named as for ``read_corpus``, without reading all of it."""
    from tagger.corpora.formats.sniffing import sniff
    from tagger.corpora.sources.resolve import resolve

    if (located := resolve(source, {})) is not None:
        files = [
            f"{part}: {path} ({sniff(path, str(path))})" for part, paths in located.files.items() for path in paths
        ]
        return {"name": located.name, "licence": located.license, "files": files, "notes": located.notes}
    entry = find_dataset(source, "corpus")
    if not entry.task:
        return {"name": entry.hub, "hub": str(entry.spec), "notes": ["not in the catalogue; --stats reads it"]}
    return {
        "name": entry.name,
        "task": entry.task,
        "language": entry.language,
        "licence": entry.licence,
        "hub": str(entry.spec),
        "words": entry.words,
        "sentences": dict(zip(("train", "dev", "test"), entry.sentences, strict=False)),
        "columns": {"text": entry.text} if entry.task == "lm" else {"tokens": entry.tokens, "labels": entry.labels},
    }


def as_lines(description: dict[str, Any]) -> str:
    """Render a description as lines of name and value."""
    lines = []
    for key, value in description.items():
        if isinstance(value, dict):
            pairs = value.items()
            value = ", ".join(
                f"{name} {size:,}" if isinstance(size, int) else f"{name}: {size}" for name, size in pairs
            )
        elif isinstance(value, int):
            value = f"{value:,}"
        shown = map(str, value) if isinstance(value, list) else [value or "not stated"]
        lines += [f"{key if place == 0 else '':10} {printable(one)}" for place, one in enumerate(shown)]
    return "\n".join(lines)


def render_stats(corpus: Corpus, splits: Sequence[SplitStatistics], terminal: TerminalCapabilities = PLAIN) -> str:
    """Render the statistics of a corpus and its labels."""
    head = [f"{printable(corpus.name)}: labels {printable(corpus.column)}; licence {corpus.license or 'not stated'}"]
    if len(corpus.columns) > 1:
        head.append(f"columns with labels: {printable(', '.join(corpus.columns))}")
    head += [f"note: {printable(note)}" for note in corpus.notes]
    return "\n\n".join(["\n".join(head), render_statistics(splits, terminal), _label_table(splits, terminal)])


def _label_table(splits: Sequence[SplitStatistics], terminal: TerminalCapabilities) -> str:
    """Render count and share of each label in each split, the most frequent first."""
    total: Counter[str] = Counter()
    for split in splits:
        total.update(split.labels)
    table = new_table(terminal)
    table.add_column("label", overflow="fold")
    for split in splits:
        table.add_column(plain_text(split.name), justify="right", no_wrap=True)
        table.add_column("%", justify="right", no_wrap=True, style="dim")
    for label, _ in total.most_common(MOST_LABELS):
        cells = []
        for split in splits:
            count = split.labels[label]
            cells += [f"{count:,}" if count else "-", percent(count / split.words) if count else ""]
        table.add_row(plain_text(label), *cells)
    hidden = len(total) - MOST_LABELS
    more = f"\n{hidden:,} rarer labels are not shown; --json has them all" if hidden > 0 else ""
    return as_text(table, terminal) + more
