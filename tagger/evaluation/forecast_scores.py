"""Scores of forecasts in the unit of the data, beside baselines without a network."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

NETWORK = "network"
PERSISTENCE = "persistence"
SEASONAL = "seasonal naive"
LINEAR = "linear autoregression"
LINEAR_INPUTS = "linear autoregression with all inputs"
SIGNIFICANT = 1.96  # standard errors that a difference must exceed


@dataclass(frozen=True, slots=True)
class ErrorMetrics:
    """Errors of one kind of forecast of one target.

    Args:
        mae: mean absolute error, in the unit of the data.
        rmse: root mean squared error, in the unit of the data.
        r2: 1 - (squared errors) / (squared distances of the actual values from their mean).
        rmse_by_lead: the RMSE of each lead from 1.
        detail: what the forecast reads, for tables.
    """

    mae: float
    rmse: float
    r2: float
    rmse_by_lead: tuple[float, ...]
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The network against another forecast.

    Args:
        skill: 1 - RMSE / RMSE of the other; above 0 where the network is better.
        z: mean difference of squared errors (other minus network) in standard errors that allow for autocorrelation
            (Diebold and Mariano 1995; Newey and West 1987).
    """

    skill: float
    z: float

    @property
    def verdict(self) -> str:
        """Say whether the network is "better", "worse" or "level": without a significant difference."""
        return "better" if self.z > SIGNIFICANT else "worse" if self.z < -SIGNIFICANT else "level"


@dataclass(frozen=True, slots=True)
class TargetScores:
    """The scores of one target on one split.

    Args:
        target: the column.
        count: predicted values, all leads together.
        figures: by kind of forecast, the network first.
        comparisons: of the network with each baseline.
    """

    target: str
    count: int
    figures: Mapping[str, ErrorMetrics]
    comparisons: Mapping[str, Comparison]

    def label(self, kind: str) -> str:
        """Name a kind of forecast, with what it reads."""
        detail = self.figures[kind].detail
        return f"{kind} ({detail})" if detail else kind

    def rows(self) -> list[tuple[str, ...]]:
        """Format name, MAE, RMSE, R2 and skill of the network for each kind of forecast."""
        rows: list[tuple[str, ...]] = []
        for kind, one in self.figures.items():
            skill = "" if kind == NETWORK else f"{100 * self.comparisons[kind].skill:+.1f} %"
            rows.append((self.label(kind), f"{one.mae:.4g}", f"{one.rmse:.4g}", f"{one.r2:.3f}", skill))
        return rows

    def to_dict(self) -> dict[str, Any]:
        """Turn into what ``metrics.json`` holds."""
        return {
            "values": self.count,
            **{name.replace(" ", "_"): asdict(one) for name, one in self.figures.items()},
            "skill": {name.replace(" ", "_"): asdict(one) for name, one in self.comparisons.items()},
        }


def score_target(
    target: str, actual: np.ndarray, forecasts: Mapping[str, np.ndarray], details: Mapping[str, str]
) -> TargetScores | None:
    """Score forecasts on the values that all kinds have; None without any.

    Args:
        target: the column.
        actual: (M, horizon), NaN where a value is missing.
        forecasts: (M, horizon) by kind, the network among them; NaN where there is none.
        details: what some of them read.
    """
    known = ~np.isnan(actual)
    for values in forecasts.values():
        known &= ~np.isnan(values)
    if not known.any():
        return None
    errors = {name: np.where(known, values - actual, np.nan) for name, values in forecasts.items()}
    variance = float(np.nanmean((actual[known] - actual[known].mean()) ** 2))
    figures = {name: _figures(error, variance, details.get(name, "")) for name, error in errors.items()}
    squares = errors[NETWORK] ** 2
    comparisons = {
        name: Comparison(_skill(figures[NETWORK].rmse, figures[name].rmse), standard_errors(error**2 - squares))
        for name, error in errors.items()
        if name != NETWORK
    }
    return TargetScores(target, int(known.sum()), figures, comparisons)


def _figures(error: np.ndarray, variance: float, detail: str) -> ErrorMetrics:
    known = ~np.isnan(error)
    counts = np.maximum(1, known.sum(0))
    by_lead = np.sqrt(np.square(np.where(known, error, 0.0)).sum(0) / counts)
    mean_square = float(np.mean(error[known] ** 2))
    r2 = 1 - mean_square / variance if variance > 0 else math.nan
    return ErrorMetrics(
        float(np.abs(error[known]).mean()), math.sqrt(mean_square), r2, tuple(map(float, by_lead)), detail
    )


def _skill(own: float, other: float) -> float:
    return 1 - own / other if other > 0 else (0.0 if own == 0 else -math.inf)


def standard_errors(differences: np.ndarray) -> float:
    """Divide the mean of differences (M, horizon) by its standard error, which allows for autocorrelation.

    Newey and West 1987, with Bartlett weights up to lag max(horizon, M ** (1/3)).
    """
    rows = differences[~np.isnan(differences).all(1)]
    series = np.nanmean(rows, axis=1)
    count, mean = len(series), float(series.mean())
    if count < 8:
        return 0.0
    centred = series - mean
    variance = float(centred @ centred) / count
    lags = min(count - 1, max(differences.shape[1], round(count ** (1 / 3))))
    for lag in range(1, lags + 1):
        variance += 2 * (1 - lag / (lags + 1)) * float(centred[lag:] @ centred[:-lag]) / count
    error = math.sqrt(max(variance, 0.0) / count)
    return mean / error if error > 0 else 0.0


def verdicts(scores: TargetScores, split: str) -> list[str]:
    """Say in a sentence for each baseline how the network compares, and sum it up."""
    lines = []
    for name, one in scores.comparisons.items():
        size = f"{abs(100 * one.skill):.1f} % {'lower' if one.skill >= 0 else 'higher'}"
        other = scores.label(name)
        verdict = {"better": "beats", "worse": "is beaten by", "level": "is level with"}[one.verdict]
        lines.append(f"{scores.target} on {split}: the network {verdict} {other}: RMSE {size}")
    verdicts = {one.verdict for one in scores.comparisons.values()}
    persistence = scores.comparisons.get(PERSISTENCE)
    if persistence is not None and persistence.verdict != "better":
        lines.append(
            f"{scores.target}: the last value is as good a forecast as any here, as with prices on a market; "
            "do not rely on this model"
        )
    elif verdicts == {"better"}:
        lines.append(f"{scores.target}: the network beats them all")
    return lines


def network_rmse(scores: Mapping[str, Sequence[TargetScores]]) -> dict[str, dict[str, float]]:
    """Collect the network's RMSE by split and target."""
    return {split: {one.target: one.figures[NETWORK].rmse for one in targets} for split, targets in scores.items()}


def scores_to_dict(scores: Mapping[str, Sequence[TargetScores]]) -> dict[str, dict[str, Any]]:
    """Collect all figures by split and target, as ``metrics.json`` holds them."""
    return {split: {one.target: one.to_dict() for one in targets} for split, targets in scores.items()}
