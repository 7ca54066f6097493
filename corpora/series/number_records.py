"""Records with lists of words and of numbers, one a sentence: JSON lines and Parquet."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tagger.corpora.files.lines import read_lines
from tagger.corpora.files.paths import open_file
from tagger.corpora.formats.sentence import clipped, excerpt
from tagger.errors import CorpusError


def json_records(path: Path, name: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """The objects of a file of JSON lines with the numbers of their lines; what is none is a message."""
    for number, line in enumerate(read_lines(path, name), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            record = None
        yield number, record if isinstance(record, dict) else f"not a JSON object: {excerpt(line)}"


def parquet_records(path: Path, name: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """The rows of a Parquet file and their numbers.

    Raises:
        CorpusError: the file cannot be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    with open_file(path, name) as stream:
        try:
            for batch in pq.ParquetFile(stream).iter_batches(1000):
                for record in batch.to_pylist():
                    number += 1
                    yield number, record
        except (pa.ArrowException, OSError, ValueError) as error:
            first = clipped((str(error).splitlines() or ["unknown reason"])[0])
            raise CorpusError(f"not a Parquet file that can be read: {first}", path=name) from error
