"""Score the words of a text with a language model: surprisal, rank and entropy."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeAlias

import torch
from torch import Tensor

from tagger.corpora.encoding.vocabulary import UNKNOWN_ID
from tagger.corpora.subwords.base import SubwordTokenizer
from tagger.corpora.tokenization.passages import TextSegment
from tagger.errors import ConfigError
from tagger.generation.decoder import State, TokenPredictor

MOST_LOG_PROBS = 1 << 22  # held at once: 16 MB, and as much for what is computed from them
_BITS = 1 / math.log(2)

TokenScores: TypeAlias = list[tuple[float, int, float]]
"""Surprisal (bits), rank and entropy (bits) of each of T tokens."""


def score_tokens(
    engine: TokenPredictor, inputs: Sequence[Sequence[int]], targets: Sequence[Sequence[int]], state: State
) -> tuple[list[TokenScores], State]:
    """Compute surprisal (bits), rank and entropy (bits) of each target.

    Args:
        engine: predicts the next token.
        inputs: (B, T) tokens to read.
        targets: (B, T) the token after each input.
        state: of B streams.

    Returns:
        (B, T) scores and the new state.
    """
    read, wanted = torch.tensor(inputs).T, torch.tensor(targets).T
    steps = max(1, MOST_LOG_PROBS // (engine.size * read.shape[1]))
    parts: list[list[Tensor]] = [[], [], []]
    for start in range(0, len(read), steps):
        log_probs, state = engine.read(read[start : start + steps], state)
        for part, values in zip(parts, token_surprisal(log_probs, wanted[start : start + steps]), strict=True):
            part.append(values)
    surprisals, ranks, entropies = (torch.cat(part).T.tolist() for part in parts)
    rows = zip(surprisals, ranks, entropies, strict=True)
    return [list(zip(*row, strict=True)) for row in rows], state


def token_surprisal(log_probs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Compute surprisal, rank and entropy from log-probabilities.

    Args:
        log_probs: (T, B, V) nats.
        targets: (T, B).

    Returns:
        (T, B) surprisal of the target in bits, its rank from 1, entropy of the distribution in bits.
    """
    actual = log_probs.gather(-1, targets.to(log_probs.device)[..., None])
    buffer = torch.empty_like(log_probs)
    ranks = 1 + torch.gt(log_probs, actual, out=buffer).sum(-1).long()
    entropy = -torch.linalg.vecdot(torch.exp(log_probs, out=buffer), log_probs)
    if not entropy.isfinite().all():  # 0 log 0
        entropy = -torch.linalg.vecdot(buffer, log_probs.clamp(min=torch.finfo(log_probs.dtype).min))
    return (-actual[..., 0] * _BITS).cpu(), ranks.cpu(), (entropy * _BITS).cpu()


CONTEXTS = ("text", "sentence")
MOST_STEPS = 1024  # tokens read at once
_WINDOW = 512  # passages among which those of similar length are batched


@dataclass(slots=True)
class ScoredPassage:
    """The scores of the W words of a sentence.

    A word of several tokens has the sum of their surprisals, and the rank and entropy of the first. The surprisal
    of an unknown word is that of ``<unk>``.

    Args:
        passage: its text and words.
        surprisals: -log2 p(word | context), bits.
        ranks: 1 for the most probable token.
        entropies: of the distribution before the word, bits.
        known: False for words with an ``<unk>`` token.
        end_surprisal: of the sentence end, bits.
        end_rank: of the sentence end.
        end_entropy: of the sentence end, bits.
        tokens: number of tokens read, with the end.
    """

    passage: TextSegment
    surprisals: list[float]
    ranks: list[int]
    entropies: list[float]
    known: list[bool]
    end_surprisal: float
    end_rank: int
    end_entropy: float
    tokens: int

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
        """Perplexity per word, each sentence end counted as a word; infinite if too large for a float."""
        exponent = self.bits / max(1, self.words + self.sentences)
        return 2.0**exponent if exponent < 1023 else math.inf


def score_words(
    engine: TokenPredictor, subwords: SubwordTokenizer, passages: Iterable[TextSegment], *, context: str = "text"
) -> Iterator[ScoredPassage]:
    """Score a stream of passages of one text lazily, in bounded memory.

    The context "text" predicts a word from all of the text before it, "sentence" from its sentence alone.

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
    """A passage as token ids and their words, with the scores of its tokens and ``<eos>``."""

    passage: TextSegment
    ids: list[int]
    word_ids: list[int]
    end: int
    scores: TokenScores = field(default_factory=list)

    @property
    def targets(self) -> list[int]:
        return [*self.ids, self.end]

    def scored(self) -> ScoredPassage:
        count = len(self.passage.words)
        surprisals, ranks, entropies = [0.0] * (count + 1), [0] * (count + 1), [0.0] * (count + 1)
        known = [True] * (count + 1)
        for token, word, (bits, rank, entropy) in zip(self.targets, [*self.word_ids, count], self.scores, strict=True):
            surprisals[word] += bits
            known[word] &= token != UNKNOWN_ID
            if not ranks[word]:
                ranks[word], entropies[word] = rank, entropy
        # A word without a token of its own was written together with the one before: it was certain.
        ranks = [rank or 1 for rank in ranks]
        end = surprisals.pop(), ranks.pop(), entropies.pop()
        return ScoredPassage(self.passage, surprisals, ranks, entropies, known[:count], *end, len(self.scores))


def _in_text(engine: TokenPredictor, passages: Iterator[_Encoded], end: int) -> Iterator[ScoredPassage]:
    """Score one stream; the state carries over from passage to passage."""
    state, last = engine.start(1), end
    for block in _blocks(passages):
        targets = [token for passage in block for token in passage.targets]
        scores, state = score_tokens(engine, [[last, *targets[:-1]]], [targets], state)
        last = targets[-1]
        rest = iter(scores[0])
        for passage in block:
            passage.scores = list(islice(rest, len(passage.targets)))
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
    """Score each passage by itself, in batches of similar length."""
    while window := list(islice(passages, _WINDOW)):
        by_length = sorted(window, key=lambda passage: len(passage.ids))
        while by_length:
            longest = len(by_length[-1].targets)
            batch = by_length[-max(1, MOST_STEPS // longest) :]
            del by_length[-len(batch) :]
            targets = [passage.targets + [end] * (longest - len(passage.targets)) for passage in batch]
            inputs = [[end, *row[:-1]] for row in targets]
            scores, _ = score_tokens(engine, inputs, targets, engine.start(len(batch)))
            for passage, row in zip(batch, scores, strict=True):
                passage.scores = row[: len(passage.targets)]
        yield from (passage.scored() for passage in window)
