"""Small corpora in every format, ways to damage them, and what is left of them by readers of a dozen lines.

The readers here are the independent truth of the tests: slow, strict, and of one format each.
"""

from __future__ import annotations

import gzip
import io
import json
import lzma
import random
from collections.abc import Callable, Iterator
from itertools import cycle

import pyarrow as pa
import pyarrow.parquet as pq

from tests.corpora.conftest import TAGS, WORDS, conllu

Sentence = tuple[list[str], list[str]]


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


Mutation = Callable[[bytes, random.Random], bytes]
MUTATIONS: list[Mutation] = [
    _truncate,
    _swap,
    _overwrite,
    _insert,
    _drop_column,
    _line_ends,
    _giant_line,
]


WRONG_TYPES: dict[str, dict[str, object]] = {
    "numbers for words": {"tokens": [[1, 2]], "upos": [["A", "B"]]},
    "no lists": {"tokens": [1, 2], "upos": [3, 4]},
    "lists of lists": {"tokens": [[["a"]]], "upos": [[["B", "C"]]]},
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


PACKERS: dict[str, tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]] = {
    "a.conllu.gz": (gzip.compress, gzip.decompress),
    "a.jsonl.xz": (lzma.compress, lzma.decompress),
}


def wrong_parquet(kind: str) -> bytes:
    """A Parquet file whose columns are no words and labels."""
    sink = io.BytesIO()
    pq.write_table(pa.table(WRONG_TYPES[kind]), sink)
    return sink.getvalue()


def mutants(seed: object) -> Iterator[tuple[str, bytes]]:
    """Damaged corpora without end, as (file name, content): every format and every kind of damage in turn."""
    chance = random.Random(f"mutants {seed}")
    for number, name in enumerate(cycle(CORPORA)):
        mutate = MUTATIONS[number // len(CORPORA) % len(MUTATIONS)]
        data = _packed(name, mutate, chance) if name in PACKERS else mutate(CORPORA[name], chance)
        if name.endswith(".parquet") and chance.random() < 0.4:
            data = wrong_parquet(chance.choice(list(WRONG_TYPES)))
        yield f"{number}-{name}", data


def _packed(name: str, mutate: Mutation, chance: random.Random) -> bytes:
    """Damage to a packed file, or to what is in it."""
    if chance.random() < 0.5:
        return mutate(CORPORA[name], chance)
    pack, unpack = PACKERS[name]
    return pack(mutate(unpack(CORPORA[name]), chance))


def plainly_read(name: str, data: bytes) -> list[Sentence] | None:
    """The words and labels of a corpus by its own format; None for formats without a plain reader here.

    Raises:
        ValueError: it is not sound.
    """
    if name.endswith((".gz", ".xz")):
        data = gzip.decompress(data) if name.endswith(".gz") else lzma.decompress(data)
    if not name.endswith((".conllu", ".conll", ".jsonl", ".conllu.gz", ".jsonl.xz")):
        return None
    lines = [line.removesuffix("\r") for line in data.decode("utf-8-sig").split("\n")]
    if ".jsonl" in name:
        rows = [json.loads(line) for line in lines if line.strip()]
        return [(row["tokens"], row["upos"]) for row in rows]
    word, tag = (1, 3) if ".conllu" in name else (0, 1)
    sentences: list[Sentence] = []
    fresh = True
    for line in lines:
        if not line.strip():
            fresh = True
        elif not line.startswith("#") or (".conllu" not in name and "\t" in line):
            row = line.split("\t")
            if ".conllu" in name and not row[0].isdecimal():
                continue
            if fresh:
                sentences.append(([], []))
            sentences[-1][0].append(row[word])
            sentences[-1][1].append(row[tag])
            fresh = False
    return sentences
