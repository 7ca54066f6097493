"""Learning to give words numbers: the objective of sequence labelling with a regression head."""

from __future__ import annotations

import torch
from torch import Tensor

from tagger.config.tagger import TAG
from tagger.config.token_regressor import TokenRegressorConfig
from tagger.corpora.encoding.batching import Batch, divided
from tagger.forecasting.objective import steps_with_target
from tagger.models.heads.regression import regression_loss
from tagger.models.networks.multi_head_network import Network
from tagger.sequence_labelling.objective import TaggingObjective, score_batch
from tagger.sequence_labelling.preparation import Prepared
from tagger.training.objective import DevScore, StepLoss, Task


class TokenRegressionObjective(TaggingObjective):
    """Regression over words with the head ``tag``; labels are (N, K) scaled targets, NaN where a word has none."""

    task: Task = "series"
    improvement = "lower dev loss"

    def __init__(
        self, model: Network, prepared: Prepared, config: TokenRegressorConfig, *, device: torch.device
    ) -> None:
        super().__init__(model, prepared, config.training, device=device)
        self.head = config.head

    def loss(self, batch: Batch) -> StepLoss:
        """Sum the errors of a batch over the words that have a number."""
        targets = self._targets(batch)
        summed = self._loss(score_batch(self.model, self.train, batch)[TAG], targets)
        steps = max(1, steps_with_target(targets))
        return StepLoss(summed / steps, summed, steps)

    def split_batch(self, batch: Batch, parts: int) -> list[Batch]:
        """Cut it into parts of about the same number of sentences; leave out those without a number."""
        pieces = divided(batch, parts)
        return [piece for piece in pieces if steps_with_target(self._targets(piece))] or pieces[:1]

    def evaluate(self) -> DevScore | None:
        """Compute the loss of a word on dev."""
        if self.dev is None:
            return None
        predicted, targets = self._dev_scores(self.dev)
        return DevScore(float(self._loss(predicted, targets)) / max(1, steps_with_target(targets)))

    def finish(self) -> None:
        """Leave the network as it is: numbers have no posteriors to calibrate."""

    def _targets(self, batch: Batch) -> Tensor:
        return self.train.labels[TAG][torch.from_numpy(batch.positions).to(self.device)]

    def _loss(self, predicted: Tensor, targets: Tensor) -> Tensor:
        return regression_loss(predicted, targets, kind=self.head.loss, delta=self.head.delta)
