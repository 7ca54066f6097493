"""Settings of text generation, and generated texts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

from tagger.config.base import COUNT, NOT_NEGATIVE, POSITIVE, POSITIVE_SHARE, SHARE, Range, check_ranges, setting
from tagger.errors import ConfigError

_COLD = 1e-6  # below it float32 has no room for log-probabilities, and nothing would ever change


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """Distribution from which the next token is drawn.

    Raises:
        ConfigError: a value out of range.
    """

    temperature: float = setting(
        0.8, "Divides log-probabilities; 0 takes the most probable token.",
        Range(lambda v: 0 <= v < math.inf, "0 (the most probable token) or more"), metavar="X",
    )  # fmt: skip
    top_k: int = setting(
        0, "Draw from the K most probable tokens and those that tie with the last; 0 for all.", NOT_NEGATIVE,
        metavar="K",
    )  # fmt: skip
    top_p: float = setting(
        0.9, "Draw from the most probable tokens that have P together (Holtzman et al. 2020); 1 for all.",
        POSITIVE_SHARE, metavar="P",
    )  # fmt: skip
    min_p: float = setting(
        0.0, "Draw from tokens with at least P times the probability of the best (arXiv:2407.01082).", SHARE,
        metavar="P",
    )  # fmt: skip
    repetition_penalty: float = setting(
        1.0, "Multiplies log-probabilities of tokens that occurred, in the prompt too (Keskar et al. 2019).", POSITIVE,
        metavar="X",
    )  # fmt: skip
    no_unk: bool = setting(True, "Leave <unk> out.", option="--no-unk/--unk", default_text="no-unk")

    def __post_init__(self) -> None:
        check_ranges(self, "generation")

    @property
    def greedy(self) -> bool:
        """Whether the most probable token is always taken."""
        return self.temperature < _COLD

    @property
    def filters(self) -> bool:
        """Whether any of top-k, top-p and min-p is set."""
        return self.top_k > 0 or self.top_p < 1 or self.min_p > 0

    @property
    def divisor(self) -> float:
        """Divisor of log-probabilities."""
        return 1.0 if self.greedy else self.temperature


ONE_TEXT = "beam search gives the most probable texts and draws nothing"


@dataclass(frozen=True, kw_only=True)
class GenerationSettings(Sampling):
    """Distribution as in ``Sampling``, when to stop, and number of texts.

    Raises:
        ConfigError: a value out of range, or values that exclude each other.
    """

    max_tokens: int = setting(100, "Most tokens after the prompt, <eos> counted.", COUNT, metavar="N")
    sentences: int | None = setting(
        None, "Stop after this number of sentences (of lines for BPE and characters), the prompt's own counted.", COUNT,
        metavar="N",
    )  # fmt: skip
    stop: Sequence[str] = setting((), "End a text before the first of these strings in what follows the prompt.")
    samples: int = setting(1, "Texts to write.", COUNT, metavar="N")
    seed: int | None = setting(
        None, "The same seed gives the same texts, however many.", NOT_NEGATIVE, metavar="N",
        default_text="another each time",
    )  # fmt: skip
    beam: int | None = setting(
        None, "Give the N most probable texts that beam search with N hypotheses finds.", COUNT, metavar="N"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.stop, str):
            raise ConfigError(f"stop is the text {self.stop!r}; expected a list of texts")
        if not all(self.stop):
            raise ConfigError("a stop string is empty; expected at least one character")
        if self.beam is not None:
            self._refuse_sampling()

    def _refuse_sampling(self) -> None:
        sampling = [field for field in fields(Sampling) if field.name != "no_unk"]
        changed = [field.name for field in sampling if getattr(self, field.name) != field.default]
        changed += ["samples"] * (self.samples != 1)
        if changed:
            raise ConfigError(f"beam and {', '.join(changed)} exclude each other: {ONE_TEXT}")


@dataclass(frozen=True, slots=True)
class Generated:
    """Text that a language model wrote.

    Args:
        text: the prompt as given, and what follows.
        tokens: those after the prompt, ``<eos>`` among them.
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
        """Log-probability of all tokens together (nats)."""
        return sum(self.log_probs)

    def __str__(self) -> str:
        """Return the text."""
        return self.text
