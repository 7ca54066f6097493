"""Learning to give words numbers: batches of sentences, errors summed over their steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from tagger.config.tagger import TAG
from tagger.config.token_regressor import TokenRegressorConfig
from tagger.corpora.encoding.batching import Batch, assemble, divided, plan
from tagger.corpora.encoding.encoded_split import EncodedSplit
from tagger.forecasting.objective import known_steps
from tagger.models.heads.regression import LossKind, regression_loss
from tagger.models.networks.multi_head_network import Network
from tagger.training.objective import DatasetSize, DevScore, Objective, StepLoss, Task, word_tensors
from tagger.training.optimizers import word_dropout_probs

EVALUATION_TOKENS = 2000


@dataclass(frozen=True, slots=True)
class NumberedSplit:
    """An encoded split with its targets.

    Args:
        encoded: words and sentences, without labels.
        targets: (N, K) float32, scaled; NaN where a word has none.
    """

    encoded: EncodedSplit
    targets: np.ndarray


class TokenRegressionObjective(Objective):
    """The regression head over words.

    Args:
        model: the network to train; its head ``tag`` gives K numbers.
        train: what to learn from.
        dev: what to choose the best epoch by, or None.
        counts: (U,) occurrences of each distinct word of train.
        config: resolved.
        device: where to compute.
    """

    task: Task = "series"

    def __init__(
        self,
        model: Network,
        train: NumberedSplit,
        dev: NumberedSplit | None,
        counts: np.ndarray,
        config: TokenRegressorConfig,
        *,
        device: torch.device,
    ) -> None:
        self.model, self.train, self.dev, self.device = model, train, dev, device
        self.kind: LossKind = config.head.loss
        self.delta = config.head.delta
        self.budget = config.training.batch_tokens or 1
        self.hide = word_dropout_probs(counts, config.training.word_dropout or 0.0)
        self.size = DatasetSize(len(train.encoded), len(train.encoded.type_ids), train.targets.shape[1])
        self.steps_per_epoch = len(plan(train.encoded.lengths, self.budget, np.random.default_rng(0)))

    def epoch(self, rng: np.random.Generator) -> tuple[int, Iterator[Batch]]:
        """Every sentence once."""
        batches = plan(self.train.encoded.lengths, self.budget, rng)
        return len(batches), (assemble(self.train.encoded, chosen, self.hide, rng) for chosen in batches)

    def loss(self, batch: Batch) -> StepLoss:
        """Errors of a batch, summed over the words that have a number."""
        targets = self._targets(batch).to(self.device)
        summed = regression_loss(self._numbers(self.train, batch), targets, kind=self.kind, delta=self.delta)
        steps = max(1, known_steps(targets))
        return StepLoss(summed / steps, summed, steps)

    def split_batch(self, batch: Batch, parts: int) -> list[Batch]:
        """Parts of like many sentences each, but for those without a number: nothing is learnt from them."""
        made = divided(batch, parts)
        return [part for part in made if known_steps(self._targets(part))] or made[:1]

    def _targets(self, batch: Batch) -> Tensor:
        return torch.from_numpy(self.train.targets[batch.positions])

    def evaluate(self) -> DevScore | None:
        """Errors a word on dev."""
        if self.dev is None:
            return None
        predicted, targets = torch.from_numpy(self.predict(self.dev)), torch.from_numpy(self.dev.targets)
        total = float(regression_loss(predicted, targets, kind=self.kind, delta=self.delta))
        return DevScore(total / max(1, known_steps(targets)))

    @torch.inference_mode()
    def predict(self, split: NumberedSplit) -> np.ndarray:
        """(N, K) numbers of a split, scaled, in evaluation mode."""
        found = np.zeros(split.targets.shape, np.float32)
        self.model.eval()
        for chosen in plan(split.encoded.lengths, EVALUATION_TOKENS):
            batch = assemble(split.encoded, chosen)
            found[batch.positions] = self._numbers(split, batch).cpu().numpy()
        self.model.train()
        return found

    def _numbers(self, split: NumberedSplit, batch: Batch) -> Tensor:
        return batch_numbers(self.model, split.encoded, batch, self.device)


def batch_numbers(model: Network, encoded: EncodedSplit, batch: Batch, device: torch.device) -> Tensor:
    """(N, K) numbers of the real steps of a batch, sentence after sentence."""
    types = torch.from_numpy(batch.types)
    word_ids, *others = (
        None if column is None else column[types].to(device)
        for column in word_tensors(encoded.arrays, torch.device("cpu"))
    )
    assert word_ids is not None
    vectors = model.words(word_ids.masked_fill(torch.from_numpy(batch.hidden).to(device), 0), *others)
    steps, lengths = torch.from_numpy(batch.steps).to(device), torch.from_numpy(batch.lengths).to(device)
    numbers: Tensor = model(vectors, steps, lengths)[TAG]
    return numbers
