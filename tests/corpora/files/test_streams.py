"""One opener of files: every reader takes every compression."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from tagger.corpora.documents.input import Documents
from tagger.corpora.files.streams import open_bytes, open_text, uncompressed_suffix
from tagger.corpora.read_corpus import read_split
from tagger.corpora.tokenization.tokenizer import WordTokenizer
from tagger.errors import CorpusError
from tests.corpora.conftest import COMPRESSIONS, WORDS, Write, compressed


@pytest.mark.parametrize("suffix", COMPRESSIONS)
def test_what_can_be_tagged_can_be_trained_on(write: Write, small: str, suffix: str) -> None:
    path = write(f"a.conllu{suffix}", compressed(small.encode(), suffix))
    assert read_split(str(path)).tokens() == WORDS
    with Documents([str(path)]) as documents:
        pieces = documents.pieces(WordTokenizer.from_rules("generic"))
        assert [piece.tokens for piece in pieces if piece.tokens] == WORDS


@pytest.mark.parametrize("suffix", COMPRESSIONS)
def test_a_file_that_is_cut_short_is_damaged(write: Write, suffix: str) -> None:
    data = compressed(b"".join(b"line %d\n" % number for number in range(9_000)), suffix)
    path = write(f"a.txt{suffix}", data[:-9])
    with pytest.raises(CorpusError, match="the compressed file is damaged or cut short"), open_bytes(path) as stream:
        stream.read()


@pytest.mark.parametrize("suffix", COMPRESSIONS)
def test_the_standard_input_is_decompressed_and_stays_open(suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(compressed(b"a b\n", suffix)))
    monkeypatch.setattr("sys.stdin", stdin)
    with open_text("-") as stream:
        assert stream.read() == b"a b\n"
    assert not stdin.buffer.closed


@pytest.mark.parametrize(
    ("path", "suffix"),
    [("a.conllu", ".conllu"), ("A.CoNLLU.GZ", ".conllu"), ("a.b.tsv.zst", ".tsv"), ("a", ""), ("a.xz", "")],
)
def test_uncompressed_suffix(path: str, suffix: str) -> None:
    assert uncompressed_suffix(path) == suffix == uncompressed_suffix(Path("folder") / path)
