"""Small corpora in every format, ways to damage them, and what is left of them by readers of a dozen lines.

The readers here are the independent truth of the tests: slow, strict, and of one format each.
"""

from __future__ import annotations

import ast
import csv
import gzip
import io
import json
import lzma
import random
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import cycle

import pyarrow as pa
import pyarrow.parquet as pq

from tests.corpora.conftest import TAGS, WORDS, conllu

Sentence = tuple[list[str], list[str]]
ROWS: list[Sentence] = list(zip(WORDS, TAGS, strict=True))


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


def _array(indent: int | None = None) -> str:
    rows = [{"id": number, "tokens": words, "upos": tags} for number, (words, tags) in enumerate(ROWS)]
    return json.dumps(rows, indent=indent) + "\n"


def _lists_in_cells() -> str:
    stream = io.StringIO()
    table = csv.writer(stream, lineterminator="\n")
    table.writerows([("tokens", "upos"), *((str(words), str(tags)) for words, tags in ROWS)])
    return stream.getvalue()


def _lines(rows: Iterable[Sentence], line: str, before: str = "", after: str = "\n") -> str:
    """Lines of words in the format ``line``, between what stands before and after each sentence."""
    return "".join(
        before
        + "".join(line.format(i=i, word=word, tag=tag) for i, (word, tag) in enumerate(zip(*row, strict=True), 1))
        + after
        for row in rows
    )


def _web_anno() -> str:
    text = "#FORMAT=WebAnno TSV 3.3\n#T_SP=de.tudarmstadt.ukp.dkpro.core.api.lexmorph.type.pos.POS|PosValue\n\n\n"
    start = 0
    for number, (words, tags) in enumerate(ROWS, 1):
        text += f"#Text={' '.join(words)}\n"
        for place, (word, tag) in enumerate(zip(words, tags, strict=True), 1):
            text += f"{number}-{place}\t{start}-{start + len(word)}\t{word}\t{tag}\t\n"
            start += len(word) + 1
        text += "\n"
    return text


def _label_studio() -> str:
    """JSON-MIN: a text, and the spans of its labels."""
    tasks = [
        {"id": number, "text": "Ann Novak lives in Oslo.", "label": [{"start": 0, "end": 9, "labels": ["PER"]}]}
        for number in range(4)
    ]
    return json.dumps(tasks)


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
    "array.json": _array().encode(),
    "indented.json": _array(2).encode(),
    "lists.csv": _lists_in_cells().encode(),
    "a.vert": _lines(ROWS, "{word}\t{tag}\n", '<s id="1">\n', "</s>\n").encode(),
    "plus.conllup": ("# global.columns = ID FORM UPOS\n" + _lines(ROWS, "{i}\t{word}\t{tag}\n")).encode(),
    "a.cupt": ("# global.columns = ID FORM UPOS PARSEME:MWE\n" + _lines(ROWS, "{i}\t{word}\t{tag}\t*\n")).encode(),
    "pipes.txt": _lines(ROWS, "{word}|{tag} ").replace(" \n", "\n").encode(),
    "numbered.tsv": _lines(ROWS, "{i}\t{word}\t{tag}\n", "#\thttp://example.org [2009-10-17]\n").encode(),
    "x.conll": ("-DOCSTART- -X- O\n" + _lines(ROWS, "{word} -X- _ {tag}\n")).encode(),
    "webanno.tsv": _web_anno().encode(),
    "min.json": _label_studio().encode(),
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

    A word without a label has the label "", and sentences without any label are left out.

    Raises:
        ValueError: it is not sound.
    """
    if name.endswith((".gz", ".xz")):
        data = gzip.decompress(data) if name.endswith(".gz") else lzma.decompress(data)
    form = name.rpartition("-")[2].removesuffix(".gz").removesuffix(".xz")
    read = PLAIN_READERS.get(form)
    if read is None:
        return None
    labelled = [(words, [_plain_label(tag) for tag in tags]) for words, tags in read(data.decode("utf-8-sig"))]
    return [(words, tags) for words, tags in labelled if any(tags)]


def _plain_label(tag: object) -> str:
    return "" if tag in (None, "", "_", "-100", -100) or tag != tag or not str(tag).strip() else str(tag)


def _plain_lines(
    word: int, tag: int, *, numbered: bool = False, markup: bool = False
) -> Callable[[str], list[Sentence]]:
    """A reader of lines with a word and a tag in the columns of these indices."""

    def read(text: str) -> list[Sentence]:
        found: list[Sentence] = [([], [])]
        for line in [line.removesuffix("\r") for line in text.split("\n")]:
            cells = line.split("\t")
            comment = line.startswith("#") and (numbered or len(cells) == 1)
            if not line.strip() or (markup and re.fullmatch(r"</?\w[^\t]*>\s*", line)):
                found.append(([], []))
            elif not comment and (not numbered or cells[0].isdecimal()):
                found[-1][0].append(cells[word])
                found[-1][1].append(cells[tag])
        return [sentence for sentence in found if sentence[0]]

    return read


def _plain_records(rows: Iterable[dict[str, list[str]]]) -> list[Sentence]:
    return [(row["tokens"], row.get("upos") or [""] * len(row["tokens"])) for row in rows]


PLAIN_READERS: dict[str, Callable[[str], list[Sentence]]] = {
    "a.conllu": _plain_lines(1, 3, numbered=True),
    "tab.conll": _plain_lines(0, 1),
    "a.vert": _plain_lines(0, 1, markup=True),
    "plus.conllup": _plain_lines(1, 2, numbered=True),
    "a.cupt": _plain_lines(1, 2, numbered=True),
    "a.jsonl": lambda text: _plain_records(json.loads(line) for line in text.split("\n") if line.strip()),
    "array.json": lambda text: _plain_records(json.loads(text.strip())),
    "indented.json": lambda text: _plain_records(json.loads(text)),
    "lists.csv": lambda text: _plain_records(
        {name: ast.literal_eval(cell) for name, cell in row.items()}
        for row in csv.DictReader(io.StringIO(text.lstrip()))
    ),
}
