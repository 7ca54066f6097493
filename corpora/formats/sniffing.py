"""Recognise the format of a file by its content, with its name as a second opinion."""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import takewhile
from pathlib import Path

from tagger.corpora.files.lines import split_fields
from tagger.corpora.files.streams import ARCHIVES, ARROW, PARQUET, read_head, uncompressed_suffix
from tagger.corpora.formats.conllu import FIELD_NAMES
from tagger.corpora.formats.csv_tables import WORD_KEYS
from tagger.corpora.formats.layout import HEADER, MARKUP
from tagger.corpora.formats.records import TOKEN_KEYS
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


def sniff(path: Path, name: str) -> str:
    """Recognise the format of a labelled file, one of ``FORMATS``.

    Args:
        path: the file.
        name: the name to use in messages.

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
    if kind := next((kind for magic, kind in ARCHIVES.items() if head.startswith(magic)), None):
        raise CorpusError(f"{kind}; unpack it first", path=name)
    if head.startswith(PARQUET):
        with path.open("rb") as stream:
            if stream.read(len(PARQUET)) != PARQUET:
                raise CorpusError("a compressed Parquet file; unpack it first", path=name)
    return head


def sniff_text(text: str, extension: str, name: str) -> str:
    """Recognise the format of a labelled text by its first lines.

    Args:
        text: the beginning of a file.
        extension: the suffix of its name.
        name: the file, for messages.
    """
    filled = _filled_lines(text)
    if not filled:
        raise CorpusError("the file is empty but for white space", path=name)
    data = [line for line in filled if not line.startswith("#")] or filled
    expected = SUFFIXES.get(extension)
    form = _by_content(filled, data, named=extension in (".csv", ".tsv")) or expected
    if form == "columns" and expected == "conllu":
        return "conllu"
    if form is None:
        what = "words without labels" if _share(data, r"\S+") > 0.9 else "text without labels"
        message = f"{what}, by its first lines; expected {KNOWN}"
        other = "; plain text is for language models (tagger train lm)" if what.startswith("text") else ""
        raise CorpusError(f"{message}; if it is one of these, say which (--format){other}", path=name)
    return form


def sniff_document(head: bytes, name: str) -> str:
    """Recognise the format of a document to be tagged, the name first and then the content.

    Columns that are CoNLL-U are read as such whatever their name, for ``.conll`` often holds them.

    Args:
        head: the first bytes of the document, decompressed.
        name: its path, ``-`` for the standard input.

    Returns:
        One of ``INPUT_FORMATS``; ``text`` if nothing speaks against it.
    """
    named = DOCUMENT_SUFFIXES.get(uncompressed_suffix(name))
    if named in ("conllu", "jsonl", "tokens"):
        return named
    lines = _filled_lines(head.decode("utf-8-sig", "replace"))[:MAX_DOCUMENT_LINES]
    comments = all(line.startswith("#") for line in lines)
    data = [line for line in lines if not line.startswith("#")] or lines
    if is_vertical(data):
        return "vertical"
    if names := column_names(lines):
        return "conllu" if names == FIELD_NAMES else "columns"
    if _is_conllu(lines) or (lines and comments and CONLLU_COMMENT.match(lines[0])):
        return "conllu"
    if lines and _is_slashed(data, LABELLED):
        return "slashed"
    if named in ("columns", "vertical", "slashed"):
        return named
    if named == "text" or not lines:
        return "text"
    if _is_json(lines[0]):
        return "jsonl"
    return "columns" if lines[0].startswith("-DOCSTART-") or _is_table(lines) else "text"


def _filled_lines(text: str) -> list[str]:
    """Return the lines that are not blank, without a last one that may be cut off."""
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    lines = lines[:-1] if len(lines) > 1 and not text.endswith("\n") else lines
    return [line for line in lines if line.strip()]


def _by_content(filled: list[str], data: list[str], *, named: bool) -> str | None:
    first = filled[0].lstrip()
    if first.startswith("{") or re.match(r"\[\s*([\[{\"]|$)", first):
        return "jsonl"
    if is_vertical(data):
        return "vertical"
    if names := column_names(filled):
        return "conllu" if names == FIELD_NAMES else "columns"
    if _is_conllu(data):
        return "conllu"
    if delimiter := _header_delimiter(filled[0], named=named):
        return "tsv" if delimiter == "\t" else "csv"
    if 2 * sum("\t" in line for line in data) > len(data):
        return "columns"
    if _is_slashed(data):
        return "slashed"
    width, lines = Counter(len(split_fields(line)) for line in data).most_common(1)[0]
    return "columns" if 1 < width < 20 and 10 * lines > 9 * len(data) else None


def _is_conllu(lines: list[str]) -> bool:
    """Whether most lines are words of CoNLL-U, comments apart."""
    words = [line for line in lines if not line.startswith("#")]
    return 2 * sum(bool(CONLLU_WORD.fullmatch(line)) for line in words) > len(words)


def column_names(lines: list[str]) -> tuple[str, ...]:
    """Return the names of the columns that a comment before the first word gives, in small letters."""
    comments = takewhile(lambda line: line.startswith("#"), lines)
    return next((tuple(found[1].lower().split()) for line in comments if (found := HEADER.match(line))), ())


def is_vertical(lines: list[str]) -> bool:
    """Whether the first line is a structure tag, and most others are too or hold one word, or tabs."""
    words = [line for line in lines if not MARKUP.fullmatch(line)]
    usual = sum("\t" in line or " " not in line.strip() for line in words)
    return bool(words and MARKUP.fullmatch(lines[0])) and 10 * usual > 9 * len(words)


def _is_slashed(lines: list[str], pattern: re.Pattern[str] = SLASHED) -> bool:
    """Whether more than nine in ten words have a label attached."""
    words = [word for line in lines for word in split_fields(line)]
    return 10 * sum(bool(pattern.fullmatch(word)) for word in words) > 9 * len(words)


def _is_json(line: str) -> bool:
    """Whether a line is a JSON object, or the beginning of a very long one."""
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return re.match(r'\{\s*"[^"]*"\s*:', line) is not None


def _is_table(lines: list[str]) -> bool:
    """Whether most lines have the same number of tabs, at least one."""
    tabs = [line.count("\t") for line in lines if not line.startswith("# ")] or [lines[0].count("\t")]
    width = max(set(tabs), key=tabs.count)
    return width > 0 and 10 * tabs.count(width) >= 9 * len(tabs)


def _header_delimiter(line: str, *, named: bool) -> str | None:
    """Return what separates the columns of a first line that names a column of words.

    It must name a column of labels too, unless the file is ``named`` a table: ``word`` alone may be a word.
    """
    for delimiter in ("\t", ",", ";"):
        cells = [cell.strip().strip('"').lower() for cell in line.split(delimiter)]
        words = any(cell in (*TOKEN_KEYS, *WORD_KEYS) for cell in cells)
        if len(cells) > 1 and words and (named or any(cell in LABEL_KEYS for cell in cells)):
            return delimiter
    return None


def _share(lines: list[str], pattern: str) -> float:
    return sum(bool(re.fullmatch(pattern, line)) for line in lines) / len(lines)
