"""Tables with a column of text: JSON lines, Parquet, CSV and TSV files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tagger.corpora.files.lines import DamagedLine, read_lines
from tagger.corpora.formats.csv_tables import DOCUMENT_KEYS, TableReader, checked_row, is_blank
from tagger.corpora.formats.jsonl import parse_object
from tagger.corpora.formats.options import DEFAULTS, ReadOptions
from tagger.corpora.formats.records import TOKEN_KEYS
from tagger.corpora.formats.sentence import InvalidSentenceError, excerpt
from tagger.errors import CorpusError

ROW_FORMS = ("jsonl-text", "parquet-text", "csv-text", "tsv-text")
TEXT_COLUMNS = ("text", "sentence", "content", *DOCUMENT_KEYS)
ROWS_AT_A_TIME = 1000


def choose_text_column(
    strings: Mapping[str, bool], asked: str | None, source: str, *, tokens: Sequence[str] = TOKEN_KEYS
) -> str | None:
    """Choose the column of text.

    Args:
        strings: all columns, each with whether it holds strings.
        asked: the column that the user named, None for one with a usual name.
        source: the name of the table in messages.
        tokens: names of columns of words, which replace text.

    Returns:
        Its name, or None where there is a column of words instead.

    Raises:
        CorpusError: there is neither.
    """
    if asked is not None:
        if strings.get(asked):
            return asked
        what = "holds no strings" if asked in strings else "is not there"
        raise CorpusError(f"the column {asked!r} {what}; {_described(strings)}", path=source)
    words = next((name for name in tokens if name in strings and not strings[name]), None)
    if words is not None and strings.get("text"):
        return None  # words in their raw text
    text = next((name for name in TEXT_COLUMNS if strings.get(name)), None)
    candidates = [name for name, of_strings in strings.items() if of_strings]
    text = text or (candidates[0] if len(candidates) == 1 and words is None else None)
    if text is None and words is None:
        raise CorpusError(f"no column of text; {_described(strings)}; name it (--text-column)", path=source)
    return text


def _described(strings: Mapping[str, bool]) -> str:
    candidates = ", ".join(name for name, of_strings in strings.items() if of_strings) or "none"
    return f"columns of strings: {candidates} (of {', '.join(strings) or 'none'})"


def has_text_column(head: str, asked: str | None, *, tabs: bool) -> bool:
    """Whether the rows of a CSV or TSV table hold texts, not single words, by its beginning."""
    if asked is not None:
        return True
    try:
        table = TableReader(head.split("\n")[:-1] or [head], DEFAULTS, None, "\t" if tabs else None)
    except CorpusError:
        return False
    if table.header[table.words].lower() not in TEXT_COLUMNS or {*TOKEN_KEYS} & {*map(str.lower, table.header)}:
        return False
    return table.kind == "texts" or all(cells is None for _, _, cells in table.rows())  # a row longer than the head


def has_text_rows(record: Mapping[str, Any], asked: str | None) -> bool:
    """Whether a JSON record is a row of text, not a labelled sentence."""
    strings = _strings(record)
    if asked is not None:
        return bool(strings.get(asked))
    return not any(key in record for key in TOKEN_KEYS) and any(strings.get(name) for name in TEXT_COLUMNS)


def rows_of_file(path: Path, name: str, form: str, column: str | None) -> Iterator[str]:
    """Read the text of each row; a row without text is a ``DamagedLine``.

    Without `column` the column of text is one with a usual name.

    Raises:
        CorpusError: there is no such column, or the file cannot be read.
    """
    if form == "jsonl-text":
        return _json_rows(path, name, column)
    if form == "parquet-text":
        return _parquet_rows(path, name, column)
    return _table_texts(path, name, column, tabs=form == "tsv-text")


def row_lines(rows: Iterable[str], *, apart: bool) -> Iterator[str]:
    """Split rows into lines; if `apart`, a blank line ends the sentences of each row."""
    for row in rows:
        if isinstance(row, DamagedLine):
            yield row
            continue
        yield from row.replace("\r\n", "\n").removesuffix("\n").split("\n")
        if apart:
            yield ""


def _table_texts(path: Path, name: str, column: str | None, *, tabs: bool) -> Iterator[str]:
    options = ReadOptions(text_column=column)
    table = TableReader(read_lines(path, name), options, name, "\t" if tabs else None, labels=False)
    for row in table.rows():
        if not is_blank(row):
            try:
                yield checked_row(row, table.width)[table.words]
            except InvalidSentenceError as error:
                yield DamagedLine(str(error), row[0])


def _json_rows(path: Path, name: str, column: str | None) -> Iterator[str]:
    for number, line in enumerate(read_lines(path, name), 1):
        if not line or line.isspace():
            continue
        try:
            record = parse_object(line)
        except ValueError as error:
            yield DamagedLine(str(error), number)
            continue
        column = column or choose_text_column(_strings(record), None, name)
        value = record.get(column or "")
        missing = f"no text in column {column!r}: {excerpt(line)}"
        yield value if isinstance(value, str) else DamagedLine(missing, number)


def _strings(record: Mapping[str, Any]) -> dict[str, bool]:
    return {key: isinstance(value, str) for key, value in record.items()}


def _parquet_rows(path: Path, name: str, column: str | None) -> Iterator[str]:
    from tagger.corpora.formats.parquet import open_parquet

    with open_parquet(path, name) as file:
        chosen = choose_text_column(parquet_columns(file.schema_arrow), column, name)
        batches = file.iter_batches(ROWS_AT_A_TIME, columns=[chosen])
        for row, value in enumerate((value for batch in batches for value in batch.column(0).to_pylist()), 1):
            yield DamagedLine("a row without text", row) if value is None else value


def parquet_columns(schema: Any) -> dict[str, bool]:
    """Map each column of an Arrow schema to whether it holds strings."""
    import pyarrow as pa

    return {field.name: pa.types.is_string(field.type) or pa.types.is_large_string(field.type) for field in schema}
