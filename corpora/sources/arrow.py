"""Writing sentences to Arrow files in pieces, so that memory does not grow with the corpus."""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tagger.corpora.formats.sentence import RawSentence

FLUSH_TOKENS = 100_000
FLUSH_SENTENCES = 20_000


class ArrowFile:
    """An Arrow stream of sentences: ``tokens``, ``tags``, further label columns, ``text``.

    Args:
        path: the file to write.
        column: the label column that becomes ``tags``.
        columns: the label columns of each sentence; the others keep their own names.
    """

    def __init__(self, path: Path, column: str, columns: Sequence[str]) -> None:
        others = [name for name in columns if name not in (column, "tokens", "tags", "text")]
        self.names = ["tokens", "tags", *others]
        self.sources = [column, *others]
        fields = [pa.field(name, pa.list_(pa.string())) for name in self.names]
        self.schema = pa.schema([*fields, pa.field("text", pa.string())])
        self._writer = pa.ipc.new_stream(str(path), self.schema)
        self._clear()

    def __enter__(self) -> ArrowFile:
        """Begins writing."""
        return self

    def __exit__(self, *error: object) -> None:
        """Writes what is left and closes the file."""
        self._flush()
        self._writer.close()

    def add(self, sentence: RawSentence) -> None:
        """Appends one sentence."""
        self._values[0].extend(sentence.tokens)
        for values, source in zip(self._values[1:], self.sources, strict=True):
            values.extend(sentence.columns[source])
        self._texts.append(sentence.text)
        self._ends.append(len(self._values[0]))
        if self._ends[-1] >= FLUSH_TOKENS or len(self._texts) >= FLUSH_SENTENCES:
            self._flush()

    def _flush(self) -> None:
        if self._texts:
            ends = pa.array(self._ends, pa.int32())
            lists = [pa.ListArray.from_arrays(ends, pa.array(values, pa.string())) for values in self._values]
            texts = pa.array(self._texts, pa.string())
            self._writer.write_batch(pa.record_batch([*lists, texts], schema=self.schema))
        self._clear()

    def _clear(self) -> None:
        self._values: list[list[str]] = [[] for _ in self.names]
        self._texts: list[str | None] = []
        self._ends = [0]


def dealt(rows: dict[str, int], seed: int) -> list[int]:
    """Deals rows out to parts at random.

    Args:
        rows: how many rows each part gets.
        seed: of the shuffle.

    Returns:
        For each row the number of its part.
    """
    owners = [number for number, count in enumerate(rows.values()) for _ in range(count)]
    random.Random(seed).shuffle(owners)
    return owners


def divide(path: Path, targets: list[Path], owners: list[int]) -> None:
    """Copies the rows of an Arrow file to several files, keeping their order.

    Args:
        path: the file to divide.
        targets: the files to write.
        owners: for each row the number of its target.
    """
    with ExitStack() as stack:
        reader = pa.ipc.open_stream(stack.enter_context(pa.OSFile(str(path))))
        writers: list[Any] = [stack.enter_context(pa.ipc.new_stream(str(to), reader.schema)) for to in targets]
        start = 0
        for batch in reader:
            part = pa.array(owners[start : start + batch.num_rows], pa.int8())
            start += batch.num_rows
            for number, writer in enumerate(writers):
                writer.write_batch(batch.filter(pc.equal(part, number)))
