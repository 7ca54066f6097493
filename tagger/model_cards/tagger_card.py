"""The README.md of a model folder: what the model is, what was measured, how to use and to remake it."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from tagger.evaluation.scores import Scores, TagScore, measurement
from tagger.model_cards.markdown import escaped, front_matter, percent, table

TASKS: Final = {"pos": "part-of-speech tagging"}
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


def model_card(
    *,
    name: str,
    task: str,
    config: Mapping[str, Any],
    labels: Collection[str],
    scores: Mapping[str, Scores],
    corpus: Mapping[str, Any],
    command: str,
    environment: Mapping[str, str],
    notes: Sequence[str] = (),
) -> str:
    """Writes the card from measured facts alone.

    No sentence of the corpus is quoted: its licence need not be that of the model.

    Args:
        name: of the model, e.g. the name of its folder.
        task: ``"pos"`` or a name of one's own.
        config: every resolved setting, nested as it may be.
        labels: the label set.
        scores: by split; the last one is taken for the most telling.
        corpus: ``name``, ``source``, ``licence``, ``sentences`` and ``words`` (a number, or a number per
            split), ``fingerprint``, and ``hub_id`` if the corpus is on the hub. Any may be missing.
        command: what was typed to train it.
        environment: e.g. versions of Python and of the libraries, processor, threads.
        notes: what else must be known, e.g. how dev was split off.

    Returns:
        Markdown with a YAML head that the Hugging Face hub understands.
    """
    task_name = TASKS.get(task, task)
    corpus_name = str(corpus.get("name") or "unnamed corpus")
    hub_id = corpus.get("hub_id")
    head = front_matter(name=name, task_name=task_name, dataset=corpus_name, hub_id=hub_id, scores=scores)
    sections = [
        f"# {escaped(name)}\n\n{_summary(task_name, corpus_name, len(labels), scores)}",
        _use(name),
        _measured(scores),
        _limits(scores, corpus_name),
        training_data(corpus, notes),
        _labels(labels),
        remake(command, environment, config),
    ]
    return "\n\n".join([head, *(section for section in sections if section)]) + "\n"


def _summary(task_name: str, corpus_name: str, num_labels: int, scores: Mapping[str, Scores]) -> str:
    lines = f"A model for {escaped(task_name)} with {num_labels:,} labels, trained on {escaped(corpus_name)}."
    if scores:
        split, last = list(scores.items())[-1]
        low, high = last.interval
        lines += (
            f" On {escaped(split)} it labels **{percent(last.accuracy)}** of {last.tokens:,} words right"
            f" (95 % interval {percent(low)} to {percent(high)}, bootstrapped over sentences)."
        )
    return lines


def _use(name: str) -> str:
    model = json.dumps(name, ensure_ascii=False)
    return "\n".join(
        [
            "## How to use",
            "",
            f"In the folder that holds `{name}`:",
            "",
            "```sh",
            f"tagger tag --model {shlex.quote(name)} --text 'They can fish.'",
            "```",
            "",
            "```python",
            "from tagger import Tagger",
            "",
            f"tagger = Tagger.load({model})",
            'print(tagger.tag("They can fish."))',
            "```",
        ]
    )


def _measured(scores: Mapping[str, Scores]) -> str:
    if not scores:
        return "## Scores\n\nNothing was measured: training had neither dev nor test data."
    split, last = list(scores.items())[-1]
    parts = [
        "## Scores",
        _overview(scores),
        f"### Each label, on {escaped(split)}",
        _tags(last.per_tag, "words"),
    ]
    if last.spans is not None and last.spans.per_type:
        parts += [f"### Each type of span, on {escaped(split)}", _tags(last.spans.per_type, "spans")]
    if last.confusions:
        kinds = [
            (f"{escaped(one.gold)} → {escaped(one.predicted)}", f"{one.count:,}")
            for one in last.confusions[:_MOST_CONFUSIONS]
        ]
        parts += ["### Most frequent errors", table(("gold → given", "count"), kinds)]
    return "\n\n".join(parts)


def _overview(scores: Mapping[str, Scores]) -> str:
    rows = []
    for title, name, counted in _ROWS:
        values = [measurement(one, name) for one in scores.values()]
        if any(value is not None for value in values):
            cells = [
                percent(value) + (f" of {getattr(one, counted):,}" if counted and value is not None else "")
                for value, one in zip(values, scores.values(), strict=True)
            ]
            rows.append((title, *cells))
    return table(("", *map(escaped, scores)), rows)


def _tags(entries: Iterable[TagScore], unit: str) -> str:
    ranked = sorted(entries, key=lambda entry: (-entry.support, entry.label))
    rows = [
        (
            escaped(entry.label),
            percent(entry.precision),
            percent(entry.recall),
            percent(entry.f1),
            f"{entry.support:,}",
        )
        for entry in ranked[:_MOST_TAGS]
    ]
    hidden = len(ranked) - _MOST_TAGS
    more = f"\n\n{hidden:,} rarer ones are in `metrics.json`." if hidden > 0 else ""
    return table(("label", "precision", "recall", "F1", unit), rows) + more


def _limits(scores: Mapping[str, Scores], corpus_name: str) -> str:
    lines = [
        f"Meant for text like that of {escaped(corpus_name)}, in its language and annotated by its rules; "
        "on other text expect more errors than measured here."
    ]
    if scores:
        lines += _measured_limits(list(scores.values())[-1])
    return "\n".join(["## Intended use and limits", "", *(f"- {line}" for line in lines)])


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


def training_data(corpus: Mapping[str, Any], notes: Sequence[str]) -> str:
    """The section on the corpus; arguments as ``model_card``."""
    rows = [
        (title, escaped(_sizes(corpus[key])))
        for key, title in (
            ("name", "Corpus"),
            ("source", "Source"),
            ("licence", "Licence of the corpus"),
            ("sentences", "Sentences"),
            ("words", "Words"),
            ("units", "Units of the language model"),
            ("fingerprint", "Fingerprint"),
        )
        if corpus.get(key) is not None
    ]
    listed = "\n".join(f"- {escaped(note)}" for note in notes)
    return "\n\n".join(part for part in ("## Training data", table(("", ""), rows), listed) if part)


def _sizes(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{split} {_sizes(size)}" for split, size in value.items())
    return f"{value:,}" if isinstance(value, int) else str(value)


def _labels(labels: Collection[str]) -> str:
    shown = ", ".join(escaped(label) for label in list(labels)[:200])
    more = f" and {len(labels) - 200:,} more, all in `config.json`" if len(labels) > 200 else ""
    return f"## Labels\n\n{shown}{more}"


def remake(command: str, environment: Mapping[str, str], config: Mapping[str, Any]) -> str:
    """The section on the command, the machine and the settings; arguments as ``model_card``."""
    versions = table(("", ""), [(escaped(key), escaped(str(value))) for key, value in environment.items()])
    settings = table(("setting", "value"), [(escaped(k), escaped(v)) for k, v in _flat(config)])
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", command)), default=0))
    parts = [
        "## How to make it again",
        f"{fence}sh\n{command}\n{fence}",
        versions if environment else "",
        f"<details><summary>Every setting</summary>\n\n{settings}\n\n</details>" if config else "",
    ]
    return "\n\n".join(part for part in parts if part)


def _flat(config: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for key, value in config.items():
        if isinstance(value, Mapping):
            pairs += _flat(value, f"{prefix}{key}.")
        else:
            pairs.append((f"{prefix}{key}", json.dumps(value, ensure_ascii=False, default=str)))
    return pairs
