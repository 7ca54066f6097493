"""What a file holds of a sentence besides words, labels and raw text, so that a conversion can keep it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

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
        try:
            value = json.loads(value) if isinstance(value, str) else value
            comments = value.get("comments")
            return cls(
                comments=list(map(str, comments)) if isinstance(comments, list) else None,
                other_lines=[(int(place), str(line)) for place, line in value.get("other_lines") or ()],
                columns={
                    name: [*map(str, value[name])] for name in METADATA_FIELDS if isinstance(value.get(name), list)
                },
            )
        except (AttributeError, TypeError, ValueError, RecursionError):  # the key is one of another program
            return cls()
