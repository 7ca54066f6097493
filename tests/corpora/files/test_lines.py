"""Lines are the same whatever the size of the pieces they are read in."""

from __future__ import annotations

import gzip
import io
import random
from pathlib import Path

import pytest

from tagger.corpora.files import lines
from tagger.corpora.files.lines import DamagedLine, block_lines, blocks, read_lines


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_pieces_do_not_show(size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(size)
    monkeypatch.setattr(lines, "CHUNK_BYTES", size)
    path = tmp_path / "a.txt"
    for _ in range(50):
        text = "".join(chance.choices(["a", "한", "é", "\n", "\r\n", " ", "\u2028", "\x85"], k=chance.randint(1, 40)))
        path.write_bytes(gzip.compress(text.encode()) if chance.random() < 0.5 else text.encode())
        expected = [line.removesuffix("\r") for line in text.split("\n")]
        expected = expected[:-1] if text.endswith("\n") else expected
        assert list(read_lines(path)) == expected


@pytest.mark.parametrize("size", [1, 5, 1000])
def test_damage_is_marked_where_it_is(size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "CHUNK_BYTES", size)
    path = tmp_path / "a.txt"
    path.write_bytes(b"good\nb\xe9d\nn\0l\nfine")
    found = list(read_lines(path))
    assert [str(line) for line in found] == ["good", "\0", "\0", "fine"]
    reasons = [line.reason for line in found if isinstance(line, DamagedLine)]
    assert reasons[0].startswith("not UTF-8: byte 0xe9 at byte 2 of the line")
    assert reasons[1].startswith("a NUL byte at byte 2 of the line")


def test_blocks_end_at_blank_lines() -> None:
    text = "a\nb\n\n \t\nc\n\u3000\r\nd".encode()
    found = list(blocks(io.BytesIO(text)))
    assert b"".join(block for _, block in found) == text
    assert [block_lines(block) for block in found] == [[(1, "a"), (2, "b")], [(5, "c")], [(7, "d")]]
