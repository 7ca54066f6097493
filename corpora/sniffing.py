"""Telling the format of a file by its content, with its name as a second opinion."""

from __future__ import annotations

from pathlib import Path

from tagger.corpora.lines import read_head
from tagger.errors import CorpusError


def sniff(path: Path, name: str) -> str:
    """The format of a file, one of ``FORMATS``.

    Args:
        path: the file.
        name: the name to use in messages.

    Raises:
        CorpusError: it is empty, or in no format that holds labels.
    """
    head = read_head(path, name)
    if not head.strip():
        raise CorpusError("the file is empty", path=name)
    return "conllu"
