"""Splits as arrays of token ids, laid out as B streams and cut into chunks."""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from tagger.corpora.encoding.vocabulary import UNKNOWN_ID
from tagger.corpora.subwords.base import SubwordTokenizer, TokenStream
from tagger.corpora.tokenization.passages import TextSegment
from tagger.errors import OutputError

PASSAGES_AT_A_TIME = 2000
TOKENS_AT_A_TIME = 1 << 20
SHORTEST_CHUNK = 5  # steps, as in Merity et al. 2018
CHUNK_DEVIATION = 5.0  # steps
HALVED_SHARE = 0.05  # of the chunks


def encode_stream(split: Iterable[TextSegment], subwords: SubwordTokenizer, folder: Path) -> TokenStream:
    """Encode a split in bounded memory; a nameless file in `folder` holds the ids while the stream lives.

    Raises:
        CorpusError: the text cannot be read.
        OutputError: the file cannot be written.
    """
    stream = TokenStream(np.zeros(0, np.int32), 0, 0, 0)
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            for chunk in token_chunks(split, subwords, TOKENS_AT_A_TIME):
                file.write(chunk.ids.tobytes())
                stream.words += chunk.words
                stream.characters += chunk.characters
                stream.unknown += chunk.unknown
                stream.passages += chunk.passages
            file.flush()
            if stream.passages:
                stream.ids = np.asarray(np.memmap(file, dtype=np.int32, mode="c"))
    except OSError as error:
        raise OutputError(f"{folder}: the encoded text cannot be written: {error.strerror}") from error
    return stream


def token_chunks(
    split: Iterable[TextSegment], subwords: SubwordTokenizer, size: int = TOKENS_AT_A_TIME
) -> Iterator[TokenStream]:
    """Encode a split in consecutive chunks of about `size` tokens, for a text too large to hold."""
    passages = iter(split)
    ids, chunk = array("i"), TokenStream(np.zeros(0, np.int32), 0, 0, 0)
    while batch := list(islice(passages, PASSAGES_AT_A_TIME)):
        for passage, encoded in zip(batch, subwords.encode_batch(batch), strict=True):
            ids.extend(encoded)
            ids.append(subwords.end)
            chunk.words += len(passage.words)
            chunk.characters += len(passage.text) + 1
            chunk.passages += 1
            if len(ids) >= size:
                yield _finished(chunk, ids)
                ids, chunk = array("i"), TokenStream(np.zeros(0, np.int32), 0, 0, 0)
    if ids:
        yield _finished(chunk, ids)


def _finished(chunk: TokenStream, ids: array[int]) -> TokenStream:
    chunk.ids = np.frombuffer(ids, dtype=np.int32)
    chunk.unknown = int(np.count_nonzero(chunk.ids == UNKNOWN_ID))
    return chunk


def batchify(ids: np.ndarray, streams: int) -> np.ndarray:
    """Cut a text (N,) into B streams of equal length, fewer if they would have fewer than two tokens.

    Returns:
        (N // B, B), a view: column b continues where column b - 1 ends. Up to B - 1 tokens at the end are left out.
    """
    streams = max(1, min(streams, len(ids) // 2))
    steps = len(ids) // streams
    return ids[: steps * streams].reshape(streams, steps).T


def bptt_chunks(steps: int, length: int, rng: np.random.Generator | None = None) -> list[tuple[int, int]]:
    """Cut the steps of streams into chunks for truncated back-propagation through time (BPTT).

    Args:
        steps: steps that have a successor, one less than the rows of the layout.
        length: steps of a chunk.
        rng: jitters the lengths, so that chunks end elsewhere in each epoch: normal around ``length`` (one time
            in twenty around half of it) with a standard deviation of 5, at least 5 (Merity et al. 2018, section 4.1);
            None keeps them equal.

    Returns:
        (start, end) pairs that cover 0 to ``steps`` without gaps.
    """
    chunks: list[tuple[int, int]] = []
    start = 0
    while start < steps:
        size = length
        if rng is not None:
            mean = length / 2 if rng.random() < HALVED_SHARE else length
            size = max(min(SHORTEST_CHUNK, length), int(rng.normal(mean, CHUNK_DEVIATION)))
        chunks.append((start, min(steps, start + size)))
        start += size
    return chunks
