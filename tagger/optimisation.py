"""How the weights move: which words hide from an update, and the optimiser."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from tagger.config import TrainingConfig


def hiding(counts: np.ndarray, word_dropout: float) -> np.ndarray:
    """(U,) probability that a token of each word loses its word embedding in training: a / (a + count)."""
    return word_dropout / np.maximum(word_dropout + counts, 1e-9)


def make_optimizer(model: nn.Module, config: TrainingConfig) -> torch.optim.Optimizer:
    """AdamW over matrices with weight decay and over biases without."""
    matrices = [p for p in model.parameters() if p.requires_grad and p.ndim > 1]
    biases = [p for p in model.parameters() if p.requires_grad and p.ndim <= 1]
    groups = [
        {"params": matrices, "weight_decay": config.weight_decay},
        {"params": biases, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=config.learning_rate, betas=(0.9, config.beta2), fused=True)
