"""Learning to predict the next values of a series: windows of rows, errors summed over their steps."""

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
from tagger.models.networks.causal_networks import SeriesNetwork
from tagger.training.objective import DatasetSize, DevScore, Objective, StepLoss, Task


class SeriesObjective(Objective):
    """The regression head over time series.

    Losses are in squared (or absolute) standard deviations of the training split, a step. The split ``dev`` chooses
    the best epoch.
    """

    task: Task = "series"

    def __init__(
        self,
        model: SeriesNetwork,
        dataset: SeriesDataset,
        train: TimeSplit,
        dev: TimeSplit | None,
        config: ForecasterConfig,
        *,
        device: torch.device,
    ) -> None:
        self.model, self.dataset = model, dataset
        self.train, self.dev = train, dev
        self.device = device
        self.kind: LossKind = config.head.loss
        self.delta = config.head.delta
        self.batch = max(1, config.training.batch_tokens // dataset.window)
        self.size = DatasetSize(int((train.ends - train.starts >= 2).sum()), train.rows, len(config.data.targets))
        starts, _ = training_windows(train, dataset.window, np.random.default_rng(0))
        self.steps_per_epoch = -(-len(starts) // self.batch)

    def epoch(self, rng: np.random.Generator) -> tuple[int, Iterator[Windows]]:
        """Read every row of the training split at least once."""
        starts, groups = training_windows(self.train, self.dataset.window, rng)
        cuts = range(0, len(starts), self.batch)
        batches = (
            make_windows(self.train, starts[i : i + self.batch], groups[i : i + self.batch], self.dataset.window)
            for i in cuts
        )
        return len(cuts), batches

    def loss(self, batch: Windows) -> StepLoss:
        """Sum the errors of a batch over the steps that have a target."""
        targets = self._targets(batch).to(self.device)
        predicted = self.model(self.dataset.read(batch.rows).to(self.device))
        summed = regression_loss(predicted, targets, kind=self.kind, delta=self.delta)
        steps = max(1, steps_with_target(targets))
        return StepLoss(summed / steps, summed, steps)

    def split_batch(self, batch: Windows, parts: int) -> list[Windows]:
        """Cut it into parts of about the same number of windows; leave out those without a target."""
        chosen = np.array_split(np.arange(batch.rows.shape[1]), min(parts, batch.rows.shape[1]))
        pieces = [Windows(batch.rows[:, some], batch.first[some], batch.end[some]) for some in chosen]
        return [piece for piece in pieces if steps_with_target(self._targets(piece))] or pieces[:1]

    def _targets(self, batch: Windows) -> Tensor:
        return self.dataset.targets_ahead(batch.rows, batch.first, batch.end)

    def evaluate(self) -> DevScore | None:
        """Compute the loss of a step on dev."""
        if self.dev is None:
            return None
        self.model.eval()
        total, steps = 0.0, 0
        for batch in predictions(self.model, self.dataset, self.dev, self.device):
            predicted, targets = torch.from_numpy(batch.predicted), torch.from_numpy(batch.targets)
            total += float(regression_loss(predicted, targets, kind=self.kind, delta=self.delta))
            steps += steps_with_target(targets)
        self.model.train()
        return DevScore(total / max(1, steps))


def steps_with_target(targets: Tensor) -> int:
    """Count the steps of (..., K) that have a target, NaN where there is none."""
    return int((~torch.isnan(targets)).any(-1).sum())
