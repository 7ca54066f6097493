from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from tagger.errors import CorpusError
from tests.corpora.document_samples import tag_files

pytestmark = pytest.mark.slow

LINES = ["They can't fish , can they ?", "Ünïcode 😀 and/or # hash", "x"]
SOURCES = {
    "txt": "\n\n".join(LINES),
    "tok": "\n".join(LINES),
    "jsonl": "\n".join(json.dumps({"id": 1, "tokens": line.split()}) for line in LINES),
    "conll": "\n\n".join("\n".join(f"{word}\tX" for word in line.split()) for line in LINES),
    "vert": "".join("<s>\n" + "".join(f"{word}\tX\n" for word in line.split()) + "<g/>\n</s>\n" for line in LINES),
    "cupt": "# global.columns = ID FORM X\n"
    + "\n\n".join("\n".join(f"{i}\t{word}\tX" for i, word in enumerate(line.split(), 1)) for line in LINES),
    "tagged": "\n".join(" ".join(f"{word}|NN|B-X" for word in line.split()) for line in LINES),
    "conllu": "\n\n".join(
        "# c\n" + "\n".join(f"{i}\t{word}" + "\t_" * 8 for i, word in enumerate(line.split(), 1)) for line in LINES
    ),
}
INSERTS = [
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\t",
    b"\n",
    b"\n\n",
    b"\r",
    b'"',
    b"{",
    b"#",
    b"\xc2\x85",
    b"\x1c",
    b" " * 99,
    b"k" * 5000,
]


def mutated(rng: random.Random, data: bytes) -> bytes:
    for _ in range(rng.choice([1, 2, 4])):
        place = rng.randrange(len(data) + 1)
        end = place + rng.choice([1, 3, 40])
        data = rng.choice(
            [
                data[:place] or b"x",
                data[:place] + data[end:],
                data[:place] + rng.choice(INSERTS) + data[place:],
                data[:place] + rng.randbytes(3) + data[end:],
                data[:end] + data[place:],
                data.replace(b"\n", b"\r\n"),
                data.replace(b"\t", b" ", 3),
            ]
        )
    return data


@pytest.mark.parametrize("suffix", list(SOURCES))
def test_damaged_documents_are_tagged_or_refused_in_one_line(suffix: str, tmp_path: Path) -> None:
    rng = random.Random(suffix)
    path = tmp_path / f"a.{suffix}"
    messages: list[str] = []
    for _ in range(120):
        source = mutated(rng, SOURCES[suffix].encode())
        path.write_bytes(source)
        output = rng.choice([None, "pairs", "tsv", "conllu", "jsonl"])
        try:
            result, _ = tag_files([path], output, column=rng.choice(["upos", "ner"]), skip_invalid=rng.random() < 0.5)
        except CorpusError as error:
            messages.append(str(error))
            continue
        if suffix == "conllu" and output in (None, "conllu"):
            assert result.count(b"\n") == source.count(b"\n")
            assert result.count(b"\t") == source.count(b"\t")
    assert all(message.startswith(f"{path}:") and "\n" not in message for message in messages)
    assert max(map(len, messages), default=0) < len(str(path)) + 500


def test_the_message_of_a_very_long_line_is_short(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"k" * 100_000 + "\x1b": []}), encoding="utf-8")
    with pytest.raises(CorpusError, match=r"a\.jsonl:1: no list of words .*among the keys kkk") as error:
        tag_files([path])
    assert len(str(error.value)) < len(str(path)) + 500
    _, progress = tag_files([path], skip_invalid=True)
    assert len(progress.first_bad) < len(str(path)) + 500
