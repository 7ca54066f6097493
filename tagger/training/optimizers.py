"""Optimizers, running averages of the weights, and the probabilities of word dropout."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from tagger.config.language_model import LanguageTrainingConfig
from tagger.config.tagger import OptimizationConfig
from tagger.models.training.weight_averaging import AveragedWeights, TriggeredAverage
from tagger.training.optimizer_step import Optimization
from tagger.training.schedules import make_schedule


def word_dropout_probs(counts: np.ndarray, word_dropout: float) -> np.ndarray:
    """Return the (U,) probability that each word loses its embedding in training: a / (a + count)."""
    return word_dropout / np.maximum(word_dropout + counts, 1e-9)


def make_optimizer(
    model: nn.Module, config: OptimizationConfig, scales: Mapping[str, float] | None = None
) -> torch.optim.Optimizer:
    """Return AdamW with weight decay over matrices and without over biases, or SGD with weight decay over all.

    ``scales`` are factors of the learning rate by the beginning of a parameter's name (discriminative rates, Howard
    and Ruder 2018).
    """
    rate = config.learning_rate
    if isinstance(config, LanguageTrainingConfig) and config.optimizer != "adamw":
        return torch.optim.SGD(
            [p for p in model.parameters() if p.requires_grad], rate, weight_decay=config.weight_decay
        )
    groups = list(_groups(model, config.weight_decay, scales or {}))
    return torch.optim.AdamW(groups, lr=rate, betas=(0.9, config.beta2), fused=True)


def _groups(model: nn.Module, weight_decay: float, scales: Mapping[str, float]) -> Iterator[dict[str, Any]]:
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    for start, scale in [*scales.items(), ("", 1.0)]:
        own = [p for name, p in named if name.startswith(start)]
        named = [(name, p) for name, p in named if not name.startswith(start)]
        matrices, biases = [p for p in own if p.ndim > 1], [p for p in own if p.ndim <= 1]
        further = {"scale": scale, "pretrained": start in scales}
        yield {"params": matrices, "weight_decay": weight_decay, **further}
        yield {"params": biases, "weight_decay": 0.0, **further}


def make_average(model: nn.Module, config: OptimizationConfig) -> AveragedWeights:
    """Return the running average that the settings ask for."""
    if isinstance(config, LanguageTrainingConfig) and config.optimizer == "asgd":
        return TriggeredAverage(model, config.patience_average)
    return AveragedWeights(model, config.average)


def make_optimization(
    model: nn.Module, config: OptimizationConfig, optimizer: torch.optim.Optimizer | None = None
) -> Optimization:
    """Return how resolved training settings move the weights; by default with ``make_optimizer``."""
    optimizer = optimizer or make_optimizer(model, config)
    average, schedule = make_average(model, config), make_schedule(config)
    return Optimization(optimizer, average, schedule, peak=config.learning_rate, clip=config.clip)
