"""Beam search: find the texts that are most probable per token."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from tagger.config.generation import Generated, GenerationSettings
from tagger.corpora.encoding.vocabulary import UNKNOWN_ID
from tagger.corpora.subwords.base import SubwordTokenizer
from tagger.generation.decoder import TokenPredictor
from tagger.generation.prompts import Prompt, read_prompt
from tagger.generation.text_output import replayed_state


@dataclass(frozen=True, slots=True)
class _Hypothesis:
    """Tokens after the prompt with their log-probabilities (nats)."""

    ids: tuple[int, ...] = ()
    log_probs: tuple[float, ...] = ()

    @property
    def total(self) -> float:
        return sum(self.log_probs)

    @property
    def score(self) -> float:
        return self.total / len(self.ids)


def beam_search(
    engine: TokenPredictor, subwords: SubwordTokenizer, prompt: Prompt, settings: GenerationSettings
) -> list[Generated]:
    """Find the best continuations with ``settings.beam`` hypotheses, best first.

    A text ends after ``settings.sentences`` sentence ends (1 if not given), at a stop string, or after
    ``max_tokens``. Texts are compared by their log-probability divided by their number of tokens. The search
    ends early only when no open hypothesis can reach the worst of the finished ones.
    """
    settings = replace(settings, sentences=settings.sentences or 1)
    width = settings.beam or 1
    alive, finished = [_Hypothesis()], list[_Hypothesis]()
    log_probs, state = engine.next(*read_prompt(engine, prompt))

    def is_over(ids: Sequence[int]) -> bool:
        return _is_over(ids, subwords, prompt, settings)

    while True:
        rows, alive = _step(alive, log_probs, width, finished, is_over, settings)
        finished.sort(key=lambda hypothesis: -hypothesis.score)
        del finished[width:]
        if not alive or (len(finished) == width and finished[-1].score >= alive[0].total / settings.max_tokens):
            break
        state = engine.pick(state, torch.tensor(rows))
        log_probs, state = engine.next(torch.tensor([[hypothesis.ids[-1] for hypothesis in alive]]), state)
    return [replayed_state(prompt, best.ids, best.log_probs, subwords, settings).generated() for best in finished]


def _step(
    alive: list[_Hypothesis],
    log_probs: Tensor,
    width: int,
    finished: list[_Hypothesis],
    is_over: Callable[[Sequence[int]], bool],
    settings: GenerationSettings,
) -> tuple[list[int], list[_Hypothesis]]:
    """Extend all hypotheses by a token.

    Returns:
        The best that remain open, and the rows that they extend; ended ones are added to ``finished``.
    """
    totals = log_probs.double() + torch.tensor([[hypothesis.total] for hypothesis in alive], dtype=torch.float64)
    if settings.no_unk and totals.shape[1] > 1:
        totals[:, UNKNOWN_ID] = -torch.inf
    # Each hypothesis can end in one way only: among twice the width, enough remain open.
    places = totals.flatten().topk(min(2 * width, int(totals.isfinite().sum()))).indices
    rows: list[int] = []
    lengthened: list[_Hypothesis] = []
    for place in places.tolist():
        row, token = divmod(place, totals.shape[1])
        before = alive[row]
        after = _Hypothesis((*before.ids, token), (*before.log_probs, float(log_probs[row, token])))
        if is_over(after.ids):
            finished.append(after)
        elif len(rows) < width:
            rows.append(row)
            lengthened.append(after)
    return rows, lengthened


def _is_over(ids: Sequence[int], subwords: SubwordTokenizer, prompt: Prompt, settings: GenerationSettings) -> bool:
    if len(ids) == settings.max_tokens or (ids[-1] == subwords.end and ids.count(subwords.end) == settings.sentences):
        return True
    return bool(settings.stop) and bool(replayed_state(prompt, ids, (0.0,) * len(ids), subwords, settings).stopped_by)
