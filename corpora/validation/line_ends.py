"""Check of files as bytes: mixed line ends."""

from __future__ import annotations

from pathlib import Path

from tagger.corpora.files.lines import CHUNK_BYTES
from tagger.corpora.files.streams import open_bytes
from tagger.corpora.validation.findings import Findings
from tagger.errors import CorpusError


def check_line_ends(path: Path, name: str, form: str, findings: Findings) -> None:
    r"""Report a file that ends some lines with ``\r\n``, others with ``\n``; not one that cannot be read."""
    if form == "parquet":
        return
    try:
        lines, returns = _count(path, name)
        if 0 < returns < lines:
            fewer = 2 * returns <= lines
            ending, count = (r"\r\n", returns) if fewer else (r"\n", lines - returns)
            detail = f"{count:,} of {lines:,} lines end in {ending}, this is the first of them"
            findings.add("line-ends", name, _first(path, name, returned=fewer), detail)
    except CorpusError:
        return


def _count(path: Path, name: str) -> tuple[int, int]:
    """Count line ends, and those with a carriage return."""
    lines = returns = 0
    last = b""
    with open_bytes(path, name) as stream:
        while block := stream.read(CHUNK_BYTES):
            lines += block.count(b"\n")
            returns += block.count(b"\r\n") + (last == b"\r" and block[:1] == b"\n")
            last = block[-1:]
    return lines, returns


def _first(path: Path, name: str, *, returned: bool) -> int:
    """Find the first line that ends with a carriage return, or without."""
    with open_bytes(path, name) as stream:
        return next(number for number, line in enumerate(stream, 1) if line.endswith(b"\r\n") == returned)
