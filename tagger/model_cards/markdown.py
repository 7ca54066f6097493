"""Pieces of Markdown that show any text as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tagger.evaluation.scores import Scores


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, its first column flush left and the others right; all left if the head is empty."""
    rule = ["---", *["---:"] * (len(head) - 1)] if any(head) else ["---"] * len(head)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, rule, *rows))


def percent(share: float | None) -> str:
    """A share (0 to 1) with two decimals, ``-`` if not measured."""
    return "-" if share is None else f"{100 * share:.2f} %"


def escaped(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    line = "".join(char if char.isprintable() else " " for char in text)
    return re.sub(r"([\\`*_{}\[\]<>|#~$])", r"\\\1", line)


def front_matter(*, name: str, task_name: str, dataset: str, hub_id: str | None, scores: Mapping[str, Scores]) -> str:
    """Metadata with the measured scores as a ``model-index``.

    Format: the hub's documentation, "Model Cards", section "Model card metadata".

    Args:
        name: of the model.
        task_name: what it does, for people, e.g. ``"part-of-speech tagging"``.
        dataset: name of the corpus, for people.
        hub_id: identifier of the corpus on the hub, if it has one there.
        scores: by split.

    Returns:
        The lines between and including the two ``---``.
    """
    results = [
        {
            "task": {"type": "token-classification", "name": task_name},
            "dataset": {"type": hub_id or dataset, "name": dataset, "split": split},
            "metrics": _metrics(one),
        }
        for split, one in scores.items()
    ]
    head: dict[str, Any] = {
        "pipeline_tag": "token-classification",
        "library_name": "sequence-tagger",
        "tags": ["sequence-tagger", "token-classification", task_name],
    }
    if hub_id is not None:
        head["datasets"] = [hub_id]
    if results:
        head["metrics"] = ["accuracy", "f1"]
        head["model-index"] = [{"name": name, "results": results}]
    return "\n".join(["---", *yaml_lines(head), "---"])


def _metrics(scores: Scores) -> list[dict[str, Any]]:
    figures: list[tuple[str, str, float]] = [
        ("accuracy", "accuracy", scores.accuracy),
        ("f1", "macro F1 of the tags", scores.macro_f1),
    ]
    if scores.spans is not None:
        figures = [
            ("precision", "precision of the spans", scores.spans.precision),
            ("recall", "recall of the spans", scores.spans.recall),
            ("f1", "F1 of the spans", scores.spans.f1),
            figures[0],
        ]
    return [{"type": kind, "name": name, "value": round(value, 4)} for kind, name, value in figures]


def yaml_lines(value: Any, indent: str = "") -> list[str]:
    """A tree of mappings, lists and scalars as lines of block YAML."""
    if isinstance(value, Mapping):
        pairs = [(f"{indent}{key}:", item) for key, item in value.items()]
    else:
        pairs = [(f"{indent}-", item) for item in value]
    lines: list[str] = []
    for lead, item in pairs:
        if not isinstance(item, (Mapping, list)):
            lines.append(f"{lead} {_scalar(item)}")
        elif not item:
            lines.append(f"{lead} {'{}' if isinstance(item, Mapping) else '[]'}")
        elif lead.endswith("-"):
            first, *others = yaml_lines(item, indent + "  ")
            lines += [f"{lead} {first.lstrip()}", *others]
        else:
            lines += [lead, *yaml_lines(item, indent + "  ")]
    return lines


def _scalar(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4f}"  # json would write 1e-05, which YAML reads as a string
    if isinstance(value, str):
        value = "".join(char if char.isprintable() else " " for char in value)
    return json.dumps(value, ensure_ascii=False)
