"""Corpora in memory, and the standard input: temporary files bring them to the readers of files."""

from __future__ import annotations

import json
import os
import reprlib
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from tagger.corpora.files.paths import copy_stream
from tagger.corpora.formats.csv_tables import BOUNDARY
from tagger.corpora.formats.options import DEFAULT_COLUMN
from tagger.corpora.sources.splits import split_of
from tagger.errors import CorpusError

if TYPE_CHECKING:
    import pyarrow as pa

Source: TypeAlias = str | os.PathLike[str] | Iterable[Any]
"""What names a corpus (path, glob, name, hub id), or a corpus in memory: see ``EXPECTED``."""

EXPECTED = (
    "expected a path or name, a list of (tokens, labels) or of lists of (word, label), a list of dicts, "
    "a data frame, a datasets.Dataset, or a dict of such splits"
)

LONGEST = 200
"""Words of a table that may be one sentence."""


@contextmanager
def in_memory_files(
    given: Mapping[str, Source | None], column: str | None = None, *, after_text: str | None = None
) -> Iterator[tuple[dict[str, str | None], dict[str, Path]]]:
    """Write corpora in memory, and the standard input (``-``), to files that last for the block.

    Args:
        given: ``source`` and perhaps ``train``, ``dev`` and ``test``; a dict of splits as ``source`` gives the others.
        column: name for labels that have none; None where labels are not needed.
        after_text: what ends each text of a list of texts; None where labels are needed.

    Yields:
        What names each argument: a path or name as it was given, or a name for what was in memory; and the files of
        such names.

    Raises:
        TypeError: an argument is neither a name nor a corpus; the message names the place.
        CorpusError: a corpus is empty, or the standard input is asked for twice.
        OutputError: the disk is full.
    """
    arguments = _with_splits(dict(given))
    names: dict[str, str | None] = {}
    files: dict[str, Path] = {}
    with tempfile.TemporaryDirectory(prefix="tagger-") as folder:
        for argument, data in arguments.items():
            if data is None or isinstance(data, str | os.PathLike):
                names[argument] = None if data is None else os.fspath(data)
                if data == "-":
                    if "-" in files:
                        raise CorpusError("standard input ('-') can stand for one part of the corpus only")
                    files["-"] = Path(folder) / "stdin"
                    copy_stream(sys.stdin.buffer, files["-"])
                continue
            kind = type(data).__name__
            name = f"<{kind}>" if argument == "source" else f"<{argument} {kind}>"
            names[argument] = name
            files[name] = _write(data, Path(folder) / argument, column, name, after_text)
        yield names, files


def _with_splits(arguments: dict[str, Any]) -> dict[str, Any]:
    """Put the splits of a dict of splits in the place of the source."""
    source = arguments.get("source")
    if not isinstance(source, Mapping) or not any(split_of(str(name)) for name in source):
        return arguments
    splits: dict[str, Any] = {}
    for name, data in source.items():
        split = split_of(str(name))
        if split is None or split in splits:
            held = ", ".join(map(repr, source))
            raise TypeError(
                f"the corpus is a {type(source).__name__} of {held}; expected the splits train, dev and test"
            )
        splits[split] = data
    further = {name: data for name, data in arguments.items() if data is not None and name != "source"}
    return {**arguments, **splits, **further, "source": None}


def _write(data: Any, target: Path, column: str | None, name: str, after_text: str | None) -> Path:
    table = _table(data)
    if table is not None:
        import pyarrow.parquet as pq

        if column is not None:
            _check_sentences(table, name)
        path = target.with_suffix(".parquet")
        pq.write_table(table, path)
        return path
    if isinstance(data, bytes | bytearray) or not isinstance(data, Iterable):
        raise TypeError(f"{name} is {_described(data)}; {EXPECTED}")
    items = list(data)
    if not items:
        raise CorpusError("has no sentences", path=name)
    if after_text is not None and all(isinstance(item, str) for item in items):
        path = target.with_suffix(".txt")
        path.write_text("".join(f"{text}{after_text}" for text in items), encoding="utf-8")
        return path
    path = target.with_suffix(".jsonl")
    with path.open("w", encoding="utf-8") as file:
        for number, record in enumerate(_records(items, column or DEFAULT_COLUMN, name), 1):
            try:
                file.write(json.dumps(record, default=_plain) + "\n")
            except (TypeError, ValueError) as error:
                raise TypeError(f"{name}: sentence {number} holds {error}; {EXPECTED}") from None
    return path


