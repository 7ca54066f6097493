"""Encodes a split as an array of token ids, memory-mapped or in chunks."""

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


def encode_stream(split: Iterable[TextSegment], subwords: SubwordTokenizer, folder: Path) -> TokenStream:
    """Encode a split from beginning to end, in bounded memory.

    Args:
        split: the text.
        subwords: encodes it.
        folder: holds the nameless file of the ids, which vanishes with the stream.

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
    """Encode a split chunk by chunk, for a text too large to hold.

    Args:
        split: the text.
        subwords: encodes it.
        size: tokens of a chunk, about; passages are not cut.

    Yields:
        Consecutive chunks of the stream.
    """
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
