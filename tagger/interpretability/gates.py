"""Compute the gates and states of a trained model while it reads a sentence.

>>> seen = Tagger.load("runs/pos").gates("They can fish.")
>>> seen["forward", 1, "forget_gate"]      # (T, H): a row a word, a column a unit
>>> seen.mean("forget_gate")               # (T,)
>>> seen.top(5)                            # which units open or close most, and at which words

The cells of ``models/layers/cells.py`` compute them gate by gate from the weights of the fused layers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from tagger.corpora.encoding.word_features import WordFeatures
from tagger.interpretability.gate_activations import Gates, Key
from tagger.interpretability.gate_names import NAMES
from tagger.models.layers.cells import run_layers
from tagger.models.networks.multi_head_network import Network
from tagger.training.objective import word_tensors

STACKS = {"forward": "forward_rnn", "backward": "backward_rnn"}


@torch.no_grad()
def gates(network: nn.Module, vectors: Tensor, tokens: Sequence[str], *, tags: Sequence[str] | None = None) -> Gates:
    """Run one sentence through the cells of a network.

    Dropout is never applied.

    Args:
        network: an ``Encoder``, or a module that has one as ``encoder``.
        vectors: (T, D) word vectors, T at least 1.
        tokens: the T words (for a language model, units).
        tags: the T predicted tags.
    """
    encoder = getattr(network, "encoder", network)
    arrays: dict[Key, np.ndarray] = {}
    for direction, stack in STACKS.items():
        layers = getattr(getattr(encoder, stack, None), "layers", ())  # a causal encoder has no backward RNN
        for number, values in enumerate(run_layers(layers, vectors, backwards=direction == "backward"), 1):
            arrays |= {(direction, number, name): _as_array(rows) for name, rows in values.items()}
    cell = next(cell for cell, names in NAMES.items() if set(names) == {name for _, _, name in arrays})
    return Gates(cell, tuple(tokens), arrays, None if tags is None else tuple(tags))


def word_gates(
    network: Network, features: WordFeatures, tokens: Sequence[str], *, tags: Sequence[str] | None = None
) -> Gates:
    """Run one sentence of T words (or a stream of tokens) through the cells."""
    device = next(network.parameters()).device
    with torch.no_grad():
        vectors = network.words(*word_tensors(features.encode(list(tokens)), device))
    return gates(network, vectors, tokens, tags=tags)


def join(parts: Sequence[Gates]) -> Gates:
    """Join the gates of sentences that were read one by one."""
    first = parts[0]
    lengths = [len(part.tokens) for part in parts]
    return replace(
        first,
        tokens=tuple(token for part in parts for token in part.tokens),
        tags=None if first.tags is None else tuple(tag for part in parts for tag in part.tags or ()),
        arrays={key: np.concatenate([part.arrays[key] for part in parts]) for key in first.arrays},
        starts=tuple(np.cumsum([0, *lengths[:-1]]).tolist()),
    )


def _as_array(rows: Tensor) -> np.ndarray:
    return (rows if rows.dtype == torch.float64 else rows.float()).cpu().numpy()
