"""The learning rate over a run, as a factor of its peak."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from tagger.config.language_model import LanguageTrainingConfig
from tagger.config.tagger import OptimizationConfig

SHAPES: dict[str, Callable[[float], float]] = {
    "cosine": lambda progress: 0.5 * (1 + math.cos(math.pi * progress)),  # Loshchilov and Hutter 2017
    "linear": lambda progress: 1 - progress,
    "constant": lambda progress: 1.0,
    "plateau": lambda progress: 1.0,
}


class Schedule:
    """Linear warm-up, then a shape over the rest of the run.

    Args:
        name: "cosine", "linear", "constant" or "plateau".
        warmup: share of the run that the warm-up takes.
        plateau_patience: epochs without a better score before "plateau" lowers the rate.
        plateau_factor: factor of the rate each time.
    """

    def __init__(self, name: str, *, warmup: float, plateau_patience: int = 2, plateau_factor: float = 0.5) -> None:
        self.name = name
        self.warmup = warmup
        self.plateau_patience = plateau_patience
        self.plateau_factor = plateau_factor
        self.scale = 1.0
        self.waited = 0

    def factor(self, progress: float) -> float:
        """Return the factor, 0 to 1, at ``progress`` (0 to 1) through the run."""
        progress = min(1.0, max(0.0, progress))
        if progress < self.warmup:
            return self.scale * progress / self.warmup
        rest = (progress - self.warmup) / (1 - self.warmup) if self.warmup < 1 else 0.0
        return self.scale * SHAPES[self.name](rest)

    def epoch_done(self, improved: bool) -> None:
        """Count an epoch; on a plateau of the score lower the rate, if so scheduled."""
        self.waited = 0 if improved else self.waited + 1
        if self.name == "plateau" and self.waited >= self.plateau_patience:
            self.scale *= self.plateau_factor
            self.waited = 0

    def state_dict(self) -> dict[str, float]:
        """Return what a plateau schedule remembers."""
        return {"scale": self.scale, "waited": self.waited}

    def load_state_dict(self, state: Mapping[str, float]) -> None:
        """Restore what ``state_dict`` returned."""
        self.scale, self.waited = state["scale"], int(state["waited"])


def make_schedule(config: OptimizationConfig) -> Schedule:
    """Return the schedule of resolved training settings."""
    if isinstance(config, LanguageTrainingConfig):
        return Schedule(
            config.schedule,
            warmup=config.warmup,
            plateau_patience=config.plateau_patience,
            plateau_factor=config.plateau_factor,
        )
    return Schedule(config.schedule, warmup=config.warmup)
