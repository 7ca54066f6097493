"""Pre-trained vectors in the formats people download, whole and broken."""

from __future__ import annotations

import gzip
import lzma
from pathlib import Path

import numpy as np
import pytest

from tagger.corpora.encoding.pretrained_vectors import read_vectors
from tagger.errors import CorpusError

ROWS = {"the": [1.0, -2.5, 3e-2], "Fish": [0.5, 0.25, 0.125], "naïve": [-1.0, 0.0, 1.0]}
GLOVE = "".join(f"{word} {' '.join(map(str, row))}\n" for word, row in ROWS.items())
FORMATS = {
    "glove.txt": GLOVE,
    "word2vec.txt": f"3 3\n{GLOVE}",
    "fasttext.vec": "3 3\n" + GLOVE.replace("\n", " \n"),
    "tabs.tsv": GLOVE.replace(" ", "\t"),
    "windows.txt": GLOVE.replace("\n", "\r\n"),
    "no-last-line-end.txt": GLOVE.rstrip("\n"),
    "blank-line.txt": GLOVE.replace("\n", "\n\n", 1),
}


def assert_rows(path: Path) -> None:
    vectors = read_vectors(path, set())
    assert list(vectors) == list(ROWS)
    for word, row in ROWS.items():
        assert vectors[word].dtype == np.float32
        np.testing.assert_array_equal(vectors[word], np.array(row, dtype=np.float32))


@pytest.mark.parametrize("name", FORMATS)
def test_formats(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(FORMATS[name].encode())
    assert_rows(tmp_path / name)


def test_compressed_files(tmp_path: Path) -> None:
    (tmp_path / "glove.txt.gz").write_bytes(gzip.compress(GLOVE.encode()))
    (tmp_path / "glove.txt.xz").write_bytes(lzma.compress(GLOVE.encode()))
    assert_rows(tmp_path / "glove.txt.gz")
    assert_rows(tmp_path / "glove.txt.xz")


def test_wanted_words_and_the_first_others_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "many.txt"
    path.write_text("".join(f"w{n} {n} 1\n" for n in range(20)))
    assert list(read_vectors(path, {"w0", "w17"}, max_others=3)) == ["w0", "w1", "w2", "w3", "w17"]


def test_the_first_vector_of_a_word_counts(tmp_path: Path) -> None:
    path = tmp_path / "twice.txt"
    path.write_text("a 1 1\na 2 2\n")
    assert read_vectors(path, set())["a"].tolist() == [1.0, 1.0]


def test_a_number_is_a_word_too(tmp_path: Path) -> None:
    path = tmp_path / "numbers.txt"
    path.write_text("7 0.5 0.5\n8 1 1\n")
    assert list(read_vectors(path, set())) == ["7", "8"]


def test_words_with_spaces_are_read(tmp_path: Path) -> None:
    """The largest GloVe file has rows such as ``. . . 0.1 0.2``."""
    path = tmp_path / "spaces.txt"
    path.write_text("the 1 2 3\n. . 4 5 6\nat me@example.org 7 8 9\n")
    vectors = read_vectors(path, set())
    assert list(vectors) == ["the", ". .", "at me@example.org"]
    assert vectors[". ."].tolist() == [4.0, 5.0, 6.0]


BROKEN = {
    "short row": (b"a 1 2 3\nb 1 2\n", r":2: expected a word and 3 finite numbers, found '1 2' \(2 numbers\)"),
    "long row": (b"a 1 2 3\nb 1 2 3 4\n", r":2: expected a word and 3 finite numbers"),
    "no number": (b"a 1 2\nb 1 two\n", r":2: expected a word and 2 finite numbers, found '1 two'"),
    "not finite": (b"a 1 2\nb 1 nan\n", r":2: expected a word and 2 finite numbers, found '1 nan'"),
    "too large": (b"a 1 2\nb 1 1e99\n", r":2: expected a word and 2 finite numbers, found '1 1e99'"),
    "a text": (b"Once upon a time\n", r":1: expected a word and \d finite numbers, found 'upon a time'"),
    "words alone": (b"a\nb\n", r":1: expected a word and 2 finite numbers, found ''"),
    "empty": (b"", r" holds no word vectors; expected a word and its numbers on every line"),
    "header alone": (b"3 300\n", r" holds no word vectors"),
    "binary": (b"2 2\n\xff\xfe\x00\x01 1 2\n", r":2: not UTF-8 text; binary \.bin files are not read"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files(tmp_path: Path, name: str) -> None:
    content, message = BROKEN[name]
    path = tmp_path / "vectors.txt"
    path.write_bytes(content)
    with pytest.raises(CorpusError, match=rf"^\S+vectors\.txt:{message.removeprefix(':')}") as caught:
        read_vectors(path, set())
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", [".gz", ".xz"])
@pytest.mark.parametrize("fault", ["cut", "flipped"])
def test_broken_archives(tmp_path: Path, suffix: str, fault: str) -> None:
    rows = "".join(f"w{n} {n} {n * n}\n" for n in range(500)).encode()
    packed = bytearray(gzip.compress(rows) if suffix == ".gz" else lzma.compress(rows))
    for place in range(60, 80):
        packed[place] ^= 0xFF * (fault == "flipped")
    content = {"cut": packed[:-400], "flipped": packed}[fault]
    path = tmp_path / f"vectors{suffix}"
    path.write_bytes(bytes(content))
    with pytest.raises(CorpusError, match=r"vectors\.[gx]z"):
        read_vectors(path, set())


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"none\.txt: no such file or folder"):
        read_vectors(tmp_path / "none.txt", set())
    with pytest.raises(CorpusError, match="folder"):
        read_vectors(tmp_path, set())
