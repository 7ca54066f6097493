"""A sentence on its way into a file: words, labels, and all that stands around them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tagger.corpora.sources.corpus import BATCH, Split

Relabel = Callable[[Sequence[str]], list[str]]


@dataclass(slots=True)
class SentenceMetadata:
    """What a file holds of a sentence besides words, labels and raw text.

    Args:
        comments: lines before the first word; None where the file cannot hold any.
        others: lines that are no words (multiword ranges, empty nodes), each with the number of words before it.
        columns: values of each word that are no labels: ``head``, ``deps``, ``misc``.
        extra: further keys of a JSON object.
    """

    comments: list[str] | None = None
    others: list[tuple[int, str]] = field(default_factory=list)
    columns: dict[str, list[str]] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Row:
    """One sentence to write.

    Args:
        tokens: T words.
        columns: T labels under each name.
        text: the raw sentence, where known.
        frame: what stands around it.
    """

    tokens: list[str]
    columns: dict[str, list[str]]
    text: str | None
    frame: SentenceMetadata = field(default_factory=SentenceMetadata)

    @property
    def values(self) -> dict[str, list[str]]:
        """All columns, the labels last."""
        return {**self.frame.columns, **self.columns}


def split_rows(split: Split, relabel: Relabel | None = None) -> Iterator[Row]:
    """The sentences of a split, the labels under the name of their column and last."""
    others = [name for name in split.data.column_names if name not in ("tokens", "tags", "text")]
    for batch in split.data.iter(BATCH):
        texts = batch.get("text") or [None] * len(batch["tokens"])
        for place, (tokens, labels) in enumerate(zip(batch["tokens"], batch["tags"], strict=True)):
            columns = {name: list(batch[name][place]) for name in others}
            columns[split.label] = relabel(labels) if relabel else list(labels)
            yield Row(list(tokens), columns, texts[place])
