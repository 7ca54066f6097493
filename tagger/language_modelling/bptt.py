"""BPTT chunks, whole or in micro-batches of some streams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch

from tagger.config.tagger import StreamConfig
from tagger.models.heads.softmax import Softmax
from tagger.models.layers.dropout import Dropout
from tagger.models.layers.encoder import DirectionalStack
from tagger.models.layers.recurrence import State, detached
from tagger.models.networks.bptt_reader import ActivationPenalties, StreamReader
from tagger.models.networks.multi_head_network import Network


@dataclass(frozen=True, slots=True)
class StreamRange:
    """The streams of a BPTT chunk that its first, last or another micro-batch has.

    ``bounds`` are for each reader the first of its streams and the one after the last.
    """

    bounds: tuple[tuple[int, int], ...]
    first: bool
    last: bool


@dataclass(frozen=True, slots=True)
class BpttChunk:
    """The batch of a step: for each reader (T, B) tokens, and the tokens that follow.

    Args:
        blocks: of each reader; fewer than readers where the last ones have no stream.
        first: whether streams begin here.
        streams: of a micro-batch; None for the whole.
    """

    blocks: tuple[tuple[np.ndarray, np.ndarray], ...]
    first: bool
    streams: StreamRange | None = None

    @property
    def steps(self) -> int:
        """Tokens read."""
        return sum(block.size for block, _ in self.blocks)


def split_chunk(chunk: BpttChunk, parts: int) -> list[BpttChunk]:
    """Cut a chunk into at most ``parts`` groups of streams; the first reader has some in each."""
    widths = [block.shape[1] for block, _ in chunk.blocks]
    number = min(parts, widths[0])
    cuts = [np.cumsum([0, *map(len, np.array_split(np.arange(width), number))]) for width in widths]
    micro_batches = []
    for part in range(number):
        bounds = tuple((int(cut[part]), int(cut[part + 1])) for cut in cuts)
        blocks = tuple(
            (block[:, start:end], following[:, start:end])
            for (block, following), (start, end) in zip(chunk.blocks, bounds, strict=True)
            if end > start
        )
        micro_batches.append(BpttChunk(blocks, chunk.first, StreamRange(bounds, part == 0, part == number - 1)))
    return micro_batches


class CarriedStates:
    """Keeps the states of all streams while the readers read a chunk in micro-batches."""

    def __init__(self, readers: Sequence[StreamReader]) -> None:
        self.readers = readers
        self._before: list[list[State] | None] = []
        self._after: list[list[list[State]]] = []

    def begin(self, streams: StreamRange) -> None:
        """Give each reader the states of the streams of a micro-batch alone."""
        if streams.first:
            self._before = [reader.states for reader in self.readers]
            self._after = [[] for _ in self.readers]
        for reader, before, (start, end) in zip(self.readers, self._before, streams.bounds, strict=False):
            reader.states = before and [tuple(piece[:, start:end].contiguous() for piece in layer) for layer in before]

    def end(self, streams: StreamRange) -> None:
        """Keep the states after a micro-batch; join those of all streams after the last."""
        for reader, after, (start, end) in zip(self.readers, self._after, streams.bounds, strict=False):
            if end > start and reader.states is not None:
                after.append(detached(reader.states))
        for reader, before, after in zip(self.readers, self._before, self._after, strict=True):
            reader.states = (
                [_concatenate(layer) for layer in zip(*after, strict=True)] if streams.last and after else before
            )


def _concatenate(parts: Sequence[State]) -> State:
    """Return the state of one layer for all streams: (1, B, H) each."""
    return tuple(torch.cat(pieces, dim=1) for pieces in zip(*parts, strict=True))


def make_readers(model: Network, streams: StreamConfig, seed: int, device: torch.device) -> list[StreamReader]:
    """Make a reader for each direction, or two for halves of the forward streams."""
    locked = streams.dropout_kind == "locked"
    penalties = ActivationPenalties(streams.activation_penalty, streams.temporal_penalty)
    directions = list(model.lm_heads)
    readers = []
    for number, direction in enumerate(directions if len(directions) > 1 else 2 * directions):
        stack = cast(DirectionalStack, getattr(model.encoder, direction))
        stack.dropout = Dropout(streams.dropout, locked=locked)
        stack.weight_drop = streams.weight_drop
        readers.append(
            StreamReader(
                stack,
                cast(Softmax, model.lm_heads[direction]),
                model.words.embedding,
                inputs=Dropout(streams.input_dropout, locked=locked),
                outputs=Dropout(streams.output_dropout, locked=locked),
                penalties=penalties,
                generator=torch.Generator(device).manual_seed(1000 * seed + number + 1),
            )
        )
    return readers
