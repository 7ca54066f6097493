"""Tagging a data set of the hub, streamed or downloaded: the order of its rows, its columns, and what can go wrong.

The hub is a server on the loopback address; each state of the world has one client in a process of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tagger.corpora.documents.hub import names_hub
from tests.fakehub import FakeHub, client_environment
from tests.tiny import conllu, sentences

pytestmark = pytest.mark.slow

CLIENT = """
import io, json, sys
from itertools import islice
from tagger.corpora.documents.hub import HubDocuments
from tagger.corpora.documents.output import make_renderer
from tagger.corpora.formats.options import ReadOptions
from tagger.corpora.tokenization.tokenizer import WordTokenizer
from tagger.errors import CorpusError
from tagger.inference.tagged_text import TaggedSentence

render = make_renderer("jsonl", "upos")
answers = []
for source, options in json.load(sys.stdin):
    most, lenient = options.pop("most", None), options.pop("skip_invalid", False)
    split, streaming = options.pop("split", None), options.pop("streaming", False)
    lines, error = [], None
    try:
        with HubDocuments(source, ReadOptions(**options), split, streaming=streaming) as documents:
            pieces = documents.pieces(WordTokenizer.from_rules("english"), skip_invalid=lenient)
            for piece in islice(pieces, most):
                tags = [f"L{len(word)}" for word in piece.tokens]
                lines += render(piece, TaggedSentence(piece.tokens, tags, None)).decode().splitlines()
            pieces.close()
    except CorpusError as raised:
        error = str(raised)
    answers.append([list(map(json.loads, lines)), error])
json.dump(answers, sys.stdout)
"""
SHARDS, ROWS = 12, 40


def parquet(columns: dict[str, list[Any]]) -> bytes:
    stream = BytesIO()
    pq.write_table(pa.table(columns), stream)
    return stream.getvalue()


def shard(number: int) -> bytes:
    rows = range(number * ROWS, (number + 1) * ROWS)
    tokens = [[f"w{row}", "is", "x" * (1 + row % 3)] for row in rows]
    weights = [None if row % 2 else row / 2 for row in rows]
    return parquet({"id": [f"s{row}" for row in rows], "weight": weights, "tokens": tokens})


TEXTS = ["Birds sing. They fly!", "", "One more", None, "  ", "Last one."]


def populate(hub: FakeHub) -> None:
    shards = {f"data/train-{number:05}-of-{SHARDS:05}.parquet": shard(number) for number in range(SHARDS)}
    for name in ("acme/words", "acme/lazy"):
        hub.add(name, {**shards, "data/validation-00000-of-00001.parquet": shard(0)})
    hub.add("acme/few", {"train.parquet": shard(0)})
    hub.add("acme/text", {"train.parquet": parquet({"id": list(range(6)), "url": ["u"] * 6, "text": TEXTS})})
    lines = "".join(json.dumps({"words": words, "n": n}) + "\n" for n, words in enumerate([["a"], ["b", ""], ["c"]]))
    hub.add("acme/bad", {"test.jsonl": lines.encode()})
    hub.add("acme/script", {"README.md": b"# Old\n", "script.py": b"raise SystemExit"})
    hub.add("acme/script", {"ner/train/0000.parquet": shard(0)}, revision="refs/convert/parquet")
    hub.add("acme/conllu", {"train.conllu": conllu(sentences(3, 1)).encode()})
    hub.add("acme/numbers", {"train.parquet": parquet({"x": [1, 2]})})


STREAM = {"streaming": True}
QUESTIONS: list[tuple[str, dict[str, Any]]] = [
    ("acme/lazy", {"split": "train", "most": 10, **STREAM}),
    ("acme/words", {"split": "train", **STREAM}),
    ("acme/words", {"split": "dev", **STREAM}),
    ("acme/words", STREAM),
    ("acme/words", {"split": "test", **STREAM}),
    ("acme/text", {"skip_invalid": True, **STREAM}),
    ("acme/text", STREAM),
    ("acme/bad", STREAM),
    ("acme/bad", {"skip_invalid": True, **STREAM}),
    ("acme/script:ner", STREAM),
    ("acme/numbers", STREAM),
    ("acme/words", {"split": "dev", "tokens_column": "id", **STREAM}),
    ("acme/words", {"split": "dev", "text_column": "id", **STREAM}),
    ("acme/absent", STREAM),
    ("acme/conllu", STREAM),
    ("acme/conllu", {}),
    ("acme/conllu", {"offline": True}),
    ("acme/few", {}),
]


class World:
    """A hub, and what a client made of ``QUESTIONS``."""

    def __init__(self, hub: FakeHub, home: Path) -> None:
        self.home = home
        self.answers = ask(hub.url, home, QUESTIONS)
        self.lazily = {path.rpartition("/")[2] for path in hub.paths("GET") if "/acme/lazy/resolve/" in path}

    def lines(self, source: str, **options: Any) -> list[dict[str, Any]]:
        lines, error = self.answers[QUESTIONS.index((source, options))]
        assert error is None
        return lines

    def error(self, source: str, **options: Any) -> str:
        error = self.answers[QUESTIONS.index((source, options))][1]
        assert error is not None
        assert "\n" not in error
        return error


def ask(
    endpoint: str, home: Path, questions: list[tuple[str, dict[str, Any]]]
) -> list[tuple[list[dict[str, Any]], str | None]]:
    """Read data sets in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", CLIENT],
        input=json.dumps(questions),
        env=client_environment(endpoint, home),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return [(lines, error) for lines, error in json.loads(done.stdout)]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with FakeHub() as hub:
        hub.cdn = True
        populate(hub)
        yield World(hub, tmp_path_factory.mktemp("home"))


