"""Model card of a tagger."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from tagger.corpora.formats.sentence import number_of
from tagger.evaluation.scores import Scores, TagScore, measurement
from tagger.model_cards import card
from tagger.model_cards.card import CardFacts, escaped, percent

if TYPE_CHECKING:
    from huggingface_hub import EvalResult

TASK: Final = "token-classification"
_MOST_TAGS = 60
_MOST_CONFUSIONS = 8
_FEW = 100  # gold words below which the score of a tag says little
_WEAK = 0.8  # an F1 below it is named among the limits

_ROWS: Final = (
    ("Accuracy", "accuracy", "tokens"),
    ("Accuracy on known words", "known_accuracy", "known_tokens"),
    ("Accuracy on unknown words", "unknown_accuracy", "unknown_tokens"),
    ("Accuracy on ambiguous words", "ambiguous_accuracy", "ambiguous_tokens"),
    ("Sentences without an error", "sentence_accuracy", "sentences"),
    ("Macro F1 of the labels", "macro_f1", None),
    ("F1 of the spans", "span_f1", None),
    ("Expected calibration error", "calibration_error", None),
)
_INTERVALS: Final = {"bootstrap": "bootstrapped over sentences", "Wilson": "by Wilson's formula, as errors are few"}
_USAGE: Final = """\
from tagger import Tagger

tagger = Tagger.load({})
print(tagger.tag(open("text.txt", encoding="utf-8").read()))"""


def tagger_card(
    facts: CardFacts, scores: Mapping[str, Scores], labels: Collection[str], task: str = "part-of-speech tagging"
) -> str:
    """Write the card from measured facts alone.

    No sentence of the corpus is quoted: its licence need not be that of the model.

    Args:
        facts: of the model.
        scores: by split; the last one is taken for the most telling.
        labels: the label set.
        task: its name for people.
    """
    sections = [
        card.title(facts, _summary(facts, scores, len(labels), task)),
        card.usage(facts, ["tagger tag --model {} text.txt"], _USAGE),
        _measured(scores),
        card.limits(_limits(facts, scores)),
        _labels(labels),
    ]
    return card.render_card(facts, TASK, [TASK, task], list(_results(facts, scores, task)), sections)


def _results(facts: CardFacts, scores: Mapping[str, Scores], task: str) -> Iterable[EvalResult]:
    for split, one in scores.items():
        figures: dict[tuple[str, str], float | None] = {("accuracy", "accuracy"): one.accuracy}
        if one.spans is None:
            figures["f1", "macro F1 of the tags"] = one.macro_f1
        else:
            figures["precision", "precision of the spans"] = one.spans.precision
            figures["recall", "recall of the spans"] = one.spans.recall
            figures["f1", "F1 of the spans"] = one.spans.f1
        for metric, value in figures.items():
            if value is None:
                continue
            yield card.result(facts, (TASK, task), split, metric, value)


def _summary(facts: CardFacts, scores: Mapping[str, Scores], num_labels: int, task: str) -> str:
    summary = (
        f"A model for {escaped(task)} with {number_of(num_labels, 'label')}, trained on {escaped(facts.corpus_name)}."
    )
    if scores:
        split, last = list(scores.items())[-1]
        low, high = last.interval
        summary += (
            f" On {escaped(split)} it labels **{percent(last.accuracy)}** of {number_of(last.tokens, 'word')} right"
            f" (95 % interval {percent(low)} to {percent(high)}, {_INTERVALS[last.interval_kind]})."
        )
    return summary


def _measured(scores: Mapping[str, Scores]) -> str:
    if not scores:
        return card.NOT_MEASURED
    split, last = list(scores.items())[-1]
    parts = ["## Scores", _overview(scores), f"### Each label, on {escaped(split)}", _tags(last.per_tag, "words")]
    if last.spans is not None and last.spans.per_type:
        parts += [f"### Each type of span, on {escaped(split)}", _tags(last.spans.per_type, "spans")]
    if last.confusions:
        kinds = [
            (f"{escaped(one.gold)} → {escaped(one.predicted)}", f"{one.count:,}")
            for one in last.confusions[:_MOST_CONFUSIONS]
        ]
        parts += ["### Most frequent errors", card.table(("gold → given", "count"), kinds)]
    return "\n\n".join(parts)


def _overview(scores: Mapping[str, Scores]) -> str:
    rows = []
    for heading, name, counted in _ROWS:
        values = [measurement(one, name) for one in scores.values()]
        if any(value is not None for value in values):
            cells = [
                percent(value) + (f" of {getattr(one, counted):,}" if counted and value is not None else "")
                for value, one in zip(values, scores.values(), strict=True)
            ]
            rows.append((heading, *cells))
    return card.table(("", *map(escaped, scores)), rows)


def _tags(entries: Iterable[TagScore], unit: str) -> str:
    ranked = sorted(entries, key=lambda entry: (-entry.support, entry.label))
    rows = [
        (escaped(entry.label), *map(percent, (entry.precision, entry.recall, entry.f1)), f"{entry.support:,}")
        for entry in ranked[:_MOST_TAGS]
    ]
    hidden = len(ranked) - _MOST_TAGS
    more = f"\n\n{hidden:,} rarer ones are in `metrics.json`." if hidden > 0 else ""
    return card.table(("label", "precision", "recall", "F1", unit), rows) + more


def _limits(facts: CardFacts, scores: Mapping[str, Scores]) -> list[str]:
    general = (
        f"Meant for text like that of {escaped(facts.corpus_name)}, in its language and annotated by its rules; "
        "on other text expect more errors than measured here."
    )
    return [general, *(_measured_limits(list(scores.values())[-1]) if scores else [])]


def _measured_limits(scores: Scores) -> list[str]:
    lines = []
    if scores.unknown_accuracy is not None and scores.known_accuracy is not None:
        lines.append(
            f"Words that training never saw are labelled right in {percent(scores.unknown_accuracy)} of the "
            f"cases, known ones in {percent(scores.known_accuracy)}."
        )
    present = [tag for tag in scores.per_tag if tag.support]
    if weak := sorted((tag for tag in present if tag.f1 < _WEAK), key=lambda tag: tag.f1):
        named = ", ".join(f"{escaped(tag.label)} (F1 {percent(tag.f1)})" for tag in weak[:10])
        lines.append(f"Weak on {named}.")
    if missed := scores.never_predicted:
        named = ", ".join(f"{escaped(label)} ({count:,})" for label, count in list(missed.items())[:10])
        lines.append(f"Never gives these labels, though they are in the data: {named}.")
    if few := [tag for tag in present if tag.support < _FEW]:
        named = ", ".join(f"{escaped(tag.label)} ({tag.support})" for tag in few[:10])
        lines.append(f"Measured on fewer than {_FEW} words, so uncertain: {named}.")
    if scores.unseen_labels:
        named = ", ".join(f"{escaped(label)} ({count:,})" for label, count in scores.unseen_labels.items())
        lines.append(f"Cannot give labels that training did not have: {named}.")
    if scores.calibration_error is not None:
        error = percent(scores.calibration_error)
        lines.append(f"Its confidences are off by {error} on average (expected calibration error).")
    return lines


def _labels(labels: Collection[str]) -> str:
    shown = ", ".join(escaped(label) for label in list(labels)[:200])
    more = f" and {len(labels) - 200:,} more, all in `config.json`" if len(labels) > 200 else ""
    return f"## Labels\n\n{shown}{more}"
