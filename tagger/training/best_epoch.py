"""The epoch that scored best on dev, and its weights."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from tagger.models.training.weight_averaging import AveragedWeights
from tagger.training.objective import DevScore


class BestEpoch:
    """Keeps the averaged weights of the best epoch so far.

    Args:
        average: the running average of the weights.

    Attributes:
        score: on dev; None where there is no dev split, or no epoch yet.
        epoch: its number, from 1; 0 while there is none.
        weights: of the averaged parameters, in order; empty while there is no epoch.
    """

    def __init__(self, average: AveragedWeights) -> None:
        self.average = average
        self.score: DevScore | None = None
        self.epoch = 0
        self.weights: list[Tensor] = []

    def consider(self, score: DevScore | None, epoch: int) -> bool:
        """Copy the averaged weights when they score best; without a dev split the last ones count as best."""
        if score is not None:
            best = self.score
            if not math.isfinite(score.loss) or (best is not None and score.value <= best.value):
                return False
        if not all(bool(weights.isfinite().all()) for weights in self.average.present):
            return False
        self.score, self.epoch = score, epoch
        self.weights = [average.clone() for average in self.average.present]
        return True

    @torch.no_grad()
    def put_back(self) -> None:
        """Give the model the weights of the best epoch."""
        for parameter, weights in zip(self.average.parameters, self.weights, strict=True):
            parameter.copy_(weights)
