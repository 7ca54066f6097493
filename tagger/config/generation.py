"""What the next unit is drawn from."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tagger.errors import ConfigError

_COLD = 1e-6  # below it float32 has no room for log-probabilities, and nothing would ever change


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """What to draw from.

    Args:
        temperature: log-probabilities are divided by it; 0 takes the most probable unit.
        top_k: only the K most probable units (and those that tie with the last of them); 0 for all.
        top_p: only the most probable units that together have at least this probability (Holtzman et al. 2020,
            https://arxiv.org/abs/1904.09751).
        min_p: only units of at least this probability relative to the most probable one
            (https://arxiv.org/abs/2407.01082).
        repetition_penalty: log-probabilities of units that occurred, in the prompt too, are multiplied by it
            (Keskar et al. 2019, https://arxiv.org/abs/1909.05858, with log-probabilities for their scores).
        no_unk: whether ``<unk>`` is left out.

    Raises:
        ConfigError: a value out of range.
    """

    temperature: float = 0.8
    top_k: int = 0
    top_p: float = 0.9
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    no_unk: bool = True

    def __post_init__(self) -> None:
        if not 0 <= self.temperature < math.inf:
            raise ConfigError(f"temperature is {self.temperature}; expected 0 (most probable unit) or more")
        if self.top_k < 0:
            raise ConfigError(f"top_k is {self.top_k}; expected 1 or more units, or 0 for all")
        if not 0 < self.top_p <= 1:
            raise ConfigError(f"top_p is {self.top_p}; expected more than 0 and at most 1 (1 for all units)")
        if not 0 <= self.min_p <= 1:
            raise ConfigError(f"min_p is {self.min_p}; expected 0 (all units) to 1")
        if not 0 < self.repetition_penalty < math.inf:
            raise ConfigError(f"repetition_penalty is {self.repetition_penalty}; expected more than 0 (1 for none)")

    @property
    def greedy(self) -> bool:
        """Whether the most probable unit is always taken."""
        return self.temperature < _COLD

    @property
    def filters(self) -> bool:
        """Whether any of top-k, top-p and min-p is set."""
        return self.top_k > 0 or self.top_p < 1 or self.min_p > 0

    @property
    def divisor(self) -> float:
        """What log-probabilities are divided by."""
        return 1.0 if self.greedy else self.temperature
