"""What a file holds of a sentence besides words, labels and raw text, so that a conversion can keep it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, TypeGuard

METADATA_KEY = "conllu"
"""The key under which JSON lines and Parquet keep the metadata of a CoNLL-U sentence."""
LABEL_FIELDS = {"upos": 3, "xpos": 4, "feats": 5, "lemma": 2, "deprel": 7}
"""The fields of CoNLL-U that hold labels."""
METADATA_FIELDS = {"head": 6, "deps": 8, "misc": 9}
"""The fields of CoNLL-U that hold no labels."""


@dataclass(slots=True)
class SentenceMetadata:
    """Comments, lines that are not words, columns that are not labels, further keys.

    Args:
        comments: lines before the first word; None where the format has none.
        other_lines: multiword ranges and empty nodes, each with the number of words before it.
        columns: T values each of ``head``, ``deps`` and ``misc``.
        extra: further keys of a JSON object.
    """

    comments: list[str] | None = None
    other_lines: list[tuple[int, str]] = field(default_factory=list)
    columns: dict[str, list[str]] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON, without what is empty."""
        value: dict[str, Any] = {"comments": self.comments} if self.comments else {}
        value |= {name: values for name, values in self.columns.items() if set(values) != {"_"}}
        return value | ({"other_lines": [list(pair) for pair in self.other_lines]} if self.other_lines else {})

    @classmethod
    def from_value(cls, value: Any) -> SentenceMetadata:
        """Read what ``to_dict`` returned, as a dict or as JSON; anything else gives empty metadata."""
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except (ValueError, RecursionError):
                return cls()
        if not isinstance(value, dict):
            return cls()
        lines = value.get("other_lines")
        comments = value.get("comments")
        return cls(
            comments=list(map(str, comments)) if isinstance(comments, list) else None,
            other_lines=[(place, str(line)) for place, line in lines] if _are_places(lines) else [],
            columns={name: value[name] for name in METADATA_FIELDS if _are_strings(value.get(name))},
        )


def _are_places(value: object) -> TypeGuard[list[tuple[int, object]]]:
    return isinstance(value, list) and all(
        isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], int) for pair in value
    )


def _are_strings(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
