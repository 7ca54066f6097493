"""Reading takes no more memory for a larger file: sentences come out before the lines have ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count, islice
from pathlib import Path

import pyarrow as pa
import pytest

from tagger.corpora.formats.options import LabelledFile, ReadOptions
from tagger.corpora.formats.registry import FORMATS
from tagger.corpora.formats.sentence import Problem, RawSentence
from tagger.corpora.sources import arrow_cache as arrow
from tagger.corpora.sources.arrow_cache import ArrowFile


def refuse(problem: Problem) -> None:
    raise AssertionError(problem)


def endless_blocks(sentence: str) -> Iterator[tuple[int, bytes]]:
    return ((line, sentence.encode()) for line in count(1, sentence.count("\n")))


def endless(*sentence: str, header: str | None = None) -> Iterator[str]:
    if header is not None:
        yield header
    for _ in count():
        yield from sentence


SOURCES: dict[str, Iterable[object]] = {
    "conllu": endless_blocks("1\ta\t_\tX\t_\t_\t0\t_\t_\t_\n\n"),
    "columns": endless_blocks("a\tX\n\n"),
    "jsonl": endless('{"tokens": ["a"], "upos": ["X"]}'),
    "csv": endless("a,X", "", header="token,upos"),
    "slashed": endless_blocks("a/X\n\n"),
}


@pytest.mark.parametrize("form", SOURCES)
def test_sentences_of_an_endless_file(form: str) -> None:
    sentences = FORMATS[form].read(SOURCES[form], LabelledFile(Path("a"), "a", ReadOptions()), refuse)
    assert [sentence.tokens for sentence in islice(sentences, 3000)] == [["a"]] * 3000


def test_arrow_is_written_as_it_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow, "FLUSH_TOKENS", 100)
    path = tmp_path / "a.arrow"
    with ArrowFile(path, "upos", ["upos", "xpos"]) as file:
        for number in range(1000):
            file.add(RawSentence(["a"] * 7, {"upos": ["X"] * 7, "xpos": ["Y"] * 7}, number, [number] * 7))
            assert len(file._values[0]) < 100
    with pa.memory_map(str(path)) as source:
        table = pa.ipc.open_stream(source).read_all()
    assert table.num_rows == 1000
    assert table.column_names == ["tokens", "tags", "xpos", "text"]
    assert table.column("tags").to_pylist() == [["X"] * 7] * 1000
