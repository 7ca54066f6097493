"""How much each word of a text surprises a language model: in bits, as a rank, and beside the entropy."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeAlias

import torch
from torch import Tensor

from tagger.corpora.encoding.vocabulary import UNKNOWN_ID
from tagger.corpora.tokenization.passages import TextSegment
from tagger.errors import ConfigError
from tagger.generation.interfaces import State, TokenCodec, TokenPredictor

MOST_LOG_PROBS = 1 << 22  # at most so many at once: 16 MB, and as much for what is computed from them
_BITS = 1 / math.log(2)

Measures: TypeAlias = list[tuple[float, int, float]]
"""Surprisal (bits), rank and entropy (bits) of each of T units."""


def measure(
    engine: TokenPredictor, inputs: Sequence[Sequence[int]], targets: Sequence[Sequence[int]], state: State
) -> tuple[list[Measures], State]:
    """Surprisal (bits), rank and entropy (bits) of each target.

    Args:
        engine: predicts.
        inputs: (B, T) what is read.
        targets: (B, T) what was to be predicted after each input.
        state: of B streams.

    Returns:
        (B, T) measures and the new state.
    """
    read, aims = torch.tensor(inputs).T, torch.tensor(targets).T
    steps = max(1, MOST_LOG_PROBS // (engine.size * read.shape[1]))
    parts: list[list[Tensor]] = [[], [], []]
    for start in range(0, len(read), steps):
        log_probs, state = engine.read(read[start : start + steps], state)
        for part, values in zip(parts, measured(log_probs, aims[start : start + steps]), strict=True):
            part.append(values)
    surprisals, ranks, entropies = (torch.cat(part).T.tolist() for part in parts)
    rows = zip(surprisals, ranks, entropies, strict=True)
    return [list(zip(*row, strict=True)) for row in rows], state


def measured(log_probs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Surprisal, rank and entropy.

    Args:
        log_probs: (T, B, V) nats.
        targets: (T, B).

    Returns:
        (T, B) surprisal of the target in bits, its rank from 1, entropy of the distribution in bits.
    """
    found = log_probs.gather(-1, targets.to(log_probs.device)[..., None])
    room = torch.empty_like(log_probs)
    ranks = 1 + torch.gt(log_probs, found, out=room).sum(-1).long()
    entropy = -torch.linalg.vecdot(torch.exp(log_probs, out=room), log_probs)
    if not entropy.isfinite().all():  # 0 log 0
        entropy = -torch.linalg.vecdot(room, log_probs.clamp(min=torch.finfo(log_probs.dtype).min))
    return (-found[..., 0] * _BITS).cpu(), ranks.cpu(), (entropy * _BITS).cpu()


CONTEXTS = ("text", "sentence")
MOST_STEPS = 1024  # units that are read at once
_WINDOW = 512  # passages among which companions of like length are sought


@dataclass(slots=True)
class ScoredPassage:
    """The scores of the W words of a sentence.

    A word of several units has the sum of their surprisals, and the rank and entropy of the first. The surprisal
    of a word that is not known is that of meeting any unknown word.

    Args:
        passage: its text and words.
        surprisals: -log2 p(word | all before it), bits.
        ranks: 1 for the most probable unit.
        entropies: of the distribution before the word, bits.
        known: False for words with a unit that is ``<unk>``.
        end_surprisal: of the sentence end, bits; so for the next two.
        end_rank: see ``ranks``.
        end_entropy: see ``entropies``.
        units: units read, the end among them.
    """

    passage: TextSegment
    surprisals: list[float]
    ranks: list[int]
    entropies: list[float]
    known: list[bool]
    end_surprisal: float
    end_rank: int
    end_entropy: float
    units: int

    @property
    def bits(self) -> float:
        """Surprisal of the whole sentence with its end."""
        return sum(self.surprisals) + self.end_surprisal


@dataclass(slots=True)
class ScoreTotals:
    """Sums over sentences."""

    sentences: int = 0
    words: int = 0
    unknown: int = 0
    bits: float = 0.0

    def add(self, scored: ScoredPassage) -> None:
        """Count one sentence."""
        self.sentences += 1
        self.words += len(scored.known)
        self.unknown += len(scored.known) - sum(scored.known)
        self.bits += scored.bits

    @property
    def perplexity(self) -> float:
        """Per word, each sentence end counted as a word; infinite if it is too large for a number."""
        exponent = self.bits / max(1, self.words + self.sentences)
        return 2.0**exponent if exponent < 1023 else math.inf


