"""Streams of ids: every passage with its end, counted, in memory and in a file; cut into every step once, in order."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tagger.corpora.subwords import token_stream
from tagger.corpora.subwords.base import SubwordTokenizer, TokenStream
from tagger.corpora.subwords.token_stream import batchify, bptt_chunks, encode_stream, token_chunks
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


@pytest.mark.slow
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


@pytest.mark.parametrize("size", [2, 3, 7, 100, 101])
@pytest.mark.parametrize("streams", [1, 2, 7, 50, 1000])
def test_streams_are_the_text_cut_into_parts(size: int, streams: int) -> None:
    ids = np.arange(size, dtype=np.int32)
    layout = batchify(ids, streams)
    steps, columns = layout.shape
    assert steps >= 2, "something follows something"
    assert columns <= streams
    assert size - columns < layout.size <= size, "less than a step of each stream is left out"
    assert layout.T.flatten().tolist() == list(range(layout.size))
    assert np.shares_memory(layout, ids)


def test_more_streams_than_the_text_has_room_for_are_fewer() -> None:
    assert batchify(np.arange(9), 100).tolist() == [[0, 2, 4, 6], [1, 3, 5, 7]]
    assert batchify(np.arange(9), 4).tolist() == [[0, 2, 4, 6], [1, 3, 5, 7]]
    assert batchify(np.arange(9), 3).tolist() == [[0, 3, 6], [1, 4, 7], [2, 5, 8]]


@pytest.mark.parametrize("size", [0, 1])
def test_a_text_of_less_than_two_units_has_no_step(size: int) -> None:
    layout = batchify(np.arange(size), 5)
    assert layout.shape == (size, 1)
    assert bptt_chunks(len(layout) - 1, 35) == []


@pytest.mark.parametrize("length", [1, 3, 5, 35, 70])
@pytest.mark.parametrize("seed", [None, 1, 2, 3])
def test_every_step_is_covered_once_and_in_order(length: int, seed: int | None) -> None:
    for steps in (1, 2, 34, 35, 36, 700):
        rng = None if seed is None else np.random.default_rng(seed)
        found = bptt_chunks(steps, length, rng)
        assert [step for start, end in found for step in range(start, end)] == list(range(steps))
        assert all(end > start for start, end in found)


def test_without_jitter_all_have_the_length_but_the_last() -> None:
    assert bptt_chunks(10, 4) == [(0, 4), (4, 8), (8, 10)]
    assert bptt_chunks(8, 4) == [(0, 4), (4, 8)]
    assert bptt_chunks(3, 4) == [(0, 3)]


@pytest.mark.parametrize("length", [3, 35, 100])
def test_jitter_stays_within_its_bounds(length: int) -> None:
    """Normal around the length, one in twenty around half of it; five at least, or the length where it is less."""
    found = bptt_chunks(300_000, length, np.random.default_rng(5))
    sizes = np.array([end - start for start, end in found[:-1]])
    assert sizes.min() >= min(5, length)
    assert sizes.max() <= length + 6 * 5
    assert len(np.unique(sizes)) > 5
    if length == 100:  # so long that the two hills do not meet
        halves = float((sizes < 0.75 * length).mean())
        assert halves == pytest.approx(0.05, abs=0.02)
        assert float(sizes[sizes >= 0.75 * length].mean()) == pytest.approx(length, abs=1.0)
        assert float(sizes[sizes >= 0.75 * length].std()) == pytest.approx(5, abs=0.6)


def test_the_generator_decides_the_jitter() -> None:
    one, again, other = (bptt_chunks(1000, 35, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert one == again != other
