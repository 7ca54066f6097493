"""Language models whose probabilities are known, and units for them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from tagger.corpora.encoding.vocabulary import Vocabulary
from tagger.corpora.subwords.character import CharacterTokenizer
from tagger.corpora.subwords.word import WordLevelTokenizer
from tagger.generation.decoder import NextTokens


class FadingPredictor:
    """Remembers all it read, the older the weaker, and predicts by fixed random weights.

    Args:
        size: V.
        memory: what is left of the older after each unit; 0 makes a table of bigrams.
        sharpness: 0 for equal probabilities.
    """

    def __init__(self, size: int, memory: float = 0.6, sharpness: float = 2.0, seed: int = 1) -> None:
        generator = torch.Generator().manual_seed(seed)
        self.size = size
        self.memory = memory
        self.weights = torch.randn(size, size, generator=generator, dtype=torch.float64) * sharpness
        self.batches: list[int] = []

    def start(self, batch: int) -> Tensor:
        """(B, V) zeros."""
        return torch.zeros(batch, self.size, dtype=torch.float64)

    def read(self, ids: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """See ``TokenPredictor``."""
        assert ids.dtype == torch.int64
        self.batches.append(ids.shape[1])
        steps = []
        for row in ids:
            state = state * self.memory + torch.nn.functional.one_hot(row, self.size)
            steps.append((state @ self.weights).log_softmax(-1).float())
        return torch.stack(steps), state

    def next(self, ids: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """See ``TokenPredictor``."""
        log_probs, state = self.read(ids, state)
        return log_probs[-1], state

    def next_tokens(self, ids: Tensor, state: Tensor) -> tuple[NextTokens, Tensor]:
        """See ``TokenPredictor``."""
        log_probs, state = self.next(ids, state)
        return NextTokens.known(log_probs.numpy()), state

    def pick(self, state: Tensor, rows: Tensor) -> Tensor:
        """See ``TokenPredictor``."""
        return state[rows]

    def log_probs(self, history: Sequence[int]) -> list[float]:
        """The truth: (V,) after a history, computed from its definition."""
        state = torch.zeros(self.size, dtype=torch.float64)
        for place, unit in enumerate(history):
            state[unit] += self.memory ** (len(history) - 1 - place)
        scores = state @ self.weights
        result: list[float] = (scores - scores.exp().sum().log()).tolist()
        return result


def vocabulary(*symbols: str) -> Vocabulary:
    """``<unk>``, ``<eos>`` and these."""
    words = ("<unk>", "<eos>", *symbols)
    return Vocabulary(words, len(words), len(words))


def word_units(*words: str) -> WordLevelTokenizer:
    """Words as units."""
    return WordLevelTokenizer(vocabulary(*words))


def character_units(characters: str) -> CharacterTokenizer:
    """Characters as units."""
    return CharacterTokenizer(vocabulary(*characters))
