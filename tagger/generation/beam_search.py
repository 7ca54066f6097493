"""Beam search: the texts that are most probable per unit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from tagger.config.generation import Generated, GenerationSettings
from tagger.corpora.encoding.vocabulary import UNKNOWN_ID
from tagger.generation.interfaces import TokenCodec, TokenPredictor
from tagger.generation.prompts import Prompt, read_prompt
from tagger.generation.text_output import drafted


@dataclass(frozen=True, slots=True)
class _Hypothesis:
    """Units after the prompt with their log-probabilities (nats)."""

    ids: tuple[int, ...] = ()
    log_probs: tuple[float, ...] = ()

    @property
    def total(self) -> float:
        return sum(self.log_probs)

    @property
    def score(self) -> float:
        return self.total / len(self.ids)


def beam_search(
    engine: TokenPredictor, subwords: TokenCodec, prompt: Prompt, settings: GenerationSettings
) -> list[Generated]:
    """The best continuations found with ``settings.beam`` hypotheses, best first.

    A text is over after ``settings.sentences`` sentence ends (1 if not given), at a stop string, or after
    ``max_tokens``. Texts are compared by their log-probability divided by their number of units. The search
    ends early only when no open hypothesis can reach the worst of the finished ones any more.
    """
    settings = replace(settings, sentences=settings.sentences or 1)
    width = settings.beam or 1
    going, finished = [_Hypothesis()], list[_Hypothesis]()
    log_probs, state = engine.next(*read_prompt(engine, prompt))

    def is_over(ids: Sequence[int]) -> bool:
        return _is_over(ids, subwords, prompt, settings)

    while True:
        rows, going = _step(going, log_probs, width, finished, is_over, settings)
        finished.sort(key=lambda hypothesis: -hypothesis.score)
        del finished[width:]
        if not going or (len(finished) == width and finished[-1].score >= going[0].total / settings.max_tokens):
            break
        state = engine.pick(state, torch.tensor(rows))
        log_probs, state = engine.next(torch.tensor([[hypothesis.ids[-1] for hypothesis in going]]), state)
    return [drafted(prompt, found.ids, found.log_probs, subwords, settings).generated() for found in finished]


def _step(
    going: list[_Hypothesis],
    log_probs: Tensor,
    width: int,
    finished: list[_Hypothesis],
    is_over: Callable[[Sequence[int]], bool],
    settings: GenerationSettings,
) -> tuple[list[int], list[_Hypothesis]]:
    """Lengthen all hypotheses by a unit; the best go on, with the rows they came from, or are added to the finished."""
    totals = log_probs.double() + torch.tensor([[hypothesis.total] for hypothesis in going], dtype=torch.float64)
    if settings.no_unk and totals.shape[1] > 1:
        totals[:, UNKNOWN_ID] = -torch.inf
    # Each hypothesis may end in one way, so that among twice as many there are enough that go on.
    places = totals.flatten().topk(min(2 * width, int(totals.isfinite().sum()))).indices
    rows: list[int] = []
    lengthened: list[_Hypothesis] = []
    for place in places.tolist():
        row, unit = divmod(place, totals.shape[1])
        before = going[row]
        after = _Hypothesis((*before.ids, unit), (*before.log_probs, float(log_probs[row, unit])))
        if is_over(after.ids):
            finished.append(after)
        elif len(rows) < width:
            rows.append(row)
            lengthened.append(after)
    return rows, lengthened


def _is_over(ids: Sequence[int], subwords: TokenCodec, prompt: Prompt, settings: GenerationSettings) -> bool:
    if len(ids) == settings.max_tokens or (ids[-1] == subwords.end and ids.count(subwords.end) == settings.sentences):
        return True
    return bool(settings.stop) and bool(drafted(prompt, ids, (0.0,) * len(ids), subwords, settings).stopped_by)
