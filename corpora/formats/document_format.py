"""Telling the format of a document by its name and its first bytes."""

from __future__ import annotations

import json
import re

from tagger.corpora.files.streams import uncompressed_suffix

_BY_SUFFIX = {
    **dict.fromkeys((".conllu", ".conllup"), "conllu"),
    **dict.fromkeys((".conll", ".iob", ".iob2", ".bio", ".tsv", ".col"), "conll"),
    **dict.fromkeys((".jsonl", ".ndjson"), "jsonl"),
    **dict.fromkeys((".tok", ".tokens"), "tokens"),
    **dict.fromkeys((".txt", ".text", ".md"), "text"),
}
_CONLLU_WORD = re.compile(r"[0-9]+(?:[-.][0-9]+)?(?:\t[^\t]*){9}")
_CONLLU_COMMENT = re.compile(r"# (?:sent_id|text|newdoc|newpar|global\.columns)\b")


def detect_format(head: bytes, name: str) -> str:
    """One of ``INPUT_FORMATS``, the name first and then the content; text if nothing speaks against it.

    Columns that are CoNLL-U are read as such whatever their name, for ``.conll`` often holds them.

    Args:
        head: the first bytes of the document, unpacked.
        name: its path, ``-`` for the standard input.
    """
    named = _BY_SUFFIX.get(uncompressed_suffix(name))
    if named in ("conllu", "jsonl", "tokens"):
        return named
    lines = [line.rstrip("\r") for line in head.decode("utf-8-sig", "replace").split("\n")[:200] if line.strip()]
    if named == "text" and not _is_conllu(lines):
        return named
    return _by_content(lines, named or "text")


def _by_content(lines: list[str], otherwise: str) -> str:
    if _is_conllu(lines):
        return "conllu"
    if otherwise == "conll" or not lines:
        return otherwise
    if _is_json(lines[0]):
        return "jsonl"
    if lines[0].startswith("-DOCSTART-") or _is_table(lines):
        return "conll"
    return otherwise


def _is_conllu(lines: list[str]) -> bool:
    words = [line for line in lines if not line.startswith("#")]
    if not words:
        return bool(lines) and bool(_CONLLU_COMMENT.match(lines[0]))
    return bool(_CONLLU_WORD.fullmatch(words[0]))


def _is_json(line: str) -> bool:
    """A complete object, or the beginning of a very long one."""
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return re.match(r'\{\s*"[^"]*"\s*:', line) is not None


def _is_table(lines: list[str]) -> bool:
    """Whether most lines have the same number of tabs, at least one."""
    tabs = [line.count("\t") for line in lines if not line.startswith("# ")][:-1] or [lines[0].count("\t")]
    width = max(set(tabs), key=tabs.count)
    return width > 0 and 10 * tabs.count(width) >= 9 * len(tabs)
