"""A labelled corpus: up to three splits, each a data set of sentences in Arrow tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from tagger.corpora.formats.options import CorpusReading
from tagger.errors import CorpusError

if TYPE_CHECKING:
    import datasets
    import pyarrow as pa

BATCH = 10_000  # sentences turned into Python objects at a time


class Note(str):
    """A sentence for the user; as a string it begins with the split that it is about.

    Args:
        text: the sentence.
        split: the split that it is about, None for the corpus.
    """

    about: str | None

    def __new__(cls, text: str, split: str | None = None) -> Note:
        """Create the note."""
        note = super().__new__(cls, text if split is None else f"{split}: {text}")
        note.about = split
        return note

    @staticmethod
    def split_of(note: str) -> str | None:
        """Return the split that a note is about, None for the corpus."""
        return note.about if isinstance(note, Note) else None


@dataclass(frozen=True, slots=True)
class Split:
    """One part of a corpus.

    Args:
        name: ``train``, ``dev`` or ``test``.
        data: B rows with the columns ``tokens`` and ``tags`` (lists of T strings), any further label
            columns under their own names, and ``text`` (the raw sentence, or None).
        paths: the files it was read from, as the user named them.
        label: the name of the column that ``tags`` holds, so that ``column(label)`` finds it.
        notes: what the user should know of a split that was read by itself; else see ``Corpus.notes``.
    """

    name: str
    data: datasets.Dataset
    paths: tuple[str, ...] = ()
    label: str = "tags"
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return int(self.data.num_rows)

    @property
    def num_tokens(self) -> int:
        """Number of words in all sentences."""
        return sum(len(part.flatten()) for part in self._arrays("tokens"))

    def tokens(self) -> list[list[str]]:
        """Return the words: B lists of T strings."""
        return self.column("tokens")

    def tags(self) -> list[list[str]]:
        """Return the chosen labels: B lists of T strings."""
        return self.column("tags")

    def column(self, name: str) -> list[list[str]]:
        """Return one column of labels.

        Args:
            name: a name in ``data.column_names``, or the name of the chosen label column.

        Returns:
            B lists of T strings.

        Raises:
            CorpusError: there is no such column.
        """
        rows: list[list[str]] = []
        for part in self._arrays(name):
            values: list[str] = part.flatten().to_pylist()
            ends = part.offsets.to_pylist()
            first = ends[0]
            rows.extend(values[start - first : end - first] for start, end in pairwise(ends))
        return rows

    def texts(self) -> list[str | None]:
        """Return the raw sentences: B strings, None where the corpus does not hold them."""
        if "text" not in self.data.column_names:
            return [None] * len(self)
        return [text for part in self._arrays("text") for text in part.to_pylist()]

    def _arrays(self, name: str) -> Iterator[pa.Array]:
        name = "tags" if name == self.label and name not in self.data.column_names else name
        if name not in self.data.column_names:
            held = ", ".join(column for column in self.data.column_names if column != "text")
            raise CorpusError(f"no column {name!r} in the {self.name} split; it holds {held}")
        if not self.data.num_rows:
            return
        for batch in self.data.select_columns([name]).with_format("arrow").iter(BATCH):
            yield from batch.column(name).chunks


@dataclass(frozen=True, slots=True)
class Corpus:
    """Everything that was read from one source.

    Args:
        name: a short name for tables and model cards.
        source: what the user asked for.
        column: the label column that ``tags`` holds.
        train: sentences to learn from.
        dev: sentences to choose the best model by.
        test: sentences to measure the final model on.
        columns: all label columns that hold labels, the chosen one among them.
        notes: what the user should know, one sentence each.
        fingerprint: 16 hexadecimal digits over the content.
        license: the licence of the data, where known.
        reading: how its files were read, if there were any.
    """

    name: str
    source: str
    column: str
    train: Split | None
    dev: Split | None
    test: Split | None
    columns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    fingerprint: str = ""
    license: str | None = None
    reading: CorpusReading | None = None

    @property
    def splits(self) -> tuple[Split, ...]:
        """The splits there are, in the order train, dev, test."""
        return tuple(split for split in (self.train, self.dev, self.test) if split is not None)
