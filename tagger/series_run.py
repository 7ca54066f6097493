"""One run over a time series: from rows and settings to a scored model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from tagger.corpora.series_checks import usual_step
from tagger.fitting import Fitting
from tagger.following import follow
from tagger.models.series_network import SeriesNetwork
from tagger.optimisation import make_average, make_optimizer
from tagger.run_fingerprint import fingerprint
from tagger.run_keeper import Keeper, make_keeper
from tagger.runtime import choose_device, seed_everything
from tagger.schedules import Schedule
from tagger.series_checkpoint import SavedSeries, build_series_network
from tagger.series_config import SeriesConfig
from tagger.series_evaluation import Opponents, evaluate
from tagger.series_forecast import coverage, measure_intervals, residuals
from tagger.series_inputs import SeriesInputs
from tagger.series_model import SeriesModel
from tagger.series_objective import SeriesObjective
from tagger.series_parts import Part
from tagger.series_record import SeriesRun
from tagger.tagger_run import Machine


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
    keeper = _keeper(material, config, machine, folder)
    objective = SeriesObjective(network, inputs, parts["train"], parts.get("dev"), config, device=device)
    fitting = Fitting(
        network,
        objective,
        config.training,
        optimizer=make_optimizer(network, config.training),
        average=make_average(network, config.training),
        schedule=Schedule(config.training.schedule, warmup=config.training.warmup),
        device=device,
        threads=machine.threads,
        rng=rng,
        notes=material.notes,
        keeper=keeper,
    )
    log = follow(fitting, seed=config.training.seed, folder=folder, listener=machine.listener)
    network.cpu().eval().requires_grad_(False)
    _round_as_stored(network)
    score = fitting.best[0]
    loss = float(log[-1]["loss_per_step"]) if score is None else score.loss
    run = _scored(material, config, network, loss, log)
    return run if keeper is None else replace(run, notes=keeper.story())


def _keeper(material: Material, config: SeriesConfig, machine: Machine, folder: Path | None) -> Keeper | None:
    """What saves the run and brings it back, where a folder is written."""
    inputs, parts = material.inputs, [part for name, part in material.parts.items() if name != "test"]
    bounds = [array for part in parts for array in (part.starts, part.ends)]
    rows = [
        array[start:end]
        for part in parts
        for start, end in zip(part.starts.tolist(), part.ends.tolist(), strict=True)
        for array in (inputs.table.values, inputs.table.times)
    ]
    run = fingerprint(
        task="series",
        data={"rows of train and dev": [*bounds, *rows]},
        settings=config.to_dict(),
        device=str(choose_device(machine.device)),
        threads=machine.threads,
    )
    return make_keeper(folder, machine.keeping, config.training.seed, run)


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


def _round_as_stored(network: SeriesNetwork) -> None:
    """Round the weights to what is stored, so that scores are those of the saved model."""
    from tagger.checkpoint import stored

    with torch.no_grad():
        for tensor in network.state_dict().values():
            tensor.copy_(stored(tensor))