def _check_sentences(table: pa.Table, name: str) -> None:
    """Refuse a long table with a word a row in which nothing tells where sentences end."""
    import pyarrow as pa

    numbered = any(BOUNDARY.fullmatch(column.lower()) for column in table.column_names)
    nested = any(pa.types.is_nested(field.type) for field in table.schema)
    if (
        not numbered
        and not nested
        and table.num_rows > LONGEST
        and not any(column.null_count for column in table.columns)
    ):
        raise CorpusError("no column numbers the sentences of the words; call one sentence_id", path=name)


def _table(data: Any) -> pa.Table | None:
    """Return a data frame (pandas, polars), a data set or a dict of columns as a table, None for anything else."""
    import pyarrow as pa

    if hasattr(data, "features"):
        import datasets

        if not isinstance(data, datasets.Dataset):  # one that is read over the network
            data = datasets.Dataset.from_list(list(data), features=data.features)
        table = data.with_format("arrow")[:].replace_schema_metadata(data.features.arrow_schema.metadata)
    elif hasattr(data, "columns") or isinstance(data, Mapping | pa.Table):
        table = pa.table(data)
    else:
        return None
    for number, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):  # a categorical column
            table = table.set_column(number, field.name, table.column(number).cast(field.type.value_type))
    return table


def _records(items: Sequence[Any], key: str, name: str) -> Iterator[Any]:
    """Yield sentences as JSON records: dicts as they are, words with labels under ``tokens`` and ``key``."""
    items = [_listed(item) for item in items]
    shapes = [_shapes(item) for item in items]
    common = set.intersection(*shapes)
    if not common:
        number = next(at for at, shape in enumerate(shapes) if not set.intersection(*shapes[: at + 1]))
        raise TypeError(f"{name}: sentence {number + 1} is {_described(items[number])}; {EXPECTED}")
    if len(common) > 1:  # every sentence has two words: pairs are tuples in a list, lists stand in a tuple
        common = {"lists" if isinstance(items[0], tuple) else 2}
        if not all(isinstance(item, tuple) != isinstance(item[0], tuple) for item in items):
            raise TypeError(f"{name}: {_described(items[0])} may be (tokens, labels) or two words; {EXPECTED}")
    shape = common.pop()
    for item in items:
        if shape == "record":
            yield item
        elif shape == "lists":
            yield {"tokens": item[0], key: item[1]}
        else:
            tokens, *labels = (list(column) for column in zip(*item, strict=True))
            names = [key] if len(labels) == 1 else [f"column{number}" for number in range(2, len(labels) + 2)]
            yield {"tokens": tokens, **dict(zip(names, labels, strict=True))}


def _shapes(item: Any) -> set[str | int]:
    """Return what a sentence may be: "record", "lists" of words and of labels, or the width of its rows of words."""
    if isinstance(item, Mapping) or (_is_list(item) and len(item) == 2 and isinstance(item[1], Mapping)):
        return {"record"}
    if not _is_list(item) or not item or not all(_is_list(part) and not any(map(_is_list, part)) for part in item):
        return set()
    shapes: set[str | int] = {"lists"} if len(item) == 2 else set()
    widths = {len(part) for part in item}
    if len(widths) == 1 and min(widths) > 1 and all(isinstance(part[0], str) for part in item):
        shapes |= widths
    return shapes


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _listed(item: Any) -> Any:
    """Return arrays, also within a sentence, as lists."""
    item = item.tolist() if hasattr(item, "tolist") else item
    return type(item)(_listed(part) for part in item) if type(item) in (list, tuple) else item


def _plain(value: Any) -> Any:
    """Return a number or array of NumPy as one of Python."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(_described(value))


def _described(value: Any) -> str:
    return f"{reprlib.repr(value)} ({type(value).__name__})"
