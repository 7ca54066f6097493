"""Writing corpora: CoNLL-U, columns, JSON lines and Parquet, a piece at a time and all or nothing."""

from __future__ import annotations

import gzip
import json
import lzma
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from tagger.corpora.conllu import FIELDS, LABEL_FIELDS, MISC
from tagger.corpora.corpus import BATCH, Corpus, Split
from tagger.corpora.sentences import MISSING, excerpt
from tagger.errors import OutputError

WRITABLE = {"conllu": ".conllu", "columns": ".conll", "jsonl": ".jsonl", "parquet": ".parquet"}

Relabel = Callable[[Sequence[str]], list[str]]


@dataclass(frozen=True, slots=True)
class Row:
    """One sentence to write.

    Args:
        tokens: T words.
        columns: T labels under each name.
        text: the raw sentence, where known.
    """

    tokens: list[str]
    columns: dict[str, list[str]]
    text: str | None


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
    if form not in WRITABLE:
        raise OutputError(f"{path}: corpora cannot be written as {form!r}; choose from {', '.join(WRITABLE)}")
    if path.exists() and not overwrite:
        raise OutputError(f"{path}: there already; choose another name or --overwrite")
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if form == "parquet":
            _write_parquet(split, part, relabel)
        else:
            with _opened(part, path.suffix) as file:
                for block in _TEXT_FORMS[form](split, rows(split, relabel), path):
                    file.write(block.encode())
        os.replace(part, path)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)
    return _losses(split, form)


def rows(split: Split, relabel: Relabel | None = None) -> Iterator[Row]:
    """The sentences of a split, the labels under the name of their column and last."""
    others = [name for name in split.data.column_names if name not in ("tokens", "tags", "text")]
    for batch in split.data.iter(BATCH):
        texts = batch.get("text") or [None] * len(batch["tokens"])
        for place, (tokens, labels) in enumerate(zip(batch["tokens"], batch["tags"], strict=True)):
            columns = {name: list(batch[name][place]) for name in others}
            columns[split.label] = relabel(labels) if relabel else list(labels)
            yield Row(list(tokens), columns, texts[place])


def _conllu(split: Split, sentences: Iterator[Row], path: Path) -> Iterator[str]:
    for number, row in enumerate(sentences, 1):
        _check_fields(row, path, number, "\t\n\r")
        fields = [[MISSING] * len(row.tokens) for _ in range(FIELDS)]
        fields[0] = [str(place) for place in range(1, len(row.tokens) + 1)]
        fields[1] = row.tokens
        for name, labels in row.columns.items():
            if name not in LABEL_FIELDS and any("|" in label for label in labels):
                raise OutputError(f"{path}: sentence {number}: a label in {name!r} holds '|'; write JSON lines instead")
            if name in LABEL_FIELDS:
                fields[LABEL_FIELDS[name]] = labels
            else:
                fields[MISC] = [
                    f"{name}={label}" if old == MISSING else f"{old}|{name}={label}"
                    for old, label in zip(fields[MISC], labels, strict=True)
                ]
        text = [] if row.text is None else [f"# text = {' '.join(row.text.split())}"]
        yield "\n".join([*text, *map("\t".join, zip(*fields, strict=True))]) + "\n\n"


def _columns(split: Split, sentences: Iterator[Row], path: Path) -> Iterator[str]:
    for number, row in enumerate(sentences, 1):
        _check_fields(row, path, number, "\t\n\r")
        if number == 1:
            yield f"# global.columns = {' '.join(['FORM', *(name.upper() for name in row.columns)])}\n"
        yield "\n".join(map("\t".join, zip(row.tokens, *row.columns.values(), strict=True))) + "\n\n"


def _json_lines(split: Split, sentences: Iterator[Row], path: Path) -> Iterator[str]:
    for row in sentences:
        text = {} if row.text is None else {"text": row.text}
        yield json.dumps({**text, "tokens": row.tokens, **row.columns}, ensure_ascii=False) + "\n"


_TEXT_FORMS = {"conllu": _conllu, "columns": _columns, "jsonl": _json_lines}


def _write_parquet(split: Split, path: Path, relabel: Relabel | None) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = [name for name in split.data.column_names if name not in ("tokens", "tags", "text")]
    lists = [pa.field(name, pa.list_(pa.string())) for name in ("tokens", *names, split.label)]
    schema = pa.schema([*lists, pa.field("text", pa.string())])
    with pq.ParquetWriter(path, schema) as writer:
        piece: list[dict[str, object]] = []
        for row in rows(split, relabel):
            piece.append({"tokens": row.tokens, **row.columns, "text": row.text})
            if len(piece) == BATCH:
                writer.write_table(pa.Table.from_pylist(piece, schema=schema))
                piece.clear()
        writer.write_table(pa.Table.from_pylist(piece, schema=schema))


def _check_fields(row: Row, path: Path, number: int, forbidden: str) -> None:
    for values in (row.tokens, *row.columns.values()):
        for value in values:
            if not value.strip() or any(sign in value for sign in forbidden):
                what = "is blank" if not value.strip() else "holds a tab or a line end"
                raise OutputError(f"{path}: sentence {number}: {excerpt(value)} {what}; write JSON lines instead")


def _losses(split: Split, form: str) -> list[str]:
    if form == "conllu":
        return ["CoNLL-U: HEAD, DEPS and what else was in MISC, multiword ranges and empty nodes are not written"]
    if form == "columns" and "text" in split.data.column_names:
        return ["columns: the raw text of the sentences is not written"]
    return []


def _opened(path: Path, packing: str) -> IO[bytes]:
    if packing == ".gz":
        return cast(IO[bytes], gzip.open(path, "wb"))
    if packing == ".xz":
        return cast(IO[bytes], lzma.open(path, "wb"))
    return path.open("wb")
