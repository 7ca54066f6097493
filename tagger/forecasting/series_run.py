"""One run over a time series: from rows and settings to a scored model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tagger.config.forecaster import SeriesConfig
from tagger.corpora.series.table import SeriesTable
from tagger.corpora.series.time_checks import usual_step
from tagger.forecasting.checkpoint import SavedSeries, build_series_network
from tagger.forecasting.evaluation import Opponents, evaluate
from tagger.forecasting.features import SeriesInputs
from tagger.forecasting.forecaster import SeriesModel
from tagger.forecasting.objective import SeriesObjective
from tagger.forecasting.results import SeriesRun
from tagger.forecasting.series_fitting import fit
from tagger.forecasting.series_forecast import coverage, measure_intervals, residuals
from tagger.forecasting.windows import Part
from tagger.models.networks.series_network import SeriesNetwork
from tagger.runtime.device import choose_device, seed_everything
from tagger.sequence_labelling.tagger_run import Machine


@dataclass(frozen=True, slots=True)
class Material:
    """What all runs share."""

    inputs: SeriesInputs
    parts: Mapping[str, Part]
    opponents: Opponents
    notes: tuple[str, ...]
    time_format: str | None


def train_one(material: Material, config: SeriesConfig, machine: Machine, folder: Path | None) -> SeriesRun:
    """Train, score, measure intervals.

    Args:
        material: what all runs share.
        config: resolved.
        machine: where and how.
        folder: that is being written, or None.
    """
    inputs, parts = material.inputs, material.parts
    rng = seed_everything(config.training.seed)
    device = choose_device(machine.device)
    network = build_series_network(config, inputs.size).to(device)
    objective = SeriesObjective(network, inputs, parts["train"], parts.get("dev"), config, device=device)
    data = {name: _learnt_from(inputs.table, part) for name, part in parts.items() if name != "test"}
    fitted = fit(network, objective, config, machine, folder, data=data, rng=rng, notes=material.notes)
    loss = float(fitted.log[-1]["loss_per_step"]) if fitted.score is None else fitted.score.loss
    run = _scored(material, config, network, loss, fitted.log)
    return replace(run, notes=fitted.notes)


def _learnt_from(table: SeriesTable, part: Part) -> list[np.ndarray]:
    """Where a part lies, and its values and times, a series after the other."""
    spans = zip(part.starts.tolist(), part.ends.tolist(), strict=True)
    rows = [array[start:end] for start, end in spans for array in (table.values, table.times)]
    return [part.starts, part.ends, *rows]


def _scored(
    material: Material, config: SeriesConfig, network: SeriesNetwork, loss: float, log: list[dict[str, Any]]
) -> SeriesRun:
    """The run with its scores, its intervals from dev, and what they hold of test."""
    inputs, parts = material.inputs, material.parts
    scores = {
        name: evaluate(network, inputs, parts[name], material.opponents, config)
        for name in ("dev", "test")
        if name in parts
    }
    held_out = parts.get("dev") or parts.get("test") or parts["train"]
    intervals = measure_intervals(residuals(network, inputs, held_out))
    shares = None
    if "test" in parts and held_out is not parts["test"]:
        shares = coverage(intervals, residuals(network, inputs, parts["test"])[: len(intervals.widths)])
    step = usual_step(inputs.table.times, inputs.table.offsets) or 1.0
    saved = SavedSeries(config, network, inputs.scaling, step, inputs.table.kind, intervals)
    about = {"corpus": {"source": inputs.table.source, "time_format": material.time_format}, "coverage": shares}
    return SeriesRun(config.training.seed, SeriesModel(replace(saved, about=about)), scores, log, loss, shares)