def score_words(
    engine: TokenPredictor, subwords: TokenCodec, passages: Iterable[TextSegment], *, context: str = "text"
) -> Iterator[ScoredPassage]:
    """Score a stream of passages, lazy in, lazy out, in bounded memory.

    Args:
        engine: predicts.
        subwords: of the model.
        passages: in order; those of one text, for what is remembered of it goes on to its end.
        context: "text": a word is expected from all that came before; "sentence": from its own sentence alone.

    Raises:
        ConfigError: no such context.
    """
    if context not in CONTEXTS:
        raise ConfigError(f"context is {context!r}; expected {' or '.join(CONTEXTS)}")
    encoded = (_Encoded(passage, *subwords.encode(passage), subwords.end) for passage in passages)
    if context == "text":
        return _in_text(engine, encoded, subwords.end)
    return _in_sentences(engine, encoded, subwords.end)


@dataclass(slots=True)
class _Encoded:
    """A passage as numbers; gathers (surprisal, rank, entropy) of its units.

    Args:
        passage: see ``ScoredPassage``.
        ids: of its units.
        owners: the word of each, W for the end.
        end: id of ``<eos>``.
    """

    passage: TextSegment
    ids: list[int]
    owners: list[int]
    end: int
    measures: Measures = field(default_factory=list)

    @property
    def targets(self) -> list[int]:
        return [*self.ids, self.end]

    def scored(self) -> ScoredPassage:
        count = len(self.passage.words)
        surprisals, ranks, entropies = [0.0] * (count + 1), [0] * (count + 1), [0.0] * (count + 1)
        known = [True] * (count + 1)
        for unit, owner, (bits, rank, entropy) in zip(self.targets, [*self.owners, count], self.measures, strict=True):
            surprisals[owner] += bits
            known[owner] &= unit != UNKNOWN_ID
            if not ranks[owner]:
                ranks[owner], entropies[owner] = rank, entropy
        # A word without a unit of its own was written together with the one before: nothing was left to guess.
        ranks = [rank or 1 for rank in ranks]
        end = surprisals.pop(), ranks.pop(), entropies.pop()
        return ScoredPassage(self.passage, surprisals, ranks, entropies, known[:count], *end, len(self.measures))


def _in_text(engine: TokenPredictor, passages: Iterator[_Encoded], end: int) -> Iterator[ScoredPassage]:
    """One stream; what was remembered at the end of a passage is there at the beginning of the next."""
    state, last = engine.start(1), end
    for block in _blocks(passages):
        targets = [unit for passage in block for unit in passage.targets]
        measures, state = measure(engine, [[last, *targets[:-1]]], [targets], state)
        last = targets[-1]
        rest = iter(measures[0])
        for passage in block:
            passage.measures = list(islice(rest, len(passage.targets)))
            yield passage.scored()


def _blocks(passages: Iterator[_Encoded]) -> Iterator[list[_Encoded]]:
    block: list[_Encoded] = []
    size = 0
    for passage in passages:
        block.append(passage)
        size += len(passage.targets)
        if size >= MOST_STEPS:
            yield block
            block, size = [], 0
    if block:
        yield block


def _in_sentences(engine: TokenPredictor, passages: Iterator[_Encoded], end: int) -> Iterator[ScoredPassage]:
    """Each passage by itself, those of like length together."""
    while window := list(islice(passages, _WINDOW)):
        by_length = sorted(window, key=lambda passage: len(passage.ids))
        while by_length:
            longest = len(by_length[-1].targets)
            batch = by_length[-max(1, MOST_STEPS // longest) :]
            del by_length[-len(batch) :]
            targets = [passage.targets + [end] * (longest - len(passage.targets)) for passage in batch]
            inputs = [[end, *row[:-1]] for row in targets]
            measures, _ = measure(engine, inputs, targets, engine.start(len(batch)))
            for passage, row in zip(batch, measures, strict=True):
                passage.measures = row[: len(passage.targets)]
        yield from (passage.scored() for passage in window)
