"""The learning rate over a run, as a factor of its peak."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from tagger.config.language_model import LanguageConfig


def cosine(progress: float) -> float:
    """Half a cosine from 1 to 0 (Loshchilov and Hutter 2017)."""
    return 0.5 * (1 + math.cos(math.pi * progress))


def linear(progress: float) -> float:
    """A straight line from 1 to 0."""
    return 1 - progress


def constant(progress: float) -> float:
    """Always 1."""
    return 1.0


SHAPES: dict[str, Callable[[float], float]] = {
    "cosine": cosine,
    "linear": linear,
    "constant": constant,
    "plateau": constant,
}


class Schedule:
    """Linear warm-up, then a shape over the rest of the run.

    Args:
        name: "cosine", "linear", "constant" or "plateau".
        warmup: share of the run that the warm-up takes.
        plateau_patience: epochs without a better score before "plateau" lowers the rate.
        plateau_factor: what it multiplies the rate by.
    """

    def __init__(self, name: str, *, warmup: float, plateau_patience: int = 2, plateau_factor: float = 0.5) -> None:
        self.name = name
        self.warmup = warmup
        self.plateau_patience = plateau_patience
        self.plateau_factor = plateau_factor
        self.scale = 1.0
        self.waited = 0

    def factor(self, progress: float) -> float:
        """The factor at ``progress`` (0 to 1) through the run; never above 1 or below 0."""
        progress = min(1.0, max(0.0, progress))
        if progress < self.warmup:
            return self.scale * progress / self.warmup
        rest = (progress - self.warmup) / (1 - self.warmup) if self.warmup < 1 else 0.0
        return self.scale * SHAPES[self.name](rest)

    def epoch_done(self, improved: bool) -> None:
        """Tell a plateau schedule how the epoch went."""
        self.waited = 0 if improved else self.waited + 1
        if self.name == "plateau" and self.waited >= self.plateau_patience:
            self.scale *= self.plateau_factor
            self.waited = 0

    def state(self) -> dict[str, float]:
        """All that it remembers of the run."""
        return {"scale": self.scale, "waited": self.waited}

    def restore(self, state: Mapping[str, float]) -> None:
        """Go on from what ``state`` gave."""
        self.scale, self.waited = state["scale"], int(state["waited"])


def make_schedule(config: LanguageConfig) -> Schedule:
    """The schedule that the settings ask for."""
    training = config.training
    return Schedule(
        training.schedule,
        warmup=training.warmup,
        plateau_patience=training.plateau_patience,
        plateau_factor=training.plateau_factor,
    )
