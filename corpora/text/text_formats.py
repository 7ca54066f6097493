"""The form of a text file: plain text unless it is clearly a labelled corpus or a table."""

from __future__ import annotations

from pathlib import Path

from tagger.corpora.files.streams import PARQUET, uncompressed_suffix
from tagger.corpora.formats.jsonl import parse_object
from tagger.corpora.formats.registry import FORMATS, SUFFIXES
from tagger.corpora.formats.sniffing import checked_head, sniff_text
from tagger.corpora.text.text_files import TEXT, TOKENS
from tagger.corpora.text.text_split import TextOptions
from tagger.corpora.text.text_tables import choose_text_column, has_text_column, has_text_rows, parquet_columns
from tagger.errors import CorpusError

MIN_LINES = 20  # in fewer lines apparent labels are an accident
_TABLES = {".csv": "csv-text", ".tsv": "tsv-text"}


def form_of(path: Path, name: str, options: TextOptions) -> str:
    """Recognise the form of a file, unless the options give it.

    Returns:
        One of ``text_files.BY_LINES`` or of ``formats.FORMATS``.

    Raises:
        CorpusError: the file is missing, empty, an archive or not text.
    """
    format = options.format
    if format is not None and format not in (TEXT, *FORMATS):
        raise CorpusError(f"no format {format!r}; there are: {', '.join((TEXT, *FORMATS))}", path=name)
    head = checked_head(path, name)
    if head.startswith(PARQUET):
        return _of_parquet(path, name, options.text_column)
    if not head:
        raise CorpusError("the file is empty; expected text", path=name)
    if _binary(head):
        raise CorpusError("a binary file; expected text in UTF-8, or a labelled corpus", path=name)
    extension = uncompressed_suffix(path if path.suffix else name)
    if options.tokenised and format is None and extension not in SUFFIXES:
        return TOKENS
    if format is not None:
        return TOKENS if options.tokenised and format == TEXT else format
    return form_of_text(head.decode("utf-8", "replace"), extension, name, options.text_column)


def _of_parquet(path: Path, name: str, text_column: str | None) -> str:
    from tagger.corpora.formats.parquet import open_parquet

    with open_parquet(path, name) as table:
        columns = parquet_columns(table.schema_arrow)
    return "parquet-text" if choose_text_column(columns, text_column, name) else "parquet"


def _binary(head: bytes) -> bool:
    """Whether bytes are not text in any encoding, by the share of control characters."""
    sample = head[:4096]
    control = sum(byte < 32 and byte not in b"\t\n\v\f\r\x1b" for byte in sample)
    return control > 0.02 * len(sample) and control > 1


def form_of_text(text: str, extension: str, name: str, text_column: str | None) -> str:
    """Recognise the form of a text by its beginning and the suffix of the file's name."""
    if extension in _TABLES and has_text_column(text, text_column, tabs=extension == ".tsv"):
        return _TABLES[extension]
    try:
        form = sniff_text(text, extension, name)
    except CorpusError:
        return TEXT
    lines = [line for line in text.split("\n") if line.strip()]
    if form == "jsonl":
        try:
            return "jsonl-text" if has_text_rows(parse_object(lines[0]), text_column) else form
        except ValueError:
            return form if extension in SUFFIXES else TEXT
    if extension in SUFFIXES or form == "conllu":
        return form
    labelled = form != "columns" or ("" in text.split("\n")[:-1] and _are_labels(lines))
    return form if labelled and len(lines) >= MIN_LINES else TEXT


def _are_labels(lines: list[str]) -> bool:
    """Whether lines end in labels such as NOUN, B-loc, O or a stop, not in words of a text."""
    last = [line.split()[-1][0] for line in lines if not line.startswith("#")]
    small, capital = sum(map(str.islower, last)), sum(map(str.isupper, last))
    return 10 * small < len(last) and 2 * capital > len(last)
