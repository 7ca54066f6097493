"""The readers of a text: stacks of a network with what is dropped and asked of them in training."""

from __future__ import annotations

from typing import cast

import torch

from tagger.config.tagger import StreamConfig
from tagger.models.heads.softmax import Softmax
from tagger.models.layers.dropout import make_dropout
from tagger.models.layers.encoder import DirectionalStack
from tagger.models.networks.bptt_reader import ActivationPenalties, StreamReader
from tagger.models.networks.multi_head_network import Network


def make_readers(model: Network, streams: StreamConfig, seed: int, device: torch.device) -> list[StreamReader]:
    """One a direction; two halves of the forward direction where that is all there is.

    Args:
        model: with a head for each direction.
        streams: resolved.
        seed: of what they drop.
        device: where the model is.
    """
    locked = streams.dropout_kind == "locked"
    penalties = ActivationPenalties(streams.activation_penalty or 0.0, streams.temporal_penalty or 0.0)
    directions = list(model.language)
    made = []
    for number, direction in enumerate(directions if len(directions) > 1 else 2 * directions):
        stack = cast(DirectionalStack, getattr(model.encoder, direction))
        stack.dropout = make_dropout(streams.dropout or 0.0, locked=locked)
        stack.weight_drop = streams.weight_drop or 0.0
        made.append(
            StreamReader(
                stack,
                cast(Softmax, model.language[direction]),
                model.words.words,
                inputs=make_dropout(streams.input_dropout or 0.0, locked=locked),
                outputs=make_dropout(streams.output_dropout or 0.0, locked=locked),
                penalties=penalties,
                generator=torch.Generator(device).manual_seed(1000 * seed + number + 1),
            )
        )
    return made
