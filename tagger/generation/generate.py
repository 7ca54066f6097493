"""Write text with a language model: continue a prompt token by token."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from secrets import randbits

import numpy as np
import torch

from tagger.config.generation import Generated, GenerationSettings
from tagger.corpora.encoding.vocabulary import UNKNOWN_ID
from tagger.corpora.subwords.base import SubwordTokenizer
from tagger.errors import ConfigError
from tagger.generation.beam_search import beam_search
from tagger.generation.decoder import TokenPredictor
from tagger.generation.prompts import Prompt, read_prompt
from tagger.generation.sampling import Sampler
from tagger.generation.text_output import GenerationState
from tagger.runtime.device import single_threaded
from tagger.runtime.process_pool import can_fork, map_in_processes

SAMPLES_PER_PROCESS, TOKENS_PER_PROCESS = 8, 400
"""Fewest samples, and tokens, of a worker process: with fewer, one process writes them sooner."""
SAMPLES_PER_THREAD = 32
"""Fewest samples of a thread: with fewer, threads wait for each other more than they work."""


def generate(
    engine: TokenPredictor,
    subwords: SubwordTokenizer,
    prompt: Prompt,
    settings: GenerationSettings,
    *,
    threads: int = 1,
) -> list[Generated]:
    """Continue a prompt.

    Args:
        engine: predicts the next token.
        subwords: tokenizer of the model.
        prompt: made by ``tagger.generation.prompts.make_prompt``.
        settings: what to draw from and when to stop.
        threads: threads (on Linux worker processes) that share many samples; their number changes no text.

    Returns:
        One text a sample; with beam search the most probable texts, best first.
    """
    if settings.beam is not None:
        return beam_search(engine, subwords, prompt, settings)
    seed = _seed(settings)

    def write(numbers: range) -> list[Generated]:
        *_, texts = _write(engine, subwords, prompt, settings, seed, numbers)
        return [text.generated() for text in texts]

    fewest = max(SAMPLES_PER_PROCESS, -(-TOKENS_PER_PROCESS // settings.max_tokens))
    parts = _parts(settings.samples, min(threads, settings.samples // fewest))
    if len(parts) > 1 and can_fork():
        return [text for share in map_in_processes(write, parts) for text in share]
    parts = _parts(settings.samples, min(threads, settings.samples // SAMPLES_PER_THREAD))
    if len(parts) == 1:
        return write(parts[0])
    with ThreadPoolExecutor(len(parts), "tagger-generation", initializer=single_threaded) as pool:
        return [text for share in pool.map(write, parts) for text in share]


def _parts(samples: int, number: int) -> list[range]:
    """Divide the numbers of the samples into parts, at least one."""
    bounds = [samples * part // max(1, number) for part in range(max(1, number) + 1)]
    return [range(first, last) for first, last in pairwise(bounds)]


def stream(
    engine: TokenPredictor, subwords: SubwordTokenizer, prompt: Prompt, settings: GenerationSettings
) -> Iterator[str]:
    """Continue a prompt, and yield the text piece by piece: the prompt first.

    A word appears once the next one is drawn, which may decide how it is spaced.

    Args:
        engine: predicts the next token.
        subwords: tokenizer of the model.
        prompt: made by ``tagger.generation.prompts.make_prompt``.
        settings: for a single sample, without beam search.

    Raises:
        ConfigError: several samples, or beam search.
    """
    if settings.samples != 1 or settings.beam is not None:
        raise ConfigError("only one sample can be streamed, and no beam search; expected samples 1 and beam None")
    return _pieces(engine, subwords, prompt, settings)


def _pieces(
    engine: TokenPredictor, subwords: SubwordTokenizer, prompt: Prompt, settings: GenerationSettings
) -> Iterator[str]:
    if prompt.text:
        yield prompt.text
    for (text,) in _write(engine, subwords, prompt, settings, _seed(settings), range(1)):
        if piece := text.take():
            yield piece


def _seed(settings: GenerationSettings) -> int:
    return randbits(64) if settings.seed is None else settings.seed


def _write(
    engine: TokenPredictor,
    subwords: SubwordTokenizer,
    prompt: Prompt,
    settings: GenerationSettings,
    seed: int,
    numbers: range,
) -> Iterator[list[GenerationState]]:
    """Yield the texts of some samples after each step; finished ones leave the batch."""
    texts = [GenerationState(prompt, subwords, settings) for _ in numbers]
    seen = [set(prompt.ids) for _ in numbers]
    distributions, state = engine.next_tokens(*read_prompt(engine, prompt))
    distributions = distributions.repeated(len(numbers))
    state = engine.pick(state, torch.zeros(len(numbers), dtype=torch.int64))
    sampler = Sampler(settings, distributions.bounds, UNKNOWN_ID, [(seed, number) for number in numbers])
    active = list(range(len(numbers)))
    while active:
        drawn, chosen = sampler.draw(distributions, active, [seen[sample] for sample in active])
        for sample, token, log_prob in zip(active, drawn, chosen, strict=True):
            texts[sample].add(token, log_prob)
            seen[sample].add(token)
        yield texts
        going = [row for row, sample in enumerate(active) if not texts[sample].stopped_by]
        if going and len(going) < len(active):
            state = engine.pick(state, torch.tensor(going))
        active = [active[row] for row in going]
        if active:
            ids = torch.from_numpy(np.array([[drawn[row] for row in going]]))
            distributions, state = engine.next_tokens(ids, state)
