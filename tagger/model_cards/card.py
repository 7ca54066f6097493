"""Parts that all model cards share: facts, metadata for the hub, sections, pieces of Markdown."""

from __future__ import annotations

import json
import re
import shlex
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tagger.runtime.device import environment

if TYPE_CHECKING:
    from huggingface_hub import EvalResult


NOT_MEASURED: Final = "## Scores\n\nNothing was measured: training had neither dev nor test data."

_CORPUS_ROWS: Final = {
    "name": "Corpus",
    "source": "Source",
    "licence": "Licence of the corpus",
    "sentences": "Sentences",
    "words": "Words",
    "units": "Tokens of the language model",
    "rows": "Rows",
    "series": "Series",
    "from": "From",
    "to": "To",
    "fingerprint": "Fingerprint",
}


@dataclass(frozen=True, slots=True)
class CardFacts:
    """Facts that every card states.

    Args:
        name: of the model, e.g. the name of its folder.
        config: every resolved setting, nested as it may be.
        corpus: any of the keys of the section on training data, and ``hub_id`` if the corpus is on the hub. Sizes are
            a number, or a number per split.
        command: the command that trained it.
        environment: versions of Python and of the libraries, processor, threads.
        notes: what else must be known, e.g. how dev was split off.
    """

    name: str
    config: Mapping[str, Any] = field(default_factory=dict)
    corpus: Mapping[str, Any] = field(default_factory=dict)
    command: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()

    @classmethod
    def from_about(cls, name: str, config: Mapping[str, Any], about: Mapping[str, Any]) -> CardFacts:
        """Take the facts from ``config.json``: its settings, and what it holds under "about"."""
        return cls(name, config, about["corpus"], about["command"], about["environment"], about["notes"])

    @property
    def corpus_name(self) -> str:
        """Name of the corpus, for people."""
        return one_line(str(self.corpus.get("name") or "unnamed corpus"))


def result(facts: CardFacts, task: tuple[str, str], split: str, metric: tuple[str, str], value: float) -> EvalResult:
    """Describe one measured figure as the hub stores it.

    Args:
        facts: name the corpus.
        task: its identifier on the hub and its name for people.
        split: that was scored.
        metric: its identifier and name, as of the task.
        value: is rounded to four decimals.
    """
    from huggingface_hub import EvalResult

    return EvalResult(
        task_type=task[0],
        task_name=task[1],
        dataset_type=facts.corpus.get("hub_id") or facts.corpus_name,
        dataset_name=facts.corpus_name,
        dataset_split=split,
        metric_type=metric[0],
        metric_name=metric[1],
        metric_value=round(value, 4),
    )


def render_card(
    facts: CardFacts, task: str, tags: Sequence[str], results: list[EvalResult], sections: Iterable[str]
) -> str:
    """Join metadata in YAML for the hub, sections, and those on training data and reproduction.

    Args:
        facts: of the model.
        task: ``pipeline_tag`` of the hub.
        tags: beside the name of the library.
        results: all measured figures that the hub shows.
        sections: summary, usage, scores and limits.
    """
    from huggingface_hub import ModelCardData

    hub_id = facts.corpus.get("hub_id")
    data = ModelCardData(
        pipeline_tag=task,
        library_name="sequence-tagger",
        tags=["sequence-tagger", *tags],
        datasets=None if hub_id is None else [hub_id],
        metrics=sorted({one.metric_type for one in results}) or None,
        model_name=one_line(facts.name),
        eval_results=results or None,
    )
    metadata = data.to_yaml(line_break="\n")
    parts = [f"---\n{metadata}\n---", *sections, _training_data(facts), _reproduction(facts)]
    return "\n\n".join(part for part in parts if part) + "\n"


def title(facts: CardFacts, summary: str) -> str:
    """Write the heading and the summary."""
    return f"# {escaped(facts.name)}\n\n{summary}"


def usage(facts: CardFacts, commands: Sequence[str], python: str = "") -> str:
    """Write the section on usage; commands and Python code have ``{}`` for the folder."""
    shell = "\n".join(command.format(shlex.quote(facts.name)) for command in commands)
    parts = ["## How to use", f"In the folder that holds `{facts.name}`:", f"```sh\n{shell}\n```"]
    if python:
        parts.append(f"```python\n{python.format(json.dumps(facts.name, ensure_ascii=False))}\n```")
    return "\n\n".join(parts)


def limits(lines: Iterable[str]) -> str:
    """Write the section on intended use and limits."""
    return f"## Intended use and limits\n\n{bullets(lines)}"


def _training_data(facts: CardFacts) -> str:
    corpus = facts.corpus
    rows = [(title, escaped(_sizes(corpus[key]))) for key, title in _CORPUS_ROWS.items() if corpus.get(key) is not None]
    parts = ["## Training data", table(("", ""), rows), bullets(map(escaped, facts.notes))]
    return "\n\n".join(part for part in parts if part)


def _sizes(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{split} {_sizes(size)}" for split, size in value.items())
    return f"{value:,}" if isinstance(value, int) else str(value)


def _reproduction(facts: CardFacts) -> str:
    """Write the section on command, machine and settings."""
    versions = table(("", ""), [(escaped(key), escaped(str(value))) for key, value in facts.environment.items()])
    settings = table(("setting", "value"), [(escaped(k), escaped(v)) for k, v in _flat(facts.config)])
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", facts.command)), default=0))
    parts = [
        "## How to make it again",
        f"{fence}sh\n{facts.command}\n{fence}",
        versions if facts.environment else "",
        f"<details><summary>Every setting</summary>\n\n{settings}\n\n</details>" if facts.config else "",
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


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table, its first column flush left; all are if the head is empty."""
    rule = ["---", *["---:"] * (len(head) - 1)] if any(head) else ["---"] * len(head)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, rule, *rows))


def bullets(lines: Iterable[str]) -> str:
    """Write a list."""
    return "\n".join(f"- {line}" for line in lines)


def percent(share: float | None) -> str:
    """Format a share (0 to 1) with two decimals, ``-`` if not measured."""
    return "-" if share is None else f"{100 * share:.2f} %"


def escaped(text: str) -> str:
    """Escape text, so that Markdown shows it as it is, on one line."""
    return re.sub(r"([\\`*_{}\[\]<>|#~$])", r"\\\1", one_line(text))


def one_line(text: str) -> str:
    """Replace line ends and control characters by blanks."""
    return "".join(char if char.isprintable() else " " for char in text)


def command_line() -> str:
    """Return the command line of this process."""
    return shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])


def provenance(command: str | None, threads: int, notes: Sequence[str]) -> dict[str, Any]:
    """Collect the facts that ``config.json`` holds under "about".

    Args:
        command: what reproduces the run; the command line of this process if None.
        threads: that it ran on.
        notes: reported to the user, the number of interruptions among them.
    """
    return {
        "command": command or command_line(),
        "environment": environment(threads),
        "notes": list(notes),
        "trained_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
