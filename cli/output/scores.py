"""Scores as tables: overview, tags, confusions, seeds.

Each function returns text without a newline at its end, made for the stream that `TerminalCapabilities` describes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from tagger.cli.output.terminal import PLAIN, TerminalCapabilities, as_text, new_table, percent, plain_text, printable
from tagger.corpora.formats.sentence import number_of
from tagger.evaluation.perplexity import LanguageScores, score_rows
from tagger.evaluation.scores import Scores, SeedSummary, TagScore, measurement, summarise

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text


MOST_CONFUSIONS = 10
_WORDS_WIDTH = 20  # columns for the commonest words of a confusion
_SHORTEST_EXAMPLE = 24  # columns; in narrower places the examples are left out


def render_confusions(scores: Scores, split: str, terminal: TerminalCapabilities = PLAIN) -> str:
    """Render the most frequent kinds of error, with typical words and an example."""
    errors = scores.tokens - scores.correct
    arrow = "→" if terminal.unicode else "->"
    rows = [
        (
            plain_text(f"{one.gold} {arrow} {one.predicted}"),
            f"{one.count:,}",
            percent(one.count / errors),
            plain_text(_fitting(one.words)),
        )
        for one in scores.confusions[:MOST_CONFUSIONS]
    ]
    table = new_table(terminal)
    table.add_column(plain_text(f"Errors on {split}"), overflow="fold", max_width=terminal.width * 2 // 5)
    table.add_column("count", justify="right", no_wrap=True)
    table.add_column("% of all", justify="right", no_wrap=True)
    table.add_column("mostly", no_wrap=True)
    room = terminal.width - _columns_used(table, rows)
    if room >= _SHORTEST_EXAMPLE:
        table.add_column("example", no_wrap=True, overflow="crop")
    for row, one in zip(rows, scores.confusions, strict=False):
        shown = [_example(one.example, one.words[0], room)] if room >= _SHORTEST_EXAMPLE else []
        table.add_row(*row, *shown)
    return as_text(table, terminal)


def _fitting(words: Sequence[str]) -> str:
    """Join the first words that fit into a narrow column, at least one."""
    shown = words[0]
    for word in words[1:]:
        if len(shown) + 2 + len(word) > _WORDS_WIDTH:
            break
        shown += f", {word}"
    return shown if len(shown) <= _WORDS_WIDTH else shown[: _WORDS_WIDTH - 3] + "..."


def _columns_used(table: Table, rows: Sequence[Sequence[str | Text]]) -> int:
    """Compute the width of the columns so far, with the two blanks after each."""
    from rich.cells import cell_len

    used = 0
    for number, column in enumerate(table.columns):
        widest = max(cell_len(str(cell)) for cell in [column.header, *(row[number] for row in rows)])
        used += 2 + min(widest, column.max_width or widest)
    return used


def _example(example: str, word: str, width: int) -> Text:
    """Cut the example to a width around its marked word, in bold."""
    from rich.cells import cell_len

    mark = f"[{printable(word)}]"
    before, _, after = printable(example).partition(mark)
    left, right = before.split(), after.split()
    shown = " ".join([*left, mark, *right])
    while cell_len(shown) > width and (left or right):
        if len(left) >= len(right):
            left = ["...", *left[2:]] if len(left) > 1 else []
        else:
            right = [*right[:-2], "..."] if len(right) > 1 else []
        shown = " ".join([*left, mark, *right])
    text = plain_text(shown)
    start = text.plain.find(mark)
    text.stylize("bold", start, start + len(mark))
    return text


FEW_WORDS = 300  # below which a score says little
MOST_NAMED = 20  # labels that a note lists
MOST_TAGS = 40  # rows of the table of tags
_WEAK, _POOR = 0.9, 0.75  # an F1 below them is coloured

_GROUPS = (("known", "known words"), ("unknown", "unknown words"), ("ambiguous", "ambiguous words"))
_SEED_COLUMNS = (
    ("accuracy", "accuracy"),
    ("unknown_accuracy", "unknown words"),
    ("macro_f1", "macro F1"),
    ("span_f1", "span F1"),
)


def render_report(scores: Mapping[str, Scores], terminal: TerminalCapabilities = PLAIN) -> str:
    """Render an overview of all splits, then tags and confusions of the last one."""
    name, last = list(scores.items())[-1]
    parts = [render_scores(scores, terminal), render_labels(last.per_tag, f"Tags on {name}", "words", terminal)]
    if last.spans is not None and last.spans.per_type:
        parts.append(render_labels(last.spans.per_type, f"Spans on {name}", "spans", terminal))
    if last.confusions:
        parts.append(render_confusions(last, name, terminal))
    return "\n\n".join(parts)


def render_scores(scores: Mapping[str, Scores], terminal: TerminalCapabilities = PLAIN) -> str:
    """Render the main figures of each split side by side, with the items measured."""
    table = new_table(terminal)
    table.add_column("Scores (%)")
    for split in scores:
        table.add_column(plain_text(split), justify="right")
        table.add_column("of", justify="left", style="dim")
    per_split = [_overview(one) for one in scores.values()]
    for row in dict.fromkeys(label for rows in per_split for label in rows):
        cells = [cell for rows in per_split for cell in rows.get(row, ("-", ""))]
        table.add_row(row, *cells, style="bold" if row == "accuracy" else "")
    *_, last = scores
    notes = [note for split, one in scores.items() for note in _notes(split, one, last=split == last)]
    return "\n".join([as_text(table, terminal), *notes])


def _overview(scores: Scores) -> dict[str, tuple[str, str]]:
    """List figures with the number of items measured, by row."""
    low, high = scores.interval
    rows = {
        "accuracy": (percent(scores.accuracy), number_of(scores.tokens, "word")),
        "  95 % interval": (f"{percent(low)}-{percent(high)}", scores.interval_kind),
    }
    for name, label in _GROUPS:
        count = getattr(scores, f"{name}_tokens")
        if count:
            rows[f"  {label}"] = (percent(measurement(scores, f"{name}_accuracy")), number_of(count, "word"))
    rows["whole sentences"] = (percent(scores.sentence_accuracy), number_of(scores.sentences, "sentence"))
    rows["macro F1"] = (percent(scores.macro_f1), number_of(len(scores.per_tag), "label"))
    if scores.spans is not None:
        rows["span F1"] = (percent(scores.spans.f1), number_of(scores.spans.support, "span"))
        rows["  span precision"] = (percent(scores.spans.precision), scores.spans.mode)
        rows["  span recall"] = (percent(scores.spans.recall), scores.spans.mode)
    if scores.calibration_error is not None:
        rows["calibration error"] = (percent(scores.calibration_error), "10 bins")
    return rows


def _notes(split: str, scores: Scores, *, last: bool) -> Iterator[str]:
    """Report what the figures of a split do not show."""
    if last and scores.tokens < FEW_WORDS:
        low, high = scores.interval
        what = f"only {number_of(scores.tokens, 'word')} in {number_of(scores.sentences, 'sentence')}"
        yield f"{split}: {what}: the accuracy may well be anywhere from {percent(low)} to {percent(high)} %"
    if scores.rewritten_from is not None:
        yield f"{split}: gold labels are in {scores.rewritten_from}; they are compared in the scheme of the model"
    if scores.unseen_labels:
        yield f"{split}: labels that training never had, scored as errors: {_counted(scores.unseen_labels)}"
    if never := {label: n for label, n in scores.never_predicted.items() if label not in scores.unseen_labels}:
        verb = "is" if len(never) == 1 else "are"
        yield f"{split}: {len(never)} of {len(scores.per_tag)} labels {verb} never predicted: {_counted(never)}"


def _counted(labels: Mapping[str, int]) -> str:
    """List labels with their numbers, the most frequent first."""
    ranked = sorted(labels.items(), key=lambda entry: (-entry[1], entry[0]))
    more = f" and {len(ranked) - MOST_NAMED:,} more" if len(ranked) > MOST_NAMED else ""
    return ", ".join(f"{printable(label)} ({count:,})" for label, count in ranked[:MOST_NAMED]) + more


def render_labels(entries: Sequence[TagScore], title: str, unit: str, terminal: TerminalCapabilities = PLAIN) -> str:
    """Render precision, recall and F1 of each tag or type of span, the most frequent first."""
    table = new_table(terminal)
    table.add_column(plain_text(title), overflow="fold")
    for name in ("precision", "recall", "F1", unit):
        table.add_column(name, justify="right", no_wrap=True)
    ranked = sorted(entries, key=lambda entry: (-entry.support, entry.label))
    for entry in ranked[:MOST_TAGS]:
        figures = (percent(entry.precision), percent(entry.recall))
        table.add_row(plain_text(entry.label), *figures, _graded(entry.f1), f"{entry.support:,}")
    hidden = len(ranked) - MOST_TAGS
    more = f"\n{hidden:,} rarer labels are not shown; metrics.json has them all" if hidden > 0 else ""
    return as_text(table, terminal) + more


def render_seeds(
    runs: Mapping[int, Mapping[str, Scores]],
    *,
    kept: int | None = None,
    title: str = "Seed",
    terminal: TerminalCapabilities = PLAIN,
) -> str:
    """Render one row per seed (or fold), with its scores by split, then mean and standard deviation."""
    splits = list(next(iter(runs.values())))
    summaries = {split: summarise([run[split] for run in runs.values()]) for split in splits}
    columns = [
        (split, name, title)
        for split in splits
        for name, title in _SEED_COLUMNS
        if name in summaries[split] and (split == splits[-1] or name == "accuracy")
    ]
    table = new_table(terminal)
    table.add_column(title, justify="right")
    for split, _, title in columns:
        table.add_column(plain_text(f"{split} {title}"), justify="right")
    table.add_column("")
    for seed, run in runs.items():
        figures = [percent(measurement(run[split], name)) for split, name, _ in columns]
        table.add_row(str(seed), *figures, "kept" if seed == kept else "")
    table.add_section()
    plus_minus = "±" if terminal.unicode else "+-"
    cells = [_mean_and_std(summaries[split][name], plus_minus) for split, name, _ in columns]
    table.add_row("mean", *cells, f"{plus_minus} std", style="bold")
    return as_text(table, terminal)


def _mean_and_std(summary: SeedSummary, plus_minus: str) -> str:
    return percent(summary.mean) + ("" if summary.std is None else f" {plus_minus} {percent(summary.std)}")


def _graded(f1: float) -> Text:
    from rich.text import Text

    return Text(percent(f1), style="red" if f1 < _POOR else "yellow" if f1 < _WEAK else "")


def render_language_scores(scores: Mapping[str, LanguageScores], terminal: TerminalCapabilities = PLAIN) -> str:
    """Render the scores of a language model on each split side by side."""
    table = new_table(terminal, "", *scores)
    for row in score_rows(list(scores.values())):
        table.add_row(*row)
    text = as_text(table, terminal)
    if (cache := next(iter(scores.values())).cache) is None:
        return text
    settings = f"window {cache.window:,}, theta {cache.theta:g}, lambda {cache.weight:g}"
    return f"{text}\ncache: {settings}, chosen on dev"
