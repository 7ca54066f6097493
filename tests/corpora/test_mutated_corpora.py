"""Damaged corpora, at random but with fixed seeds: each is read or refused with a reason, and nothing else."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import random
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tagger.corpora.sources import read_corpus
from tagger.errors import TaggerError

from .conftest import TAGS, WORDS, conllu

MUTANTS = 42  # for each kind of file


def _columns(separator: str) -> str:
    lines = [
        "\n".join(f"{word}{separator}{tag}" for word, tag in zip(words, tags, strict=True))
        for words, tags in zip(WORDS, TAGS, strict=True)
    ]
    return "\n\n".join(lines) + "\n"


def _json_lines() -> str:
    rows = [{"tokens": words, "upos": tags} for words, tags in zip(WORDS, TAGS, strict=True)]
    return "".join(json.dumps(row) + "\n" for row in rows)


def _table(separator: str) -> str:
    rows = [
        separator.join((str(number), word, tag))
        for number, (words, tags) in enumerate(zip(WORDS, TAGS, strict=True))
        for word, tag in zip(words, tags, strict=True)
    ]
    return "\n".join([separator.join(("sentence_id", "token", "upos")), *rows]) + "\n"


def _slashed() -> str:
    pairs = [" ".join(map("/".join, zip(words, tags, strict=True))) for words, tags in zip(WORDS, TAGS, strict=True)]
    return "\n".join(pairs) + "\n"


def _parquet() -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({"tokens": WORDS, "upos": TAGS}), sink)
    return sink.getvalue()


CORPORA: dict[str, bytes] = {
    "a.conllu": conllu(WORDS, TAGS).encode(),
    "tab.conll": _columns("\t").encode(),
    "space.txt": _columns(" ").encode(),
    "a.jsonl": _json_lines().encode(),
    "a.csv": _table(",").encode(),
    "a.tsv": _table("\t").encode(),
    "a.tagged": _slashed().encode(),
    "a.conllu.gz": gzip.compress(conllu(WORDS, TAGS).encode(), mtime=0),
    "a.jsonl.xz": lzma.compress(_json_lines().encode()),
    "a.parquet": _parquet(),
}


def _truncate(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


def _swap(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        i, j = chance.randrange(len(data)), chance.randrange(len(data))
        changed[i], changed[j] = changed[j], changed[i]
    return bytes(changed)


def _overwrite(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        changed[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(changed)


def _insert(data: bytes, chance: random.Random) -> bytes:
    piece = chance.choice(
        [b"\0", b"\xef\xbb\xbf", b"\xff\xfe", b"\r\n", b"\r", b"\n\n", b"\t", b'"', b"{", b"]", b"#", b" "]
    )
    place = chance.randrange(len(data) + 1) if chance.random() < 0.7 else 0
    return data[:place] + piece + data[place:]


def _drop_column(data: bytes, chance: random.Random) -> bytes:
    lines = data.split(b"\n")
    place = chance.randrange(len(lines))
    sign = chance.choice([b"\t", b",", b" ", b"/", b'"'])
    lines[place] = sign.join(lines[place].split(sign)[1:])
    return b"\n".join(lines)


def _line_ends(data: bytes, chance: random.Random) -> bytes:
    return data.replace(b"\n", chance.choice([b"\r\n", b"\r", b"\n\n", b"", b"\0", b"\xc2\x85"]))


def _giant_line(data: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(data))
    return data[:place] + chance.choice([b"x", b"\t", b" ", b"/", b"["]) * 200_000 + data[place:]


MUTATIONS: list[Callable[[bytes, random.Random], bytes]] = [
    _truncate,
    _swap,
    _overwrite,
    _insert,
    _drop_column,
    _line_ends,
    _giant_line,
]


@pytest.mark.parametrize("name", CORPORA)
def test_the_corpus_is_read_when_whole(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(CORPORA[name])
    corpus = read_corpus(str(path))
    found = [
        (tuple(tokens), tuple(tags))
        for split in corpus.splits
        for tokens, tags in zip(split.tokens(), split.tags(), strict=True)
    ]
    assert sorted(found) == sorted(zip(map(tuple, WORDS), map(tuple, TAGS), strict=True))


@pytest.mark.parametrize("name", CORPORA)
def test_a_damaged_corpus_is_read_or_refused_in_one_line(name: str, tmp_path: Path) -> None:
    chance = random.Random(name)
    read = 0
    for number in range(MUTANTS):
        mutate = MUTATIONS[number % len(MUTATIONS)]
        path = tmp_path / f"{number}-{name}"
        path.write_bytes(mutate(CORPORA[name], chance))
        ignore_bad = chance.random() < 0.3
        try:
            corpus = read_corpus(str(path), ignore_bad=ignore_bad)
        except TaggerError as error:
            message = str(error)
            assert "\n" not in message, message
            assert len(message) < 1500, message
        else:
            read += 1
            for split in corpus.splits:
                lengths = [len(tokens) for tokens in split.tokens()]
                assert lengths == [len(tags) for tags in split.tags()]
                assert all(word for words in split.tokens() for word in words)
                assert all(tag not in ("", "_") for tags in split.tags() for tag in tags)
    assert read < MUTANTS


WRONG_TYPES = {
    "numbers for words": {"tokens": [[1, 2]], "upos": [["A", "B"]]},
    "no lists": {"tokens": [1, 2], "upos": [3, 4]},
    "lists of lists": {"tokens": [[["a"]]], "upos": [[["B"]]]},
    "structs": {"tokens": [{"a": 1}], "upos": [{"b": 2}]},
    "other lengths": {"tokens": [["a", "b"]], "upos": [["A"]]},
    "missing rows": {"tokens": [["a"], None], "upos": [["A"], ["B"]]},
    "missing words": {"tokens": [["a", None]], "upos": [["A", "B"]]},
    "missing labels": {"tokens": [["a", "b"]], "upos": [["A", None]]},
    "empty lists": {"tokens": [[], ["a"]], "upos": [[], ["A"]]},
    "no labels": {"tokens": [["a"], ["b"]]},
    "other names": {"x": [["a"]], "y": [["A"]]},
    "no rows": {"tokens": pa.array([], pa.list_(pa.string())), "upos": pa.array([], pa.list_(pa.string()))},
    "bytes": {"tokens": [[b"\xff"]], "upos": [[b"A"]]},
}


@pytest.mark.parametrize("kind", WRONG_TYPES)
def test_parquet_of_wrong_types_is_refused_in_one_line(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table(WRONG_TYPES[kind]), path)
    with pytest.raises(TaggerError, match=r"a\.parquet:") as error:
        read_corpus(str(path))
    assert "\n" not in str(error.value)
