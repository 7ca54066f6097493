"""A network and its opponents on the same values of the same part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tagger.config.forecaster import ForecasterConfig
from tagger.evaluation.forecast_scores import (
    LINEAR,
    LINEAR_INPUTS,
    NETWORK,
    PERSISTENCE,
    SEASONAL,
    TargetScores,
    score_target,
)
from tagger.forecasting.baselines import Autoregression, NormalEquations, choose, persistence, seasonal, seasons
from tagger.forecasting.features import SeriesDataset
from tagger.forecasting.prediction import predict_split
from tagger.forecasting.windows import Part
from tagger.models.networks.series_network import SeriesNetwork


@dataclass(frozen=True, slots=True)
class Baselines:
    """Forecasts without a network; what they look at was chosen on dev, their weights fitted on train.

    Args:
        season: steps of the seasonal naive forecast, or None for none.
        linear: the linear autoregression.
        wider: one that reads the features and the calendar of the last step, too, where there are any.
    """

    season: int | None
    linear: Autoregression
    wider: Autoregression | None

    def forecasts(self, inputs: SeriesDataset, rows: np.ndarray) -> dict[str, np.ndarray]:
        """(M, horizon * targets) by kind, scaled."""
        found = {PERSISTENCE: persistence(inputs, rows)}
        if self.season is not None:
            found[SEASONAL] = seasonal(inputs, rows, self.season)
        found[LINEAR] = self.linear.predict(inputs, rows)
        if self.wider is not None:
            found[LINEAR_INPUTS] = self.wider.predict(inputs, rows)
        return found

    @property
    def details(self) -> dict[str, str]:
        """What they look at, by kind."""
        wider = {} if self.wider is None else {LINEAR_INPUTS: self.wider.name}
        return {SEASONAL: f"{self.season} steps ago", LINEAR: self.linear.name, **wider}


def fit_baselines(inputs: SeriesDataset, parts: Mapping[str, Part], config: ForecasterConfig) -> Baselines:
    """Fit on train; choose lags, further inputs and season on dev (on train where there is no dev)."""
    chosen_on = parts.get("dev") or parts["train"]
    rows, targets = _some_rows(inputs, chosen_on)
    equations = NormalEquations(inputs, parts["train"])
    linear = choose(inputs, equations.candidates(False), rows, targets)
    wider = choose(inputs, equations.candidates(True), rows, targets) if equations.others else None
    tried = (config.data.season,) if config.data.season else seasons(inputs.table, parts["train"].rows)
    errors = {}
    for season in tried:
        differences = seasonal(inputs, rows, season) - targets
        if not np.isnan(differences).all():
            errors[season] = float(np.nanmean(differences**2))
    return Baselines(min(errors, key=lambda season: errors[season]) if errors else None, linear, wider)


def _some_rows(inputs: SeriesDataset, part: Part, most: int = 100_000) -> tuple[np.ndarray, np.ndarray]:
    """Rows (M,) whose next values lie in a part, evenly taken from all, and their scaled targets."""
    firsts = np.maximum(part.starts - 1, inputs.table.offsets[:-1])
    groups = np.flatnonzero(part.ends - 1 > firsts)
    rows = np.concatenate([np.arange(firsts[group], part.ends[group] - 1) for group in groups])
    if len(rows) > most:
        rows = rows[np.linspace(0, len(rows) - 1, most).astype(np.int64)]
    groups = inputs.table.group_of(rows)
    return rows, inputs.wanted(rows[None], part.starts[groups], part.ends[groups])[0].numpy()


def evaluate(
    network: SeriesNetwork, inputs: SeriesDataset, part: Part, opponents: Baselines, config: ForecasterConfig
) -> list[TargetScores]:
    """Scores of every target on one part, in the unit of the data.

    Args:
        network: in evaluation mode, on the CPU.
        inputs: all rows.
        part: what is predicted.
        opponents: the other forecasts.
        config: resolved.
    """
    found = predict_split(network, inputs, part)
    rows = found.rows
    scaled = {NETWORK: found.predicted, **opponents.forecasts(inputs, rows)}
    forecasts = {name: inputs.unscaled(values, rows) for name, values in scaled.items()}
    actual = inputs.unscaled(found.targets, rows)
    scores = [
        score_target(
            target,
            actual[..., number],
            {name: values[..., number] for name, values in forecasts.items()},
            opponents.details,
        )
        for number, target in enumerate(config.data.targets)
    ]
    return [one for one in scores if one is not None]
