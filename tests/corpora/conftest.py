"""Shared by the tests of corpora: a cache of their own, and small corpora of which everything is known."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tagger.corpora.files.lines import blocks, read_blocks
from tagger.corpora.formats.options import LabelledFile, ReadOptions
from tagger.corpora.formats.registry import FORMATS
from tagger.corpora.formats.sentence import Problem, RawSentence

WORDS = [["They", "can", "fish", "."], ["Dogs", "bark", "loudly"], ["A", "can", "of", "fish"]]
TAGS = [["PRON", "AUX", "VERB", "PUNCT"], ["NOUN", "VERB", "ADV"], ["DET", "NOUN", "ADP", "NOUN"]]

COMPRESSIONS = (".gz", ".xz", ".bz2", ".zst")
"""The suffixes of compressed files that every reader takes, whatever the source says."""

Write = Callable[[str, str | bytes], Path]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAGGER_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file into the test's folder and gives its path."""

    def write_file(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_file


def compressed(data: bytes, suffix: str) -> bytes:
    """Data as the program compresses it whose files have the suffix."""
    if suffix == ".zst":
        sink = pa.BufferOutputStream()
        with pa.CompressedOutputStream(sink, "zstd") as stream:
            stream.write(data)
        return bytes(sink.getvalue())
    if suffix == ".gz":
        return gzip.compress(data, mtime=0)
    return lzma.compress(data) if suffix == ".xz" else bz2.compress(data)


def parse(form: str, text: str, **options: Any) -> tuple[list[RawSentence], list[Problem]]:
    """The sentences and problems of a text in a format."""
    source = blocks(io.BytesIO(text.encode())) if FORMATS[form].open is read_blocks else text.split("\n")
    problems: list[Problem] = []
    file = LabelledFile(Path("a"), f"a.{form}", ReadOptions(**options))
    return list(FORMATS[form].read(source, file, problems.append)), problems


def conllu(words: list[list[str]], tags: list[list[str]]) -> str:
    """The sentences as CoNLL-U, the XPOS being the UPOS in small letters."""
    blocks = []
    for tokens, labels in zip(words, tags, strict=True):
        rows = [
            f"{n}\t{token}\t{token.lower()}\t{tag}\t{tag.lower()}\t_\t0\tdep\t_\t_"
            for n, (token, tag) in enumerate(zip(tokens, labels, strict=True), 1)
        ]
        blocks.append("\n".join([f"# text = {' '.join(tokens)}", *rows]) + "\n\n")
    return "".join(blocks)


@pytest.fixture
def small() -> str:
    """Three sentences as CoNLL-U."""
    return conllu(WORDS, TAGS)
