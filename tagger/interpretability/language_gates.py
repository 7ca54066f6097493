"""The gates of a language model while it reads a text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from tagger.errors import ConfigError
from tagger.interpretability.gate_activations import Gates
from tagger.interpretability.gates import gates
from tagger.training.tensors import word_tensors

if TYPE_CHECKING:
    from tagger.language_modelling.language_model import LanguageModel


def language_gates(model: LanguageModel, text: str | Sequence[str]) -> Gates:
    """Read a text as one stream, from zero states: first an ``<eos>``, as generation and scoring do.

    Args:
        model: any; the weights are taken in float32.
        text: raw text, or the words of one sentence.

    Raises:
        ConfigError: there is nothing to read.
    """
    ids = [model.units.end]
    for passage in model.passages(text):
        ids += [*model.units.encode(passage)[0], model.units.end]
    if len(ids) < 3:
        raise ConfigError("the text has no words; expected at least one")
    units = model.units.symbols(ids[:-1])
    network = model.saved.model
    device = next(network.parameters()).device
    with torch.no_grad():
        vectors = network.words(*word_tensors(model.saved.features.encode(units), device))
    return gates(network, vectors, units)
