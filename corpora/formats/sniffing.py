"""Recognise the format of a file by its content, with its name as a second opinion."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path

from tagger.corpora.files.lines import split_fields
from tagger.corpora.files.streams import ARROW, PARQUET, read_head, refuse_archive, uncompressed_suffix
from tagger.corpora.formats.conllu import FIELD_NAMES
from tagger.corpora.formats.csv_tables import BOUNDARY, WORD_KEYS
from tagger.corpora.formats.layout import DOCUMENT, HEADER, MARKUP, label_kind
from tagger.corpora.formats.records import TEXT_KEYS, TOKEN_KEYS
from tagger.corpora.formats.registry import SUFFIXES
from tagger.errors import CorpusError

DOCUMENT_SUFFIXES = {
    **SUFFIXES,
    **dict.fromkeys((".tok", ".tokens"), "tokens"),
    **dict.fromkeys((".txt", ".text", ".md"), "text"),
}
LABEL_KEYS = {
    *("label", "labels", "lemma", "feats", "deprel", "tag", "tags", "upostag", "xpostag", "postag"),
    *(f"{kind}{ending}" for kind in ("upos", "xpos", "pos", "ner", "chunk") for ending in ("", "_tag", "_tags")),
}
CONLLU_WORD = re.compile(r"\d+([-.]\d+)?(\t[^\t]*){9}")
CONLLU_COMMENT = re.compile(r"# (?:sent_id|text|newdoc|newpar|global\.columns)\b")
SLASHED = re.compile(r"[^ \t]+(?:/[^ \t/]+|_[^ \t_a-z]+|\|[^ \t|]+)")
LABELLED = re.compile(r"[^ \t]+[/_|](?:[A-Z][A-Z0-9$+.:-]*(?:[-_][A-Za-z]+)?|[^\w\s]{1,5})")  # no list of paths
KNOWN = "CoNLL-U, columns, vertical text, JSON lines, CSV, TSV, Parquet or word/TAG text"
MAX_DOCUMENT_LINES = 200
ID_KEYS = {"", "id", "token_id", "doc", "index"}
TAGS = re.compile(r"</[A-Za-z][\w.:-]*\s*>|<[A-Za-z][^<>]*[\"'/]>")
"""An end tag, or a tag with attributes or without content."""
_STRING = r'"(?:[^"\\]|\\.)*"\s*'
TEXT_CELL = re.compile(r"^(?=.*\S\t)(?:.*\t)?(?:[^\t ]+ ){2,}[^\t ]")
"""A line with tabs, one cell of which holds three words or more."""
UNREADABLE = {
    "stand-off annotations of brat": re.compile(r"[TREAMN]\d+\t\S+ \S+ \S"),
    "bracketed trees": re.compile(r"\(\s*(?:[A-Z-]{1,6} )?\([A-Z$-]{1,6} "),
}
"""Formats that are named rather than read, by their first lines."""
JSON = re.compile(rf"\s*(?:\{{\s*(?:{_STRING}(?::|$)|\}}|$)|\[\s*(?:[\[{{]|{_STRING}[],]|$))")
LABEL = re.compile(r"[A-Z$][A-Z0-9$.,(*+-]{0,9}|[^\w\s]{1,3}|_")


def sniff(path: Path, name: str) -> str:
    """Recognise the format of a labelled file, one of ``FORMATS``.

    Raises:
        CorpusError: it is empty, or in no format that holds labels.
    """
    head = checked_head(path, name)
    if head.startswith((PARQUET, ARROW)):
        return "parquet"
    if not head.strip():
        raise CorpusError("the file is empty", path=name)
    return sniff_text(head.decode("utf-8", "replace"), uncompressed_suffix(path if path.suffix else name), name)


def checked_head(path: Path, name: str) -> bytes:
    """Return the first bytes of a file, decompressed.

    Raises:
        CorpusError: the file cannot be read, is an archive or compressed Parquet.
    """
    head = read_head(path, name)
    refuse_archive(head, name)
    if head.startswith(PARQUET):
        with path.open("rb") as stream:
            if stream.read(len(PARQUET)) != PARQUET:
                raise CorpusError("a compressed Parquet file; unpack it first", path=name)
    return head


def sniff_text(text: str, extension: str, name: str) -> str:
    """Recognise the format of a labelled text by its first lines and the suffix of its name."""
    lines = _filled_lines(text)
    if not lines:
        raise CorpusError("the file is empty but for white space", path=name)
    form = _by_content(lines, extension, name) or ("jsonl" if lines[0].lstrip().startswith("{") else None)
    data, expected = _without_comments(lines), SUFFIXES.get(extension)
    if form is None and (_is_table(data) or _blank_columns(data)):
        form = "columns"
    if expected and form in (None, "columns"):
        form = expected if form is None or expected in ("conllu", "vertical") else form
    if form is None:
        what = "text" if any(" " in line.strip() for line in data) else "words"
        message = f"{what} without labels, by its first lines; expected {KNOWN}"
        other = "; plain text is for language models (tagger train lm)" if what == "text" else ""
        raise CorpusError(f"{message}; if it is one of these, say which (--format){other}", path=name)
    return form


def sniff_document(head: bytes, name: str) -> str:
    """Recognise the format of a document to be tagged, by some names and else by the content.

    Columns that are CoNLL-U are read as such whatever their name, for ``.conll`` often holds them. What looks like
    columns, a table, JSON or markup is never taken for raw text.

    Returns:
        ``text``, ``tokens`` or one of ``FORMATS``; ``text`` if nothing speaks against it.

    Raises:
        CorpusError: it is markup, or in a format that cannot be read.
    """
    extension = uncompressed_suffix(name)
    named = DOCUMENT_SUFFIXES.get(extension)
    if head.startswith((PARQUET, ARROW)):
        return "parquet"
    lines = _filled_lines(head.decode("utf-8-sig", "replace"))[:MAX_DOCUMENT_LINES]
    if named in ("conllu", "jsonl", "tokens") or not lines:
        return named or "text"
    if form := _by_content(lines, extension, name, document=True):
        return form
    if named == "csv" or _is_regular_csv(lines):
        return "csv"
    data = _without_comments(lines)
    if 2 * sum(bool(TEXT_CELL.search(line)) for line in data) > len(data):
        message = "a table of texts without names of its columns, expected a first line such as id<TAB>text"
        raise CorpusError(
            f"{message}; if a line holds a word and its labels, name the format (--input columns)", path=name
        )
    if named in ("columns", "vertical", "slashed"):
        return named
    markup = lines[0].startswith("{\\rtf") or MARKUP.match(lines[0].lstrip())
    if markup or 2 * sum(bool(TAGS.search(line)) for line in data) > len(data):
        message = "markup (XML, HTML, RTF), expected text or words; convert it to text first"
        raise CorpusError(f"{message}, or tag its tags as words with --input text", path=name)
    columns = _blank_columns(data) if len(data) > 2 else []
    return "columns" if _is_table(data) or any(map(_holds_labels, columns[1:], columns)) else "text"


def _by_content(lines: list[str], extension: str, name: str, *, document: bool = False) -> str | None:
    """Recognise what is certain: JSON, vertical text, CoNLL-U, names of columns, words with attached labels.

    A ``document`` may be a table of texts, and looks like text more often.
    """
    for what, pattern in UNREADABLE.items():
        if pattern.match(lines[0]):
            raise CorpusError(f"{what}, expected words; convert them to CoNLL-U, columns or JSON lines", path=name)
    data = _without_comments(lines)
    if JSON.match(lines[0]):
        return "jsonl"
    if _is_vertical(data):
        return "vertical"
    names = _column_names(lines)
    conllu = 2 * sum(bool(CONLLU_WORD.fullmatch(line)) for line in data) > len(data)
    if names == FIELD_NAMES or (not names and (conllu or (data is lines and CONLLU_COMMENT.match(lines[0])))):
        return "conllu"
    if names or lines[0].startswith(DOCUMENT):
        return "columns"
    labelled = LABELLED if document else SLASHED
    words = [word for line in data for word in split_fields(line)] if extension != ".csv" else []
    if words and 10 * sum(bool(labelled.fullmatch(word)) for word in words) > 9 * len(words):
        return "slashed"
    return _named_table(lines, named=extension in (".csv", ".tsv"), document=document)


def _named_table(lines: list[str], *, named: bool, document: bool) -> str | None:
    """Recognise a table by a first line that names a column of words or texts and another one.

    Where the file is not ``named`` a table, ``word`` before a tab may be a word.
    """
    held = {*TOKEN_KEYS, *WORD_KEYS, *(TEXT_KEYS if document else ())}
    for delimiter in "\t,;|":
        rows = _rows(lines, delimiter)
        header = {cell.strip().strip('"').lower() for cell in rows[0]}
        words, others = header & held, header & LABEL_KEYS
        if document:
            others |= {cell for cell in header if cell in ID_KEYS or BOUNDARY.fullmatch(cell)}
        if words and _is_regular(rows) and (named or len(rows[0]) > 1):
            free = named or (document and (delimiter != "\t" or not words.isdisjoint(TEXT_KEYS)))
            if (
                others
                or (document and len(words) > 1)
                or (free and len(rows) > 1 and not re.search(r"[.!?]", lines[0]))
            ):
                return "tsv" if delimiter == "\t" else "csv"
    return None


def _is_regular_csv(lines: list[str]) -> bool:
    """Whether lines are cells without blanks between them."""
    if len(lines) < 3:
        return False
    rows = {sign: _rows(lines, sign) for sign in ",;|" if not any(f"{sign} " in line for line in lines)}
    return any(len(cells[0]) > 1 and _is_regular(cells) for cells in rows.values())


def _rows(lines: list[str], delimiter: str) -> list[list[str]]:
    """Divide lines into cells; those whose quotes are not balanced have none."""
    try:
        return list(csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE if delimiter == "\t" else 0))
    except csv.Error:
        return [[]]


def _is_regular(rows: list[list[str]]) -> bool:
    """Whether nine in ten rows have as many cells as the first one."""
    return 10 * sum(len(row) == len(rows[0]) for row in rows) >= 9 * len(rows)


def _without_comments(lines: list[str]) -> list[str]:
    return [line for line in lines if not line.startswith("#")] or lines


def _filled_lines(text: str) -> list[str]:
    """Return the lines that are not blank, without a last one that may be cut off."""
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    lines = lines[:-1] if len(lines) > 1 and not text.endswith("\n") else lines
    return [line for line in lines if line.strip()]


def _column_names(lines: list[str]) -> tuple[str, ...]:
    """Return the names of the columns that a comment before the first word gives, in small letters."""
    comments = takewhile(lambda line: line.startswith("#"), lines)
    return next((tuple(found[1].lower().split()) for line in comments if (found := HEADER.match(line))), ())


def _is_vertical(lines: list[str]) -> bool:
    """Whether the first line is a structure tag, and most others are too or hold one word, or tabs."""
    words = [line for line in lines if not MARKUP.fullmatch(line)]
    usual = sum("\t" in line or " " not in line.strip() for line in words)
    return bool(words and MARKUP.fullmatch(lines[0])) and 10 * usual > 9 * len(words)


def _is_table(lines: list[str]) -> bool:
    """Whether most lines hold tabs, not counting those that indent a line; one line tells only if all hold one."""
    return len(lines) > 1 and 2 * sum("\t" in line.strip() for line in lines) > len(lines)


def _blank_columns(lines: list[str]) -> list[tuple[str, ...]]:
    """Return the columns of lines nearly all of which have the same few fields between blanks; else nothing."""
    rows = [split_fields(line) for line in lines]
    width, usual = Counter(map(len, rows)).most_common(1)[0]
    if not 1 < width < 20 or 10 * usual < 9 * len(rows):
        return []
    return list(zip(*[row for row in rows if len(row) == width], strict=True))


def _holds_labels(column: Sequence[str], words: Sequence[str]) -> bool:
    """Whether a column holds labels of a usual kind, or capital letters and signs that recur."""
    if label_kind(column, words) in ("upos", "pos", "ner", "chunk"):
        return True
    found = [label for label in column if LABEL.fullmatch(label)]
    letters = sum(any(map(str.isalpha, label)) for label in found)
    return 10 * len(found) >= 9 * len(column) and 2 * letters > len(column) >= 2 * len({*column}) - 2
