"""The copy task, the clearest case of a long memory: recall a symbol after many distractors.

After the second task of Hochreiter and Schmidhuber 1997, section 5, and the copy task of Arjovsky et al. 2016: one of
``SYMBOLS`` symbols at the first step, N distractors, a cue that asks for the answer. Only the state of the network can
carry the symbol, and its gradient must flow back over N steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from tagger.config.tagger import TrainingConfig
from tagger.experiments.compare_cells import CELLS
from tagger.models.layers.encoder import Encoder
from tagger.models.networks.causal_networks import SymbolNetwork
from tagger.models.training.gradient_flow import gradient_norms
from tagger.runtime.device import intra_op_threads, seed_everything
from tagger.training.events import EpochEnd
from tagger.training.objective import DatasetSize, DevScore, Objective, StepLoss, Task
from tagger.training.optimizers import make_optimization
from tagger.training.trainer import Trainer

SYMBOLS, DISTRACTORS = 8, 8
CUE = SYMBOLS + DISTRACTORS
BATCH, BATCHES, TESTED = 64, 25, 512
SOLVED = 0.99


def copy_batch(length: int, size: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw sequences: (length + 2, size) symbols to read and (size,) the answers, both int64."""
    answers = rng.integers(0, SYMBOLS, size)
    between = rng.integers(SYMBOLS, CUE, (length, size))
    return np.concatenate([answers[None], between, np.full((1, size), CUE)]), answers


class CopyObjective(Objective):
    """Recall of one symbol after ``length`` distractors; ``seed`` is that of the sequences for testing."""

    task: Task = "pos"

    def __init__(self, model: SymbolNetwork, length: int, seed: int) -> None:
        self.model, self.length = model, length
        self.size = DatasetSize(BATCH * BATCHES, BATCH * BATCHES, SYMBOLS)
        self.steps_per_epoch = BATCHES
        self.tested = copy_batch(length, TESTED, np.random.default_rng([seed, 1]))

    def epoch(self, rng: np.random.Generator) -> tuple[int, Iterator[tuple[np.ndarray, np.ndarray]]]:
        """Draw new sequences."""
        return BATCHES, (copy_batch(self.length, BATCH, rng) for _ in range(BATCHES))

    def loss(self, batch: tuple[np.ndarray, np.ndarray]) -> StepLoss:
        """Compute the cross-entropy of the answers."""
        nats = self._nats(batch)[0]
        return StepLoss(nats / len(batch[1]), nats, len(batch[1]))

    def evaluate(self) -> DevScore:
        """Measure the share of right answers on the sequences for testing."""
        self.model.eval()
        nats, scores = self._nats(self.tested)
        self.model.train()
        right = float((scores.argmax(1).numpy() == self.tested[1]).mean())
        return DevScore(float(nats) / TESTED, right)

    def _nats(self, batch: tuple[np.ndarray, np.ndarray]) -> tuple[Tensor, Tensor]:
        scores = self.model(torch.from_numpy(batch[0]))
        return cross_entropy(scores, torch.from_numpy(batch[1]), reduction="sum"), scores


@dataclass(frozen=True, slots=True)
class CopyResult:
    """The result of one cell at one length.

    Args:
        cell: "rnn", "lstm" or "gru".
        length: N.
        solved: whether the share ``SOLVED`` of the answers was right.
        accuracy: the best share of right answers.
        updates: until then.
        seconds: of training.
    """

    cell: str
    length: int
    solved: bool
    accuracy: float
    updates: int
    seconds: float


@dataclass(frozen=True, slots=True)
class CopySettings:
    """The settings of the task.

    Args:
        lengths: of the memory, rising; each network begins at the shortest and continues until it fails.
        hidden_size: H.
        updates: largest number of updates at one length.
        learning_rate: of AdamW.
        seed: of weights and sequences.
    """

    lengths: tuple[int, ...] = (5, 10, 20, 50, 100)
    hidden_size: int = 64
    updates: int = 600
    learning_rate: float = 3e-3
    seed: int = 1


def make_copy_network(cell: str, hidden_size: int) -> SymbolNetwork:
    """Build an untrained network for the task."""
    encoder = Encoder(cell=cell, input_size=16, hidden_size=hidden_size, layers=1, backward=False)
    return SymbolNetwork(symbols=CUE + 1, embedding_size=16, encoder=encoder, answers=SYMBOLS)


def learn_copy(cell: str, settings: CopySettings) -> tuple[SymbolNetwork, list[CopyResult]]:
    """Train one cell on longer and longer memories until it fails.

    Returns:
        The network, and its result at each length.
    """
    rng = seed_everything(settings.seed)
    network = make_copy_network(cell, settings.hidden_size)
    results = []
    for length in settings.lengths:
        results.append(_learn_length(network, cell, length, settings, rng))
        if not results[-1].solved:
            break
    return network, results


def _learn_length(
    network: SymbolNetwork, cell: str, length: int, settings: CopySettings, rng: np.random.Generator
) -> CopyResult:
    config = TrainingConfig(
        epochs=-(-settings.updates // BATCHES), learning_rate=settings.learning_rate, schedule="constant", warmup=0.0,
        weight_decay=0.0, average=0.0, patience=0,
    )  # fmt: skip
    objective = CopyObjective(network, length, settings.seed)
    trainer = Trainer(network, objective, config, make_optimization(network, config), rng=rng)
    best = 0.0
    for event in trainer.events():
        if isinstance(event, EpochEnd):
            best = max(best, event.dev_accuracy or 0.0)
            if best >= SOLVED:
                break
    return CopyResult(cell, length, best >= SOLVED, best, trainer.optimizer_step.done, trainer.clock.seconds)


def copy_gradients(network: SymbolNetwork, length: int, seed: int) -> dict[str, list[float]]:
    """Measure the mean norm of the gradient k steps before the answer, by state."""
    symbols, answers = copy_batch(length, BATCH, np.random.default_rng([seed, 2]))
    network.eval()
    inputs = network.embedding(torch.from_numpy(symbols)).detach()

    def loss(output: Tensor) -> Tensor:
        return cross_entropy(network.head(output), torch.from_numpy(answers), reduction="sum")

    norms = gradient_norms(network.encoder.forward_rnn, inputs, loss)
    return {name: values.mean(1).tolist() for name, values in norms.items()}


def compare_on_copy(
    settings: CopySettings, on_start: Callable[[str, int], None]
) -> tuple[dict[str, list[CopyResult]], dict[str, tuple[dict[str, list[float]], dict[str, list[float]]]]]:
    """Train every cell on the task.

    Args:
        settings: of the task.
        on_start: called with the cell and the hidden size before each training.

    Returns:
        By cell: the results at each length, and the gradients of ``copy_gradients`` before and after training.
    """
    results, gradients = {}, {}
    with intra_op_threads(1):
        for cell in CELLS:
            on_start(cell, settings.hidden_size)
            seed_everything(settings.seed)
            before = copy_gradients(make_copy_network(cell, settings.hidden_size), settings.lengths[-1], settings.seed)
            network, results[cell] = learn_copy(cell, settings)
            gradients[cell] = before, copy_gradients(network, settings.lengths[-1], settings.seed)
    return results, gradients
