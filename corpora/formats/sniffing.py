"""Telling the format of a file by its content, with its name as a second opinion."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from tagger.corpora.files.paths import open_file
from tagger.corpora.files.streams import ARCHIVES, PARQUET, read_head, uncompressed_suffix
from tagger.corpora.formats.csv_tables import WORD_KEYS
from tagger.corpora.formats.jsonl import TOKEN_KEYS
from tagger.errors import CorpusError

BY_EXTENSION = {
    **dict.fromkeys((".conllu", ".conllx", ".conllup"), "conllu"),
    **dict.fromkeys((".jsonl", ".ndjson", ".json"), "jsonl"),
    **dict.fromkeys((".conll", ".iob", ".iob2", ".bio", ".bioes", ".col", ".tsv"), "columns"),
    **dict.fromkeys((".tagged", ".pos"), "slashed"),
    ".csv": "csv",
    ".parquet": "parquet",
}
LABEL_KEYS = {
    *("label", "labels", "lemma", "feats", "deprel", "tag", "tags", "upostag", "xpostag", "postag"),
    *(f"{kind}{ending}" for kind in ("upos", "xpos", "pos", "ner", "chunk") for ending in ("", "_tag", "_tags")),
}
CONLLU_ID = re.compile(r"\d+([-.]\d+)?\t")
SLASHED = re.compile(r"\S+/[^\s/]+|\S+_[^\s_a-z]+")
KNOWN = "CoNLL-U, columns, JSON lines, CSV, TSV, Parquet or word/TAG text"


def sniff(path: Path, name: str) -> str:
    """The format of a file, one of ``formats.FORMATS``.

    Args:
        path: the file.
        name: the name to use in messages.

    Raises:
        CorpusError: it is empty, or in no format that holds labels.
    """
    with open_file(path, name) as stream:
        magic = stream.peek(4)[:4]
    if magic == PARQUET:
        return "parquet"
    for start, kind in ARCHIVES.items():
        if magic.startswith(start):
            raise CorpusError(f"{kind}; unpack it first", path=name)
    head = read_head(path, name)
    if not head.strip():
        raise CorpusError("the file is empty", path=name)
    if head.startswith(PARQUET):
        raise CorpusError("a compressed Parquet file; unpack it first", path=name)
    return sniff_text(head.decode("utf-8", "replace"), uncompressed_suffix(path if path.suffix else name), name)


def sniff_text(text: str, extension: str, name: str) -> str:
    """The format of a text by its first lines.

    Args:
        text: the beginning of a file.
        extension: what its name ends in.
        name: the file, for messages.
    """
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    lines = lines[:-1] if len(lines) > 1 and not text.endswith("\n") else lines
    filled = [line for line in lines if line.strip()]
    if not filled:
        raise CorpusError("the file is empty but for white space", path=name)
    data = [line for line in filled if not line.startswith("#")] or filled
    expected = BY_EXTENSION.get(extension)
    found = _by_content(filled, data, named=extension in (".csv", ".tsv")) or expected
    if found == "columns" and expected == "conllu":
        return "conllu"
    if found is None:
        what = "words without labels" if _share(data, r"\S+") > 0.9 else "text without labels"
        message = f"{what}, as far as can be told; expected {KNOWN}"
        other = "; plain text is for language models (tagger train lm)" if what.startswith("text") else ""
        raise CorpusError(f"{message}; if it is one of these, say which (--format){other}", path=name)
    return found


def _by_content(filled: list[str], data: list[str], *, named: bool) -> str | None:
    first = filled[0].lstrip()
    if first.startswith("{") or re.match(r"\[\s*(\{|$)", first):
        return "jsonl"
    tabs = [line.count("\t") for line in data]
    if 2 * sum(count == 9 and bool(CONLLU_ID.match(line)) for count, line in zip(tabs, data, strict=True)) > len(data):
        return "conllu"
    if delimiter := _header_delimiter(filled[0], named=named):
        return "tsv" if delimiter == "\t" else "csv"
    if 2 * sum(count > 0 for count in tabs) > len(data):
        return "columns"
    words = [word for line in data for word in line.split()]
    if 10 * sum(bool(SLASHED.fullmatch(word)) for word in words) > 9 * len(words):
        return "slashed"
    width, lines = Counter(len(line.split()) for line in data).most_common(1)[0]
    return "columns" if 1 < width < 20 and 10 * lines > 9 * len(data) else None


def _header_delimiter(line: str, *, named: bool) -> str | None:
    """What separates the columns of a first line that names a column of words.

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
