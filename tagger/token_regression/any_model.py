"""A model folder of any kind, loaded as far as its weights: what verifying a folder needs."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from tagger.forecasting.checkpoint import HEAD, TASK, load_forecaster
from tagger.serialization import manifest as model_folder
from tagger.serialization.checkpoint import load_model
from tagger.token_regression.checkpoint import load_word_numbers


def load_any(folder: Path) -> tuple[tuple[str, ...], nn.Module]:
    """Its heads and its network.

    Raises:
        ModelError: the folder is missing, incomplete, damaged, or of a kind or format that is not known.
    """
    values = model_folder.read_config(folder)
    if values.get("task") != TASK:
        saved = load_model(folder)
        return saved.heads, saved.model
    network = load_word_numbers(folder).network if values.get("over") == "words" else load_forecaster(folder).network
    return (HEAD,), network
