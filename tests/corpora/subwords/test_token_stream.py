"""Streams of ids: every passage with its end, counted, the same in memory and in a file."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tagger.corpora.subwords import token_stream
from tagger.corpora.subwords.base import SubwordTokenizer, TokenStream
from tagger.corpora.subwords.token_stream import encode_stream, token_chunks
from tagger.corpora.text.text_corpus import read_text_split
from tagger.corpora.tokenization.passages import TextSegment, joined, line
from tagger.corpora.tokenization.tokenizer import WordTokenizer
from tagger.errors import OutputError
from tests.corpora.conftest import Write
from tests.corpora.subwords.fitting import fit

RULES = WordTokenizer.from_rules("english")
LINES = ["The cat can't see", "", "the dog, <unk> 12", "and the cat"]


def text(kind: str) -> list[TextSegment]:
    return [line(one, RULES.words(one)) if kind != "word" else joined(one.split()) for one in LINES]


def slowly(passages: list[TextSegment], subwords: SubwordTokenizer) -> list[int]:
    return [number for passage in passages for number in [*subwords.encode(passage)[0], subwords.end]]


@pytest.mark.parametrize("kind", ["word", "bpe", "char"])
def test_every_passage_and_its_end(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_stream, "PASSAGES_AT_A_TIME", 2)
    monkeypatch.setattr(token_stream, "TOKENS_AT_A_TIME", 3)
    subwords = fit(kind, text(kind), tokenizer=RULES)
    stream = encode_stream(text(kind) * 3, subwords, tmp_path)
    assert stream.ids.tolist() == slowly(text(kind) * 3, subwords)
    assert stream.ids.dtype == np.int32
    assert not list(tmp_path.iterdir()), "the file has no name"
    assert stream.passages == 12
    assert stream.characters == 3 * len("\n".join([*LINES, ""]))
    assert stream.words == 3 * sum(len(passage.words) for passage in text(kind))
    assert stream.unknown == (3 if kind == "word" else 0)
    assert len(stream) == len(stream.ids)


def test_a_stream_without_end() -> None:
    def endless() -> Iterator[TextSegment]:
        while True:
            yield from text("word")

    subwords = fit("word", text("word"))
    stream = slowly(text("word") * 5, subwords)
    pieces = token_chunks(endless(), subwords, size=10)
    first, second = next(pieces), next(pieces)
    assert [*first.ids, *second.ids] == stream[: len(first) + len(second)]
    assert 10 <= len(first) < 20


def test_memory_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_stream, "PASSAGES_AT_A_TIME", 100)
    monkeypatch.setattr(token_stream, "TOKENS_AT_A_TIME", 1000)
    subwords = fit("word", text("word"))

    def peak(times: int) -> int:
        tracemalloc.start()
        stream = encode_stream((text("word")[0] for _ in range(times)), subwords, tmp_path)
        assert len(stream)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(20_000) < peak(2_000) + 50_000


def test_reading_is_bounded_too(write: Write) -> None:
    def peak(lines: int) -> int:
        split = read_text_split(str(write("a.txt", f"{'The cat can see the dog. ' * 8}\n" * lines)), unit="char")
        tracemalloc.start()
        assert sum(1 for _ in split.texts()) == lines
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(60_000) < peak(15_000) + (1 << 20)  # 12 MB and 3 MB of text


def test_texts_are_those_of_the_passages(write: Write) -> None:
    path = str(write("a.txt", "The cat can't _see_\nthe dog.\n\nSo it is.\n"))
    for unit in ("word", "bpe", "char"):
        split = read_text_split(path, unit=unit)
        assert list(split.texts()) == [passage.text for passage in split]


def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    subwords = fit("word", text("word"))
    with pytest.raises(OutputError, match="missing: the encoded text cannot be written: No such file or directory"):
        encode_stream(text("word"), subwords, tmp_path / "missing")


def test_nothing_is_an_empty_stream(tmp_path: Path) -> None:
    stream = encode_stream([], fit("word", text("word")), tmp_path)
    assert isinstance(stream, TokenStream)
    assert (len(stream), stream.words) == (0, 0)
    assert stream.ids.dtype == np.int32


def test_published_way_of_counting(write: Write, tmp_path: Path) -> None:
    """As PyTorch's word_language_model reads it: ``line.split() + ['<eos>']`` for every line, empty ones too."""
    content = " \n = Robert = \n \n Robert <unk> is an actor . \n He <unk> . \n"
    split = read_text_split(str(write("wiki.train.tokens", content)), tokenised=True)
    tokens = [word for row in content.split("\n")[:-1] for word in [*row.split(), "<eos>"]]
    subwords = fit("word", split)
    stream = encode_stream(split, subwords, tmp_path)
    assert subwords.symbols(stream.ids.tolist()) == tokens
    assert stream.unknown == 2
