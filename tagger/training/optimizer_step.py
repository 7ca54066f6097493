"""One update of the weights after the other.

A loss or a gradient that is not finite costs the step: it is left out and counted.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from tagger.models.training.weight_averaging import AveragedWeights
from tagger.training.gradients import Gradients
from tagger.training.objective import Remembers

HOPELESS = 10
"""Steps in a row whose loss or gradient was not finite, after which training ends."""


class Updates:
    """Moves the weights.

    Args:
        gradients: computes those of a batch.
        optimizer: moves the weights; a group may have a ``scale``, a factor of the learning rate, and may be ``frozen``
            for so many epochs.
        average: the running average of the weights.
        clip: largest norm of the gradient.
        peak: highest learning rate.

    Attributes:
        done: steps, those left out included.
        in_a_row: steps left out since the last one that was not.
        trouble: what was wrong with the last step that was left out, and what to change.
    """

    def __init__(
        self,
        gradients: Gradients,
        optimizer: torch.optim.Optimizer,
        average: AveragedWeights,
        *,
        clip: float,
        peak: float,
    ) -> None:
        self.gradients = gradients
        self.optimizer = optimizer
        self.average = average
        self.clip, self.peak = clip, peak
        self.done = self.in_a_row = 0
        self.trouble = ""

    @property
    def hopeless(self) -> bool:
        """Whether there is no use in going on."""
        return self.in_a_row >= HOPELESS

    def step(self, batch: Any, rate: float, epochs_done: int = 0) -> tuple[Tensor, int]:
        """One update.

        Args:
            batch: of the objective.
            rate: learning rate.
            epochs_done: before this one, for groups that are frozen.

        Returns:
            The summed cross-entropy in nats, and the number of steps of the batch: 0 if it was left out.
        """
        found = self.gradients.of(batch)
        parameters = self.gradients.model.parameters()
        norm = float(nn.utils.clip_grad_norm_(parameters, self.clip, foreach=True))
        nats = found.nats.detach().double().cpu()
        self.done += 1
        if not math.isfinite(norm) or not math.isfinite(float(nats)):
            self._leave_out(float(nats), rate)
            return torch.zeros_like(nats), 0
        for group in self.optimizer.param_groups:
            frozen = epochs_done < group.get("frozen", 0)
            group["lr"] = 0.0 if frozen else rate * found.rate * group.get("scale", 1.0)
        self.optimizer.step()
        self.average.update()
        self.in_a_row = 0
        return nats, found.steps

    def _leave_out(self, nats: float, rate: float) -> None:
        """Forget a step whose loss or gradient is not finite."""
        self.optimizer.zero_grad(set_to_none=True)
        if isinstance(self.gradients.objective, Remembers):
            self.gradients.objective.forget()
        self.in_a_row += 1
        what = "the gradient is not finite" if math.isfinite(nats) else f"the loss is {nats}"
        self.trouble = (
            f"{what} at a learning rate of {rate:.2g}; expected a finite number. "
            f"Try a lower peak: --learning-rate {self.peak / 4:.1g}"
        )
