"""The gates and states of a trained model while it reads a sentence, as named arrays.

>>> seen = tagger_gates(Tagger.load("runs/pos"), "They can fish.")
>>> seen["forward", 1, "forget_gate"]      # (T, H): a row a word, a column a unit
>>> seen.mean("forget_gate")               # (T,)
>>> seen.top(5)                            # which units open or close most, and at which words

They are computed by the cells of ``models/cells.py``, gate by gate, from the weights of the fused layers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from tagger.errors import ConfigError
from tagger.interpretability.gate_activations import Gates, Key
from tagger.interpretability.gate_names import NAMES
from tagger.models.layers.cells import run_layers
from tagger.training.objective import word_tensors

if TYPE_CHECKING:
    from tagger.inference.tagger import Tagger
    from tagger.language_modelling.language_model import LanguageModel


STACKS = {"forward": "ahead", "backward": "behind"}


@torch.no_grad()
def gates(network: nn.Module, vectors: Tensor, tokens: Sequence[str], *, tags: Sequence[str] | None = None) -> Gates:
    """Run one sentence through the cells of a network.

    Dropout has no part in it, whatever mode the network is in.

    Args:
        network: an ``Encoder``, or a module that has one as ``encoder``.
        vectors: (T, D) word vectors, T at least 1.
        tokens: the T words (for a language model, units).
        tags: the T predicted tags.
    """
    encoder = getattr(network, "encoder", network)
    arrays: dict[Key, np.ndarray] = {}
    for direction, stack in STACKS.items():
        layers = getattr(getattr(encoder, stack, None), "layers", ())  # a causal encoder has no stack behind
        for number, values in enumerate(run_layers(layers, vectors, backwards=direction == "backward"), 1):
            arrays |= {(direction, number, name): _as_array(rows) for name, rows in values.items()}
    cell = next(cell for cell, names in NAMES.items() if set(names) == {name for _, _, name in arrays})
    return Gates(cell, tuple(tokens), arrays, None if tags is None else tuple(tags))


def tagger_gates(tagger: Tagger, sentence: str | Sequence[str]) -> Gates:
    """The gates of a tagger while it reads a text, with the tags that it gives.

    Args:
        tagger: any; the weights are taken in float32.
        sentence: raw text, or the tokens of one sentence. The states are zero before each sentence of a text.

    Raises:
        ConfigError: there is no word.
    """
    sentences = [list(sentence)] if not isinstance(sentence, str) else [
        [token.text for token in tokens] for tokens in tagger.tokenizer.sentences(sentence)
    ]  # fmt: skip
    if not any(sentences):
        raise ConfigError("the text has no words; expected at least one")
    model, features = tagger.saved.model, tagger.saved.features
    device = next(model.parameters()).device
    parts = []
    for tagged in tagger.tag_sentences(sentences):
        with torch.no_grad():
            vectors = model.words(*word_tensors(features.encode(list(tagged.tokens)), device))
        parts.append(gates(model, vectors, tagged.tokens, tags=tagged.tags))
    return join(parts)


def join(parts: Sequence[Gates]) -> Gates:
    """Gates of sentences that were read one by one, as those of one text."""
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


def language_gates(model: LanguageModel, text: str | Sequence[str]) -> Gates:
    """Read a text as one stream, from zero states: first an ``<eos>``, as generation and scoring do.

    Args:
        model: any; the weights are taken in float32.
        text: raw text, or the words of one sentence.

    Raises:
        ConfigError: there is nothing to read.
    """
    ids = [model.subwords.end]
    for passage in model.passages(text):
        ids += [*model.subwords.encode(passage)[0], model.subwords.end]
    if len(ids) < 3:
        raise ConfigError("the text has no words; expected at least one")
    subwords = model.subwords.symbols(ids[:-1])
    network = model.saved.model
    device = next(network.parameters()).device
    with torch.no_grad():
        vectors = network.words(*word_tensors(model.saved.features.encode(subwords), device))
    return gates(network, vectors, subwords)
