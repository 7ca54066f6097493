"""Reading a part of a series with a network: what it predicts at every step, and what came."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from tagger.forecasting.features import SeriesInputs
from tagger.forecasting.windows import Part, reading_plan, stretch
from tagger.models.networks.series_network import SeriesNetwork

STEPS_AT_ONCE = 16_384


@dataclass(frozen=True, slots=True)
class Predictions:
    """M predictions.

    Args:
        rows: (M,) the row that each was made at.
        predicted: (M, horizon * targets) float32, scaled.
        targets: the same shape, scaled; NaN where a target is missing or lies outside the part.
    """

    rows: np.ndarray
    predicted: np.ndarray
    targets: np.ndarray


@torch.inference_mode()
def predictions(
    model: SeriesNetwork, inputs: SeriesInputs, part: Part, device: torch.device | str = "cpu"
) -> Iterator[Predictions]:
    """Predict every value of a part once for each lead, from what lies before it; a batch at a time.

    Each prediction has read the last steps, half a window of them at least (fewer at the beginning of a series).

    Args:
        model: in evaluation mode.
        inputs: all rows.
        part: what is predicted.
        device: where the model is.
    """
    starts, firsts, groups = reading_plan(part, inputs.table.offsets, inputs.window, inputs.horizon)
    size = max(1, STEPS_AT_ONCE // inputs.window)
    for i in range(0, len(starts), size):
        chosen = slice(i, i + size)
        laid = stretch(part, starts[chosen], groups[chosen], inputs.window)
        positions = starts[chosen] + np.arange(inputs.window)[:, None]
        made = (positions >= firsts[chosen]) & (positions < laid.end - 1)
        predicted = model(inputs.read(laid.rows).to(device)).cpu().numpy()
        targets = inputs.wanted(laid.rows, laid.first, laid.end).numpy()
        yield Predictions(laid.rows[made], predicted[made], targets[made])


def gathered(model: SeriesNetwork, inputs: SeriesInputs, part: Part, device: torch.device | str = "cpu") -> Predictions:
    """All predictions of a part, in the order of their rows."""
    found = list(predictions(model, inputs, part, device))
    rows = np.concatenate([one.rows for one in found])
    order = np.argsort(rows, kind="stable")
    return Predictions(
        rows[order],
        np.concatenate([one.predicted for one in found])[order],
        np.concatenate([one.targets for one in found])[order],
    )
