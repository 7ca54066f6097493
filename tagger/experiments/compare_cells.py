"""Comparison of RNN, LSTM and GRU at equal hidden size and at equal parameters."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from tagger.config.defaults import Facts, resolve
from tagger.config.tagger import TAG, Config
from tagger.corpora.sources.corpus import Corpus
from tagger.errors import CorpusError
from tagger.models.layers.encoder import DirectionalStack
from tagger.models.networks.multi_head_network import Network
from tagger.models.training.gradient_flow import gradient_norms
from tagger.runtime.device import check_threads, intra_op_threads, seed_everything
from tagger.sequence_labelling.task import TaggingTask
from tagger.sequence_labelling.train import make_task
from tagger.training.objective import word_tensors
from tagger.training.run import run_training
from tagger.training.task import RunContext

CELLS = ("rnn", "lstm", "gru")
BLOCKS = {"rnn": 1, "gru": 3, "lstm": 4}
"""Pairs of matrices (W, U) of each cell: one for each gate and for the candidate."""
STEPS, STREAMS = 65, 16
"""Length and number of the word sequences that gradients are followed back through."""
SETTINGS: dict[str, Any] = {
    "words.characters": "affix",
    "encoder.hidden_size": 64,
    "training.epochs": 5,
    "training.auxiliary": [],
    "training.patience": 0,
}
"""Settings that train a cell on the bundled corpus within a minute."""


@dataclass(frozen=True, slots=True)
class CellResult:
    """The measurements of one trained network.

    Args:
        cell: "rnn", "lstm" or "gru".
        input_size: D of the recurrent layer.
        hidden_size: H.
        parameters: of the recurrent layers, both directions.
        step_microseconds: of one word, forward and backward pass of one direction, in batches of 32 sentences.
        scores: accuracy by split, 0 to 1.
        seconds: of training.
        before: by state, the norm of the gradient k steps back, untrained; empty where not measured.
        after: the same of the trained network.
    """

    cell: str
    input_size: int
    hidden_size: int
    parameters: int
    step_microseconds: float
    scores: dict[str, float]
    seconds: float
    before: dict[str, list[float]]
    after: dict[str, list[float]]


def layer_parameters(cell: str, input_size: int, hidden_size: int) -> int:
    """Count blocks * (H * D + H * H + 2 * H) parameters; PyTorch has two biases."""
    return BLOCKS[cell] * hidden_size * (input_size + hidden_size + 2)


def equal_size(cell: str, input_size: int, parameters: int) -> int:
    """Find the hidden size H of a layer of that cell nearest to a number of parameters."""
    return min(range(1, 4096), key=lambda size: abs(layer_parameters(cell, input_size, size) - parameters))


def compare_cells(
    corpus: Corpus,
    config: Config,
    *,
    threads: int | None = None,
    on_start: Callable[[str, int], None] | None = None,
) -> tuple[list[CellResult], list[CellResult]]:
    """Train all cells; call ``on_start`` with the cell and the hidden size before each training.

    Returns:
        The cells of equal hidden size, and those that have as many parameters as the LSTM.

    Raises:
        CorpusError: there is no training split, or it is too short to follow gradients back.
    """
    if corpus.train is None:
        raise CorpusError("has no training split", path=corpus.source)
    context = RunContext("cpu", check_threads(threads))
    config = resolve(config, Facts.of(corpus))
    with intra_op_threads(1):
        task = make_task(corpus, config)

        def train(cell: str, size: int, *, follow: bool) -> CellResult:
            if on_start is not None:
                on_start(cell, size)
            settings = config.with_settings({"encoder.cell": cell, "encoder.hidden_size": size})
            return _train(replace(task, config=settings), context, follow=follow)

        equal = {cell: train(cell, config.encoder.hidden_size, follow=True) for cell in CELLS}
        lstm = equal["lstm"]
        target = layer_parameters("lstm", lstm.input_size, lstm.hidden_size)
        sizes = {cell: equal_size(cell, lstm.input_size, target) for cell in CELLS if cell != "lstm"}
        matched = [train(cell, sizes[cell], follow=False) if cell in sizes else lstm for cell in CELLS]
    return list(equal.values()), matched


def _train(task: TaggingTask, context: RunContext, *, follow: bool) -> CellResult:
    begun = time.perf_counter()
    run = run_training(task, context)
    seconds = time.perf_counter() - begun
    model = run.model.saved.model
    stack = model.encoder.forward_rnn
    input_size = int(stack.layers[0].input_size)  # type: ignore[arg-type]
    return CellResult(
        cell=task.config.encoder.cell,
        input_size=input_size,
        hidden_size=stack.output_size,
        parameters=sum(parameter.numel() for parameter in model.encoder.parameters()),
        step_microseconds=step_time(stack, input_size),
        scores={split: scores.accuracy for split, scores in run.scores.items()},
        seconds=seconds,
        before=follow_gradients(untrained_network(task), task) if follow else {},
        after=follow_gradients(model, task) if follow else {},
    )


def untrained_network(task: TaggingTask) -> Network:
    """Build the network as it is before training."""
    seed_everything(task.config.training.seed)
    return task.build_network().eval()


def follow_gradients(model: Network, task: TaggingTask) -> dict[str, list[float]]:
    """Measure the mean norm of the gradient k steps back, k = 0 first, by state.

    The forward stack reads running text of dev (of train where dev is too short); the loss is that of the tag of the
    last word. The backward stack, which has read only that word, does not depend on earlier states.

    Raises:
        CorpusError: there are too few words.
    """
    words, tags = running_text(task)
    for parameter in model.parameters():
        parameter.requires_grad_(True)
    labels = torch.from_numpy(task.prepared.labels[TAG].encode(tags[-1]))
    distinct = sorted(set(words.ravel()))
    table = model.words(*word_tensors(task.prepared.features.encode(distinct), torch.device("cpu")))
    places = {word: place for place, word in enumerate(distinct)}
    inputs = table[torch.tensor([[places[word] for word in row] for row in words])].detach()
    encoder = model.encoder
    backward = None if encoder.backward_rnn is None else encoder.backward_rnn(inputs[-1:])[0]

    def loss(output: Tensor) -> Tensor:
        states = output if backward is None else torch.cat([output, backward], dim=-1)
        return cross_entropy(model.heads[TAG](states), labels, ignore_index=-1, reduction="sum")

    norms = gradient_norms(encoder.forward_rnn, inputs, loss)
    return {name: values.mean(1).tolist() for name, values in norms.items()}


def running_text(task: TaggingTask) -> tuple[np.ndarray, np.ndarray]:
    """Take sequences of running text: (T, B) words, and their tags."""
    splits = [split for split in (task.corpus.dev, task.corpus.train) if split is not None]
    split = next((one for one in splits if one.num_tokens >= STEPS + STREAMS), splits[-1])
    words = [word for sentence in split.tokens() for word in sentence]
    tags = [tag for sentence in split.tags() for tag in sentence]
    if len(words) < STEPS + STREAMS:
        needed = f"expected at least {STEPS + STREAMS} to follow gradients back"
        raise CorpusError(f"{len(words)} words in {split.name}; {needed}", path=task.corpus.source)
    starts = np.linspace(0, len(words) - STEPS, STREAMS).astype(int)
    rows = starts + np.arange(STEPS)[:, None]
    return np.array(words, dtype=object)[rows], np.array(tags, dtype=object)[rows]


def step_time(stack: DirectionalStack, input_size: int, *, steps: int = 25, batch: int = 32) -> float:
    """Measure CPU microseconds of one word, forward and backward, in the fastest batch."""
    for parameter in stack.parameters():
        parameter.requires_grad_(True)
    inputs = torch.randn(steps, batch, input_size)
    times = []
    for _ in range(20):
        begun = time.process_time()
        stack(inputs).sum().backward()
        times.append(time.process_time() - begun)
    return 1e6 * min(times) / (steps * batch)


def factor_per_step(norms: Sequence[float]) -> float:
    """Compute the geometric mean of the factors by which each step changes the gradient."""
    far = max((k for k, norm in enumerate(norms) if norm > 1e-30), default=0)
    if far < 2 or norms[1] <= 0:
        return 0.0
    return float((norms[far] / norms[1]) ** (1 / (far - 1)))
