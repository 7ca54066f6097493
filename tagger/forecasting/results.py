"""What a run over time series leaves behind: the model folder with its card, scores, log and pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tagger.corpora.series.table import SeriesTable
from tagger.evaluation.forecast_scores import TargetScores, network_rmse, scores_to_dict
from tagger.forecasting.checkpoint import save_forecaster
from tagger.forecasting.forecaster import Forecaster
from tagger.forecasting.plots import draw_training
from tagger.forecasting.windows import TimeSplit
from tagger.model_cards.card import CardFacts
from tagger.model_cards.forecaster_card import forecaster_card
from tagger.serialization import manifest

CURVES = "curves.png"


@dataclass(frozen=True, slots=True)
class ForecasterRun:
    """One trained model.

    Args:
        seed: it was trained with.
        model: ready to use.
        scores: of each target, by part.
        log: one entry an epoch.
        dev_loss: per step, by which runs are compared; that of train where there is no dev.
        coverage: shares of the test values within each interval; None where there is no test.
        notes: how often it was interrupted, and what changed then.
    """

    seed: int
    model: Forecaster
    scores: Mapping[str, Sequence[TargetScores]]
    log: Sequence[Mapping[str, Any]]
    dev_loss: float
    coverage: tuple[float, ...] | None = None
    notes: tuple[str, ...] = ()


def write_series_run(
    folder: Path,
    best: ForecasterRun,
    runs: Sequence[ForecasterRun],
    table: SeriesTable,
    splits: Mapping[str, TimeSplit],
    told: Mapping[str, Any],
    name: str,
) -> None:
    """Fill a model folder with the best run.

    Args:
        folder: exists, is being written.
        best: the run to keep.
        runs: all runs.
        table: what was learnt from.
        splits: train, dev and test.
        told: of the command, the machine and the notes, see ``tagger.model_cards.provenance``.
        name: of the model, for its card.
    """
    saved = best.model.saved
    corpus = {**saved.about["corpus"], **_facts(table, splits)}
    about = {
        **saved.about,
        "corpus": corpus,
        "scores": rmse(best),
        "seed": best.seed,
        **told,
    }
    saved = replace(saved, about=about)
    save_forecaster(folder, saved)
    manifest.write_json(folder / manifest.METRICS, metrics(best, runs))
    coverage = dict(zip(saved.intervals.levels, best.coverage, strict=True)) if best.coverage else {}
    card = forecaster_card(CardFacts.from_about(name, saved.config.to_dict(), about), best.scores, coverage)
    (folder / manifest.CARD).write_text(card, encoding="utf-8")
    draw_training(folder / CURVES, best.log, Forecaster(saved), table, splits)


def metrics(best: ForecasterRun, runs: Sequence[ForecasterRun]) -> dict[str, Any]:
    """All figures for programs; of several seeds the mean and spread of the RMSE, too."""
    values: dict[str, Any] = scores_to_dict(best.scores)
    values |= {"seed": best.seed, "dev_loss": best.dev_loss, "coverage": best.coverage}
    if len(runs) > 1:
        values["seeds"] = {str(run.seed): rmse(run) for run in runs}
        values["mean"] = {
            split: {
                target: {
                    "mean": float(np.mean([rmse(run)[split][target] for run in runs])),
                    "sd": float(np.std([rmse(run)[split][target] for run in runs], ddof=1)),
                }
                for target in targets
            }
            for split, targets in rmse(best).items()
        }
    return values


def rmse(run: ForecasterRun) -> dict[str, dict[str, float]]:
    """The network's RMSE by part and target."""
    return network_rmse(run.scores)


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
