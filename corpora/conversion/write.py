"""Writing corpora: CoNLL-U, columns, JSON lines and Parquet, a piece at a time and all or nothing."""

from __future__ import annotations

import gzip
import json
import lzma
import os
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import IO, Any, cast

from tagger.corpora.conversion.frames import CONLLU_KEY
from tagger.corpora.conversion.render import label_columns, render_columns, render_conllu, render_json_lines, row_frame
from tagger.corpora.conversion.rows import Relabel, Row, split_rows
from tagger.corpora.sources.corpus import BATCH, Corpus, Split
from tagger.errors import OutputError

WRITABLE = {"conllu": ".conllu", "columns": ".conll", "jsonl": ".jsonl", "parquet": ".parquet"}


def write_corpus(
    corpus: Corpus, folder: Path, form: str, *, relabel: Relabel | None = None, overwrite: bool = False
) -> list[str]:
    """Writes all splits as ``NAME-train.EXT``, ``NAME-dev.EXT`` and ``NAME-test.EXT``.

    Args:
        corpus: what to write.
        folder: where to; it is made if it is not there.
        form: one of ``WRITABLE``.
        relabel: what to do with the labels of each sentence, such as another scheme.
        overwrite: replace files that are there.

    Returns:
        What the format could not hold, one sentence each.

    Raises:
        OutputError: a file is there already, or cannot be written.
    """
    notes: list[str] = []
    for split in corpus.splits:
        path = folder / f"{corpus.name}-{split.name}{WRITABLE.get(form, '')}"
        notes += write_split(split, path, form, relabel=relabel, overwrite=overwrite)
    return list(dict.fromkeys(notes))


def write_split(
    split: Split, path: Path, form: str, *, relabel: Relabel | None = None, overwrite: bool = False
) -> list[str]:
    """Writes one split to a file; a name ending in ``.gz`` or ``.xz`` has it compressed.

    Args:
        split: what to write.
        path: the file.
        form: one of ``WRITABLE``.
        relabel: what to do with the labels of each sentence, such as another scheme.
        overwrite: replace a file that is there.

    Returns:
        What the format could not hold, one sentence each.

    Raises:
        OutputError: the file is there already or cannot be written, or a word cannot stand in the format.
    """
    write_rows(split_rows(split, relabel), path, form, overwrite=overwrite)
    return _losses(split, form)


def write_rows(rows: Iterator[Row], path: Path, form: str, *, overwrite: bool = False, bare: bool = False) -> None:
    """Writes sentences to a file, a piece at a time; the file appears when it is complete.

    Args:
        rows: the sentences, all with the same columns.
        path: the file; a name ending in ``.gz`` or ``.xz`` has it compressed.
        form: one of ``WRITABLE``.
        overwrite: replace a file that is there.
        bare: in columns, leave out the line with their names and all comments.

    Raises:
        OutputError: the file is there already or cannot be written, or a word cannot stand in the format.
    """
    check_target(path, form, overwrite=overwrite)
    publish({path: write_part(rows, path, form, bare=bare)})


def write_part(rows: Iterator[Row], path: Path, form: str, *, bare: bool = False) -> Path:
    """Writes sentences to a hidden file beside ``path``, for ``publish``; nothing is left of it after an error.

    Args:
        rows: as for ``write_rows``.
        path: where the file will be.
        form: as for ``write_rows``.
        bare: as for ``write_rows``.
    """
    part = path.with_name(f".{path.name}.part")
    complete = False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if form == "parquet":
            _write_parquet(rows, part, path)
        else:
            with _opened(part, path.suffix) as file:
                for block in _blocks(rows, path, form, bare):
                    file.write(block.encode())
        complete = True
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        if not complete:
            with suppress(OSError):
                part.unlink()
    return part


def publish(parts: dict[Path, Path]) -> None:
    """Puts complete files in their places: by place, the file to be moved there."""
    for path, part in parts.items():
        try:
            os.replace(part, path)
        except OSError as error:
            with suppress(OSError):
                part.unlink()
            raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from error


def check_target(path: Path, form: str, *, overwrite: bool) -> None:
    """Raises OutputError if there is no such format, or the file is there and must not be replaced."""
    if form not in WRITABLE:
        raise OutputError(f"{path}: corpora cannot be written as {form!r}; choose from {', '.join(WRITABLE)}")
    if path.exists() and not overwrite:
        raise OutputError(f"{path}: there already; choose another name or --overwrite")


def _blocks(rows: Iterator[Row], path: Path, form: str, bare: bool) -> Iterator[str]:
    if form == "conllu":
        return render_conllu(rows, path)
    return render_columns(rows, path, bare=bare) if form == "columns" else render_json_lines(rows, path)


def _write_parquet(rows: Iterator[Row], part: Path, path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    first = next(rows, None)
    names = ["tokens", *(label_columns(first) if first else ())]
    strings = [pa.field(name, pa.string()) for name in ("text", CONLLU_KEY) if name not in names]
    schema = pa.schema([*(pa.field(name, pa.list_(pa.string())) for name in names), *strings])
    with pq.ParquetWriter(part, schema) as writer:
        piece: list[dict[str, Any]] = []
        for number, row in enumerate(chain([first] if first else [], rows), 1):
            columns = label_columns(row)
            if list(columns) != names[1:]:
                found = f"sentence {number} has the columns {', '.join(columns)}"
                raise OutputError(f"{path}: {found}, the first has {', '.join(names[1:])}; write JSON lines instead")
            frame = row_frame(row)
            text = json.dumps(frame, ensure_ascii=False) if frame else None
            piece.append({CONLLU_KEY: text, "text": row.text, "tokens": row.tokens, **columns})
            if len(piece) == BATCH:
                writer.write_table(pa.Table.from_pylist(piece, schema=schema))
                piece.clear()
        writer.write_table(pa.Table.from_pylist(piece, schema=schema))


def _losses(split: Split, form: str) -> list[str]:
    if form == "conllu":
        return ["CoNLL-U: HEAD, DEPS and what else was in MISC, multiword ranges and empty nodes are not written"]
    return []


def _opened(path: Path, packing: str) -> IO[bytes]:
    if packing == ".gz":
        return cast(IO[bytes], gzip.open(path, "wb"))
    if packing == ".xz":
        return cast(IO[bytes], lzma.open(path, "wb"))
    return path.open("wb")
