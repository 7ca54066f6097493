"""Learning to predict the next values of a series: stretches of rows, errors summed over their steps."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from tagger.config.forecaster import ForecasterConfig
from tagger.forecasting.features import SeriesDataset
from tagger.forecasting.prediction import predictions
from tagger.forecasting.windows import TimeSplit, Windows, make_windows, training_windows
from tagger.models.heads.regression import LossKind, regression_loss
from tagger.models.networks.series_network import SeriesNetwork
from tagger.training.objective import DatasetSize, DevScore, Objective, StepLoss, Task


class SeriesObjective(Objective):
    """The regression head over time series.

    Losses are in squared (or absolute) standard deviations of the training part, a step.

    Args:
        model: the network to train.
        inputs: all rows.
        train: the part to learn from.
        dev: the part to choose the best epoch by, or None.
        config: resolved.
        device: where to compute.
    """

    task: Task = "series"

    def __init__(
        self,
        model: SeriesNetwork,
        inputs: SeriesDataset,
        train: TimeSplit,
        dev: TimeSplit | None,
        config: ForecasterConfig,
        *,
        device: torch.device,
    ) -> None:
        self.model, self.inputs = model, inputs
        self.train, self.dev = train, dev
        self.device = device
        self.kind: LossKind = config.head.loss
        self.delta = config.head.delta
        self.batch = max(1, (config.training.batch_tokens or 1) // inputs.window)
        self.size = DatasetSize(int((train.ends - train.starts >= 2).sum()), train.rows, len(config.data.targets))
        starts, _ = training_windows(train, inputs.window, np.random.default_rng(0))
        self.steps_per_epoch = -(-len(starts) // self.batch)

    def epoch(self, rng: np.random.Generator) -> tuple[int, Iterator[Windows]]:
        """Every row of the training part at least once."""
        starts, groups = training_windows(self.train, self.inputs.window, rng)
        cuts = range(0, len(starts), self.batch)
        batches = (
            make_windows(self.train, starts[i : i + self.batch], groups[i : i + self.batch], self.inputs.window)
            for i in cuts
        )
        return len(cuts), batches

    def loss(self, batch: Windows) -> StepLoss:
        """Errors of a batch, summed over the steps that have a target."""
        targets = self._wanted(batch).to(self.device)
        predicted = self.model(self.inputs.read(batch.rows).to(self.device))
        summed = regression_loss(predicted, targets, kind=self.kind, delta=self.delta)
        steps = max(1, known_steps(targets))
        return StepLoss(summed / steps, summed, steps)

    def split_batch(self, batch: Windows, parts: int) -> list[Windows]:
        """Parts of like many stretches each, but for those without a target: nothing is learnt from them."""
        chosen = np.array_split(np.arange(batch.rows.shape[1]), min(parts, batch.rows.shape[1]))
        made = [Windows(batch.rows[:, some], batch.first[some], batch.end[some]) for some in chosen]
        return [part for part in made if known_steps(self._wanted(part))] or made[:1]

    def _wanted(self, batch: Windows) -> Tensor:
        return self.inputs.targets_ahead(batch.rows, batch.first, batch.end)

    def evaluate(self) -> DevScore | None:
        """Errors a step on dev."""
        if self.dev is None:
            return None
        self.model.eval()
        total, steps = 0.0, 0
        for found in predictions(self.model, self.inputs, self.dev, self.device):
            targets = torch.from_numpy(found.targets)
            total += float(
                regression_loss(torch.from_numpy(found.predicted), targets, kind=self.kind, delta=self.delta)
            )
            steps += known_steps(targets)
        self.model.train()
        return DevScore(total / max(1, steps))


def known_steps(targets: Tensor) -> int:
    """Steps of (..., K) that have a target, NaN where there is none."""
    return int((~torch.isnan(targets)).any(-1).sum())
