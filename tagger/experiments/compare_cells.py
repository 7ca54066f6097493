"""Plain RNN, LSTM and GRU side by side: one corpus, one budget, once of equal size, once of equal parameters."""

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
from tagger.corpora.encoding.word_features import WordFeatures
from tagger.corpora.sources.corpus import Corpus
from tagger.errors import CorpusError
from tagger.models.layers.encoder import DirectionalStack
from tagger.models.networks.multi_head_network import Network
from tagger.models.training.gradient_flow import gradient_norms
from tagger.runtime.device import check_threads, intra_op_threads, seed_everything
from tagger.sequence_labelling.preparation import Prepared
from tagger.sequence_labelling.task import TaggingTask
from tagger.sequence_labelling.train import make_task
from tagger.serialization.builder import build_tagger
from tagger.training.events import Listener
from tagger.training.objective import word_tensors
from tagger.training.run import RunContext, ignore_events, run_training

CELLS = ("rnn", "lstm", "gru")
BLOCKS = {"rnn": 1, "gru": 3, "lstm": 4}
"""Pairs of matrices of each cell: a gate, or the candidate, has one (W, U)."""
STEPS, STREAMS = 65, 16
"""Words and number of the streams in which gradients are followed back."""
SETTINGS: dict[str, Any] = {
    "words.characters": "affix",
    "encoder.hidden_size": 64,
    "training.epochs": 5,
    "training.auxiliary": [],
    "training.patience": 0,
}
"""A budget that three cells can have within a minute or two on the bundled corpus."""


@dataclass(frozen=True, slots=True)
class CellResult:
    """One trained network.

    Args:
        cell: "rnn", "lstm" or "gru".
        input_size: D of the recurrent layer.
        hidden_size: H.
        parameters: of the recurrent layers, both directions, as PyTorch counts them.
        step_microseconds: of one word, forwards and back through one direction, in batches of 32 sentences.
        scores: accuracy by split, 0 to 1.
        seconds: of training.
        before: norms of the gradient by the steps it went back, 0 first, by state, untrained; empty where not asked.
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
    """Blocks * (H * D + H * H + 2 * H): W reads the word, U the state, and PyTorch has two biases."""
    return BLOCKS[cell] * hidden_size * (input_size + hidden_size + 2)


def equal_size(cell: str, input_size: int, parameters: int) -> int:
    """H of a layer of that cell that comes nearest to a number of parameters."""
    return min(range(1, 4096), key=lambda size: abs(layer_parameters(cell, input_size, size) - parameters))


def compare_cells(
    corpus: Corpus,
    config: Config,
    *,
    threads: int | None = None,
    listener: Listener | None = None,
    on_start: Callable[[str, int], None] | None = None,
) -> tuple[list[CellResult], list[CellResult]]:
    """Train all cells.

    Args:
        corpus: labelled.
        config: settings with the hidden size of all cells.
        threads: CPU threads.
        listener: called with every event of training.
        on_start: called with the cell and the hidden size before each training.

    Returns:
        The cells of equal hidden size, and those that have as many parameters as the LSTM.

    Raises:
        CorpusError: there is no training split, or it is too short to follow gradients back.
    """
    if corpus.train is None:
        raise CorpusError("has no training split", path=corpus.source)
    context = RunContext("cpu", check_threads(threads), listener or ignore_events)
    config = resolve(config, Facts.of(corpus))
    torch.set_flush_denormal(True)
    with intra_op_threads(1):
        task = make_task(corpus, config)
        tell = on_start or (lambda cell, size: None)
        equal = []
        for cell in CELLS:
            tell(cell, config.encoder.hidden_size or 0)
            equal.append(_train(task, config.with_settings({"encoder.cell": cell}), context, follow=True))
        lstm = next(one for one in equal if one.cell == "lstm")
        target = layer_parameters("lstm", lstm.input_size, lstm.hidden_size)
        matched = []
        for cell in CELLS:
            if cell == "lstm":
                matched.append(lstm)
                continue
            size = equal_size(cell, lstm.input_size, target)
            tell(cell, size)
            settings = {"encoder.cell": cell, "encoder.hidden_size": size}
            matched.append(_train(task, config.with_settings(settings), context, follow=False))
    return equal, matched


def _train(task: TaggingTask, config: Config, context: RunContext, *, follow: bool) -> CellResult:
    begun = time.perf_counter()
    run = run_training(replace(task, config=config), context)
    seconds = time.perf_counter() - begun
    model, features = run.tagger.saved.model, run.tagger.saved.features
    stack = model.encoder.ahead
    input_size = int(stack.layers[0].input_size)  # type: ignore[arg-type]
    before: dict[str, list[float]] = {}
    after: dict[str, list[float]] = {}
    if follow:
        before = follow_gradients(_untrained(task.prepared, config), features, task)
        after = follow_gradients(model, features, task)
    return CellResult(
        config.encoder.cell,
        input_size,
        stack.output_size,
        sum(parameter.numel() for parameter in model.encoder.parameters()),
        step_time(stack, input_size),
        {split: scores.accuracy for split, scores in run.scores.items()},
        seconds,
        before,
        after,
    )


def _untrained(prepared: Prepared, config: Config) -> Network:
    """The network as training found it."""
    seed_everything(config.training.seed)
    labels = {head: len(names) for head, names in prepared.labels.items()}
    return build_tagger(config, prepared.features, labels, prepared.vectors).eval()


def follow_gradients(model: Network, features: WordFeatures, task: TaggingTask) -> dict[str, list[float]]:
    """The mean norm of the gradient k steps back, k = 0 first, by state.

    Streams of words of dev (of train where dev is too short) are read by the forward stack; the loss is that of the
    tag of the last word. The backward stack, which has seen only that word, does not depend on earlier states.

    Raises:
        CorpusError: there are too few words.
    """
    words, tags = _streams(task)
    for parameter in model.parameters():
        parameter.requires_grad_(True)
    labels = torch.from_numpy(task.prepared.labels[TAG].encode(tags[-1]))
    distinct = sorted(set(words.ravel()))
    table = model.words(*word_tensors(features.encode(distinct), torch.device("cpu")))
    places = {word: place for place, word in enumerate(distinct)}
    inputs = table[torch.tensor([[places[word] for word in row] for row in words])].detach()
    encoder = model.encoder
    behind = None if encoder.behind is None else encoder.behind(inputs[-1:])[0]

    def loss(output: Tensor) -> Tensor:
        states = output if behind is None else torch.cat([output, behind], dim=-1)
        return cross_entropy(model.heads[TAG](states), labels, ignore_index=-1, reduction="sum")

    norms = gradient_norms(encoder.ahead, inputs, loss)
    return {name: [float(value) for value in values.mean(1)] for name, values in norms.items()}


def _streams(task: TaggingTask) -> tuple[np.ndarray, np.ndarray]:
    """(T, B) words in running text, and their tags."""
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
    """Microseconds of one word, forwards and back, on one core: CPU time, the fastest of several batches."""
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
    """What a step leaves of the gradient: the geometric mean from one step back to the farthest that arrives."""
    far = max((k for k, norm in enumerate(norms) if norm > 1e-30), default=0)
    if far < 2 or norms[1] <= 0:
        return 0.0
    return float((norms[far] / norms[1]) ** (1 / (far - 1)))
