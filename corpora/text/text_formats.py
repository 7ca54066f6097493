"""What kind of file a text is read from: plain text, unless it is clearly a labelled corpus."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tagger.corpora.files.paths import open_file
from tagger.corpora.files.streams import ARCHIVES, PARQUET, read_head, uncompressed_suffix
from tagger.corpora.formats.registry import FORMATS, SUFFIXES
from tagger.corpora.formats.sniffing import sniff_text
from tagger.corpora.text.text_files import TEXT, TOKENS
from tagger.corpora.text.text_split import TextOptions
from tagger.corpora.text.text_tables import choose_text_column, has_text_column, has_text_rows, parquet_columns
from tagger.errors import CorpusError

ENOUGH_LINES = 20  # below it, what looks like labels is an accident
_TABLES = {".csv": "csv-text", ".tsv": "tsv-text"}


def form_of(path: Path, name: str, options: TextOptions) -> str:
    """How to read a file.

    Args:
        path: the file.
        name: what to call it in messages.
        options: the format that the user asked for, whether the text is tokenised.

    Returns:
        One of ``text_files.BY_LINES`` or of ``formats.FORMATS``.

    Raises:
        CorpusError: it is missing, empty, an archive or no text at all.
    """
    format = options.format
    if format is not None and format not in (TEXT, *FORMATS):
        raise CorpusError(f"no format {format!r}; there are: {', '.join((TEXT, *FORMATS))}", path=name)
    with open_file(path, name) as stream:
        magic = stream.peek(8)[:8]
    if magic.startswith(PARQUET):
        return _of_parquet(path, name, options.text_column)
    if archive := next((kind for start, kind in ARCHIVES.items() if magic.startswith(start)), None):
        raise CorpusError(f"{archive}; unpack it first", path=name)
    head = read_head(path, name)
    if not head:
        raise CorpusError("the file is empty; expected text", path=name)
    if _binary(head):
        raise CorpusError("a binary file; expected text in UTF-8, or a labelled corpus", path=name)
    extension = _extension(path, name)
    if options.tokenised and format is None and extension not in SUFFIXES:
        return TOKENS
    if format is not None:
        return TOKENS if options.tokenised and format == TEXT else format
    return form_of_text(head.decode("utf-8", "replace"), extension, name, options.text_column)


def _of_parquet(path: Path, name: str, text_column: str | None) -> str:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        schema = pq.read_schema(path)
    except (pa.ArrowException, OSError) as error:
        raise CorpusError(f"the Parquet file cannot be read: {' '.join(str(error).split())}", path=name) from error
    return "parquet-text" if choose_text_column(parquet_columns(schema), text_column, name) else "parquet"


def _binary(head: bytes) -> bool:
    """Whether bytes are not text in any encoding: many control characters among the first."""
    sample = head[:4096]
    control = sum(byte < 32 and byte not in b"\t\n\v\f\r\x1b" for byte in sample)
    return control > 0.02 * len(sample) and control > 1


def _extension(path: Path, name: str) -> str:
    return uncompressed_suffix(path if path.suffix else name)


def form_of_text(text: str, extension: str, name: str, text_column: str | None) -> str:
    """How to read a text, by its first lines.

    Args:
        text: the beginning of a file.
        extension: what its name ends in.
        name: the file, for messages.
        text_column: the column of text that the user named, if it is a table.
    """
    if extension in _TABLES and has_text_column(text, text_column, tabs=extension == ".tsv"):
        return _TABLES[extension]
    try:
        found = sniff_text(text, extension, name)
    except CorpusError:
        return TEXT
    lines = [line for line in text.split("\n") if line.strip()]
    record = _record(lines[0]) if found == "jsonl" else None
    if record is not None and has_text_rows(record, text_column):
        return "jsonl-text"
    if extension in SUFFIXES or found == "conllu" or record is not None:
        return found
    labelled = found != "columns" or ("" in text.split("\n")[:-1] and _are_labels(lines))
    return found if labelled and len(lines) >= ENOUGH_LINES and found != "jsonl" else TEXT


def _are_labels(lines: list[str]) -> bool:
    """Whether lines end in labels such as NOUN, B-loc, O or a stop rather than in words of a text."""
    last = [line.split()[-1][0] for line in lines if not line.startswith("#")]
    small, capital = sum(map(str.islower, last)), sum(map(str.isupper, last))
    return 10 * small < len(last) and 2 * capital > len(last)


def _record(line: str) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None