def test_rows_of_words_come_in_order_each_with_its_plain_values(world: World) -> None:
    lines = world.lines("acme/words", split="train", **STREAM)
    assert [line["id"] for line in lines] == [f"s{row}" for row in range(SHARDS * ROWS)]
    assert lines[2] == {"id": "s2", "weight": 1.0, "tokens": ["w2", "is", "xxx"], "tags": ["L2", "L2", "L3"]}
    assert lines[1]["weight"] is None


def test_a_stream_is_read_as_far_as_it_is_needed_and_kept_nowhere(world: World) -> None:
    assert [line["id"] for line in world.lines("acme/lazy", split="train", most=10, **STREAM)] == [
        f"s{row}" for row in range(10)
    ]
    shards = {name for name in world.lazily if name.startswith("train-")}
    assert 0 < len(shards) < SHARDS / 2
    kept = [path for path in world.home.rglob("*") if path.is_file() and path.suffix in (".arrow", ".parquet")]
    assert all("few" in str(path) or "conllu" in str(path) for path in kept)  # these were downloaded, too


def test_downloaded_rows_are_the_same(world: World) -> None:
    assert world.lines("acme/few") == world.lines("acme/words", split="dev", **STREAM)


def test_rows_of_text_become_sentences_with_the_number_of_the_row(world: World) -> None:
    lines = world.lines("acme/text", skip_invalid=True, **STREAM)
    assert lines == [
        {"row": 0, "id": 0, "tokens": ["Birds", "sing", "."], "offsets": [[0, 5], [6, 10], [10, 11]],
         "tags": ["L5", "L4", "L1"]},
        {"row": 0, "id": 0, "tokens": ["They", "fly", "!"], "offsets": [[12, 16], [17, 20], [20, 21]],
         "tags": ["L4", "L3", "L1"]},
        {"row": 1, "id": 1, "tokens": [], "tags": []},
        {"row": 2, "id": 2, "tokens": ["One", "more"], "offsets": [[0, 3], [4, 8]], "tags": ["L3", "L4"]},
        {"row": 3, "id": 3},
        {"row": 4, "id": 4, "tokens": [], "tags": []},
        {"row": 5, "id": 5, "tokens": ["Last", "one", "."], "offsets": [[0, 4], [5, 8], [8, 9]],
         "tags": ["L4", "L3", "L1"]},
    ]  # fmt: skip


def test_the_column_can_be_chosen(world: World) -> None:
    lines = world.lines("acme/words", split="dev", text_column="id", **STREAM)
    assert lines[7] == {"row": 7, "tokens": ["s7"], "offsets": [[0, 2]], "tags": ["L2"]}


def test_rows_that_cannot_be_read(world: World) -> None:
    mend = "; pass such rows on untagged with --skip-invalid"
    text, words = world.error("acme/text", **STREAM), world.error("acme/bad", **STREAM)
    assert text == f"acme/text (train): row 3 (from 0): 'text' must be a text: 'None'{mend}"
    assert words == f"acme/bad (test): row 1 (from 0): word 2 of 'tokens' is empty: \"['b', '']\"{mend}"
    assert world.lines("acme/bad", skip_invalid=True, **STREAM) == [
        {"n": 0, "tokens": ["a"], "tags": ["L1"]},
        {"row": 1, "n": 1},
        {"n": 2, "tokens": ["c"], "tags": ["L1"]},
    ]


def test_the_numbers_of_words_are_never_taken_for_words(world: World) -> None:
    message = (
        "acme/conllu: its files are in columns, of which datasets keeps the first; download them and tag the files"
    )
    for how in (STREAM, {}, {"offline": True}):
        assert world.error("acme/conllu", **how) == f"{message} themselves"


def test_the_converted_copy_of_a_scripted_data_set_is_streamed(world: World) -> None:
    assert len(world.lines("acme/script:ner", **STREAM)) == ROWS


def test_what_is_not_there_is_said_in_one_line(world: World) -> None:
    assert world.error("acme/words", **STREAM) == (
        "acme/words has the splits train, validation; choose one (--split train)"
    )
    assert world.error("acme/words", split="test", **STREAM) == (
        "acme/words has no split 'test'; there are: train, validation"
    )
    assert "no column 'id' of words; columns with a list of words a row: tokens (of id, weight, tokens)" in world.error(
        "acme/words", split="dev", tokens_column="id", **STREAM
    )
    assert "no column of text" in world.error("acme/numbers", **STREAM)
    assert "there is no data set acme/absent on the hub" in world.error("acme/absent", **STREAM)


def test_what_is_taken_for_a_data_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "acme").mkdir()
    (tmp_path / "en_ewt").touch()
    taken = [name for name in ("acme/words", "other/words:en@2.1", "en_ewt", "ko_gsd", "-", "a.txt", "x/y.conllu", "no")
             if names_hub(name)]  # fmt: skip
    assert taken == ["other/words:en@2.1", "ko_gsd"]
