"""What the next unit is drawn from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

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


ONE_TEXT = "beam search gives the most probable texts and draws nothing"


@dataclass(frozen=True, kw_only=True)
class GenerationSettings(Sampling):
    """What to draw from, as in ``Sampling``, when to stop and how many texts to write.

    Args:
        max_tokens: units a text may have after the prompt, ``<eos>`` counted.
        sentences: stop after so many ends of sentences (of lines for BPE pieces and characters); the one that
            the prompt began counts. None for no such limit; with beam search 1.
        stop: a text ends before the first of these strings that occurs in what was written after the prompt.
        samples: number of texts.
        seed: the same seed gives the same texts, and the first of many samples is the same as a single one;
            None for another text each time.
        beam: instead of drawing, look for the most probable texts with so many hypotheses, and give so many.

    Raises:
        ConfigError: a value out of range, or values that exclude each other.
    """

    max_tokens: int = 100
    sentences: int | None = None
    stop: Sequence[str] = ()
    samples: int = 1
    seed: int | None = None
    beam: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.max_tokens < 1:
            raise ConfigError(f"max_tokens is {self.max_tokens}; expected at least 1")
        if self.samples < 1:
            raise ConfigError(f"samples is {self.samples}; expected at least 1")
        if self.sentences is not None and self.sentences < 1:
            raise ConfigError(f"sentences is {self.sentences}; expected at least 1")
        if self.seed is not None and self.seed < 0:
            raise ConfigError(f"seed is {self.seed}; expected 0 or more")
        if isinstance(self.stop, str):
            raise ConfigError(f"stop is the text {self.stop!r}; expected a list of texts")
        if not all(self.stop):
            raise ConfigError("a stop string is empty; expected at least one character")
        if self.beam is not None:
            self._check_beam(self.beam)

    def _check_beam(self, beam: int) -> None:
        if beam < 1:
            raise ConfigError(f"beam is {beam}; expected at least 1")
        drawing = [field for field in fields(Sampling) if field.name != "no_unk"]
        changed = [field.name for field in drawing if getattr(self, field.name) != field.default]
        changed += ["samples"] * (self.samples != 1)
        if changed:
            raise ConfigError(f"beam and {', '.join(changed)} exclude each other: {ONE_TEXT}")


@dataclass(frozen=True, slots=True)
class Generated:
    """A text that a language model wrote.

    Args:
        text: the prompt as it was given, and what follows.
        tokens: the units after the prompt, ``<eos>`` among them.
        log_probs: of each token given all before it (nats), from the model itself: before temperature and
            filters.
        stopped_by: "length" (``max_tokens``), "stop" (a stop string) or "end" (``sentences``).
    """

    text: str
    tokens: list[str]
    log_probs: list[float]
    stopped_by: str

    @property
    def log_prob(self) -> float:
        """Of all tokens together (nats)."""
        return sum(self.log_probs)

    def __str__(self) -> str:
        """The text."""
        return self.text
