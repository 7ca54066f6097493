"""Forecasting as a task of training: from a table to a scored forecaster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch

from tagger.config.forecaster import ForecasterConfig
from tagger.corpora.series.table import SeriesTable
from tagger.corpora.series.time_checks import usual_step
from tagger.evaluation.forecast_scores import TargetScores, network_rmse, scores_to_dict
from tagger.forecasting.baselines import Baselines
from tagger.forecasting.checkpoint import SavedForecaster, build_series_network, save_forecaster
from tagger.forecasting.evaluation import coverage, evaluate, fit_intervals, forecast_errors
from tagger.forecasting.features import SeriesDataset
from tagger.forecasting.forecaster import Forecaster
from tagger.forecasting.objective import SeriesObjective
from tagger.forecasting.plots import draw_training
from tagger.forecasting.windows import TimeSplit
from tagger.model_cards.card import CardFacts, provenance
from tagger.model_cards.regression_cards import forecaster_card
from tagger.models.networks.causal_networks import SeriesNetwork
from tagger.runtime.device import check_threads
from tagger.serialization import manifest
from tagger.training.objective import Task
from tagger.training.task import RunContext, RunOptions, TrainedNetwork, TrainedRun, TrainingTask

CURVES = "curves.png"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecasterRun(TrainedRun[Forecaster, Sequence[TargetScores]]):
    """One trained model; ``scores`` are of each target.

    Args:
        dev_loss: per step, to compare runs.
        coverage: shares of the test values within each interval; None where there is no test.
    """

    dev_loss: float
    coverage: tuple[float, ...] | None = None


@dataclass
class ForecastingTask(TrainingTask[SeriesNetwork, ForecasterRun]):
    """Learns to predict the next values of a table."""

    dataset: SeriesDataset
    splits: Mapping[str, TimeSplit]
    baselines: Baselines
    config: ForecasterConfig
    notes: tuple[str, ...]
    time_format: str | None = None
    name: ClassVar[Task] = "series"

    def build_network(self) -> SeriesNetwork:
        """Build the network."""
        return build_series_network(self.config, self.dataset.size)

    def build_objective(self, network: SeriesNetwork, device: torch.device) -> SeriesObjective:
        """Learn from train, score dev."""
        train, dev = self.splits["train"], self.splits.get("dev")
        return SeriesObjective(network, self.dataset, train, dev, self.config, device=device)

    def fingerprint_data(self) -> Mapping[str, Iterable[np.ndarray]]:
        """Return bounds, values and times of train and dev."""
        splits = {"training data": self.splits["train"], "development data": self.splits.get("dev")}
        return {name: _arrays(self.dataset.table, split) for name, split in splits.items() if split is not None}

    def result(self, trained: TrainedNetwork[SeriesNetwork], context: RunContext) -> ForecasterRun:
        """Score dev and test; measure intervals on dev, and their coverage of test."""
        network, dataset, splits = trained.network, self.dataset, self.splits
        scores = {
            name: evaluate(network, dataset, splits[name], self.baselines, self.config)
            for name in ("dev", "test")
            if name in splits
        }
        held_out = splits.get("dev") or splits.get("test") or splits["train"]
        intervals = fit_intervals(forecast_errors(network, dataset, held_out))
        shares = None
        if "test" in splits and held_out is not splits["test"]:
            shares = coverage(intervals, forecast_errors(network, dataset, splits["test"])[: len(intervals.widths)])
        table = dataset.table
        step = usual_step(table.times, table.offsets) or 1.0
        about = {"corpus": {"source": table.source, "time_format": self.time_format}, "coverage": shares}
        saved = SavedForecaster(self.config, network, dataset.scaling, step, table.kind, intervals, about)
        return ForecasterRun(
            seed=self.config.training.seed,
            model=Forecaster(saved),
            scores=scores,
            log=trained.log,
            notes=trained.notes,
            dev_loss=trained.loss,
            coverage=shares,
        )

    def best(self, runs: Sequence[ForecasterRun]) -> ForecasterRun:
        """Return the run with the lowest loss on dev."""
        return min(runs, key=lambda run: run.dev_loss)

    def write(self, folder: Path, best: ForecasterRun, runs: Sequence[ForecasterRun], options: RunOptions) -> None:
        """Fill the model folder: weights, scores, card, curves."""
        saved, table = best.model.saved, self.dataset.table
        about = {
            **saved.about,
            "corpus": {**saved.about["corpus"], **_facts(table, self.splits)},
            "scores": network_rmse(best.scores),
            "seed": best.seed,
            **provenance(options.command, check_threads(options.threads), (*self.notes, *best.notes)),
        }
        saved = replace(saved, about=about)
        save_forecaster(folder, saved)
        manifest.write_json(folder / manifest.METRICS, metrics(best, runs))
        shares = dict(zip(saved.intervals.levels, best.coverage, strict=True)) if best.coverage else {}
        facts = CardFacts.from_about((options.out or folder).name, saved.config.to_dict(), about)
        (folder / manifest.CARD).write_text(forecaster_card(facts, best.scores, shares), encoding="utf-8")
        draw_training(folder / CURVES, best.log, Forecaster(saved), table, self.splits)


def _arrays(table: SeriesTable, split: TimeSplit) -> list[np.ndarray]:
    """List the bounds of a split, and its values and times, one series after the other."""
    spans = zip(split.starts.tolist(), split.ends.tolist(), strict=True)
    rows = [array[start:end] for start, end in spans for array in (table.values, table.times)]
    return [split.starts, split.ends, *rows]


def metrics(best: ForecasterRun, runs: Sequence[ForecasterRun]) -> dict[str, Any]:
    """Collect all figures for ``metrics.json``; of several seeds mean and deviation of the RMSE, too."""
    values: dict[str, Any] = scores_to_dict(best.scores)
    values |= {"seed": best.seed, "dev_loss": best.dev_loss, "coverage": best.coverage}
    if len(runs) > 1:
        rmse = {str(run.seed): network_rmse(run.scores) for run in runs}
        values["seeds"] = rmse
        values["mean"] = {
            split: {target: _mean([run[split][target] for run in rmse.values()]) for target in targets}
            for split, targets in network_rmse(best.scores).items()
        }
    return values


def _mean(values: Sequence[float]) -> dict[str, float]:
    return {"mean": float(np.mean(values)), "sd": float(np.std(values, ddof=1))}


def _facts(table: SeriesTable, splits: Mapping[str, TimeSplit]) -> dict[str, Any]:
    return {
        "name": table.name,
        "licence": table.license,
        "fingerprint": table.fingerprint,
        "rows": {name: split.rows for name, split in splits.items()},
        "series": len(table.groups),
        "from": table.text(int(table.times.argmin())),
        "to": table.text(int(table.times.argmax())),
    }
